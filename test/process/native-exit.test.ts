// A process that used the addon ends by itself with code 0: with its threads asleep, and with a replay still pending.

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { nativeProblem } from "../../src/backend/native/addon.js";

const problem = nativeProblem();
const path =
  process.env.FOVEA_ADDON ?? fileURLToPath(new URL("../../build/Release/fovea.node", import.meta.url));

/** Replays a product of two 512 x 512 matrices on two threads; `replay` is a promise. */
const script = (end: string): string => `
  const addon = require(${JSON.stringify(path)});
  addon.setThreads(2);
  const size = 512, elements = size * size;
  const [a, y] = [addon.allocate(elements), addon.allocate(elements)];
  addon.write(a, new Float32Array(elements).fill(1));
  const operands = [a, elements, a, elements, y, elements];
  const numbers = [1, 1, 1, size, size, size, 0, 0, 0, 0, 0, 0, -1];
  const kernel = addon.info().kernels.indexOf("matmul");
  const program = addon.createProgram(Float64Array.of(1, kernel, 3, 1, numbers.length, 0, ...operands, ...numbers));
  const replay = addon.replay(program);
  ${end}`;

const run = (end: string) =>
  spawnSync(process.execPath, ["-e", script(end)], { encoding: "utf8", timeout: 60_000 });

describe.skipIf(problem !== undefined)(problem ?? "a process that used the addon", () => {
  it("ends by itself after a replay", () => {
    const ended = run("replay.then(() => console.log(addon.read(y, new Float32Array(elements), false)[0]));");
    expect([ended.status, ended.signal, ended.stderr, ended.stdout]).toEqual([0, null, "", "512\n"]);
  });

  it("ends by itself with nobody waiting for the replay", () => {
    const ended = run("");
    expect([ended.status, ended.signal, ended.stderr]).toEqual([0, null, ""]);
  });

  it("ends when it is told to while replays are pending", () => {
    const ended = run("for (let i = 0; i < 3; i++) addon.replay(program); process.exit(0);");
    expect([ended.status, ended.signal, ended.stderr]).toEqual([0, null, ""]);
  });
});
