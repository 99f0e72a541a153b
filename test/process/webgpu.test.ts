// Processes that use the GPU end by themselves with code 0, closed or not, and opening again and again leaves memory flat.

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { createWebgpuBackend } from "../../src/backend/webgpu/backend.js";
import { openOrSkip } from "../conformance/opened.js";

const { backend, reason } = await openOrSkip("FOVEA_REQUIRE_WEBGPU", () => createWebgpuBackend());
await backend?.close();

const built = new URL("../../dist/backend/webgpu/backend.js", import.meta.url);

function run(script: string, seconds: number) {
  const text = `
    import { createWebgpuBackend } from ${JSON.stringify(built.href)};
    const use = async (backend) => {
      const shape = [1000];
      const [x, y] = [backend.allocate(1000), backend.allocate(1000)];
      backend.write(x, new Float32Array(1000).fill(3));
      const operands = { inputs: [{ storage: x, shape }], outputs: [{ storage: y, shape }] };
      backend.run({ kernel: "unary", ...operands, attributes: { function: "square" } });
      const values = await backend.read(y);
      if (values[999] !== 9) throw new Error("wrong result");
    };
    ${script}`;
  const args = ["--expose-gc", "--input-type=module", "--eval", text];
  const cwd = fileURLToPath(new URL("../..", import.meta.url));
  return spawnSync(process.execPath, args, { cwd, encoding: "utf8", timeout: seconds * 1000 });
}

describe.skipIf(reason)(reason ?? "a process that uses the GPU", () => {
  it.each([
    ["closed", "await backend.close();"],
    ["not closed", ""],
    ["not closed and still referenced", "globalThis.kept = backend;"],
    ["lost", "backend.device.destroy(); await backend.read(backend.kept).catch(() => undefined);"],
  ])("ends with code 0 when the backend is %s", (_, end) => {
    const prepare = "const backend = await createWebgpuBackend(); backend.kept = backend.allocate(4);";
    const { status, signal, stdout } = run(
      `${prepare} await use(backend); ${end} console.log("last line");`,
      60,
    );
    expect({ status, signal, stdout }).toEqual({ status: 0, signal: null, stdout: "last line\n" });
  });

  it("keeps its memory over 200 times opening and closing", () => {
    const { status, stdout, stderr } = run(
      `const megabytes = [];
       for (let i = 1; i <= 200; i++) {
         const backend = await createWebgpuBackend();
         await use(backend);
         await backend.close();
         if (i % 20 !== 0) continue;
         globalThis.gc();
         await new Promise((resume) => setTimeout(resume, 50));
         megabytes.push(process.memoryUsage().rss / 2 ** 20);
       }
       console.log(JSON.stringify(megabytes));`,
      280,
    );
    expect(stderr.replaceAll(/^Warning: .*$/gm, "").trim()).toBe("");
    expect(status).toBe(0);
    const megabytes = JSON.parse(stdout) as number[];
    // Drivers fill caches of their own at first; from half-way on nothing may be added.
    expect(megabytes[9] - megabytes[4]).toBeLessThan(25);
  }, 300_000);
});
