// The package as it is installed: where the addon comes from, and what is said, once, where there is none. The package itself is
// packed and installed by scripts/check-package.sh; here it is a folder with the same files in the same places.

import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { nativeProblem } from "../../src/backend/native/addon.js";
import { jsonLines, temporaryFolder } from "./fovea.js";

const checkout = fileURLToPath(new URL("../..", import.meta.url));
const built = process.env.FOVEA_ADDON ?? path.join(checkout, "build/Release/fovea.node");
let folder: string;
const inside = (...names: string[]): string => path.join(folder, "node_modules", "fovea", ...names);
const prebuilt = (): string => inside("prebuilds", `${process.platform}-${process.arch}`, "fovea.node");

beforeAll(() => {
  folder = temporaryFolder();
  for (const name of ["dist", "package.json", "CMakeLists.txt", "native", "scripts/build-addon.mjs"])
    fs.cpSync(path.join(checkout, name), inside(name), { recursive: true });
  fs.symlinkSync(path.join(checkout, "node_modules"), inside("node_modules"), "dir");
});
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

/** Runs Node in the installed package, with nothing on PATH. */
function node(...args: string[]) {
  const env = { ...process.env, PATH: folder, FOVEA_ADDON: undefined };
  return spawnSync(process.execPath, args, { cwd: inside(), encoding: "utf8", env });
}
const native = (stdout: string) => jsonLines(stdout).find(({ part }) => part === "native");
const doctor = () => native(node("dist/cli/main.js", "doctor", "--json").stdout);

it("says in one line, once, that plain TypeScript computes, and what would mend it", () => {
  const { stdout, stderr } = node(
    "--input-type=module",
    "--eval",
    `import { useBackend } from "./dist/index.js";
     for (let i = 0; i < 2; i++) console.log((await useBackend("auto")).name);`,
  );
  expect(stdout).toBe("reference\nreference\n");
  expect(stderr).toBe(
    `fovea: there is no native addon for ${process.platform}-${process.arch}; run: npx fovea build-addon. ` +
      "Until then plain TypeScript computes, many times more slowly.\n",
  );
  expect(doctor()).toMatchObject({ works: false, remedy: expect.stringContaining("npx fovea build-addon") });
});

it("build-addon names what it lacks", () => {
  const { status, stdout, stderr } = node("dist/cli/main.js", "build-addon");
  expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
  expect(stderr).toMatch(/^fovea: no native addon was built, not found: cmake.*npx fovea build-addon\)\n$/);
});

it("loads the prebuilt addon, and one that was built here before it", (context) => {
  const problem = nativeProblem();
  if (problem !== undefined) return context.skip(problem);
  fs.mkdirSync(path.dirname(prebuilt()), { recursive: true });
  fs.copyFileSync(built, prebuilt());
  expect(doctor()).toMatchObject({ works: true, details: { addon: "prebuilt" } });
  fs.mkdirSync(inside("build", "Release"), { recursive: true });
  fs.copyFileSync(built, inside("build", "Release", "fovea.node"));
  expect(doctor()).toMatchObject({ works: true, details: { addon: "built here" } });
});
