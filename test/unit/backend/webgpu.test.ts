// The WebGPU backend beyond its kernels (those are in test/conformance): memory, order, limits, faults, replay, tuning.

import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { KernelCall, Operand, Storage } from "../../../src/backend/backend.js";
import { UserError } from "../../../src/base/errors.js";
import type { Program } from "../../../src/backend/program-types.js";
import { Value } from "../../../src/backend/program-types.js";
import type { WebgpuOptions } from "../../../src/backend/webgpu/backend.js";
import { createWebgpuBackend } from "../../../src/backend/webgpu/backend.js";
import { sizeClass } from "../../../src/backend/webgpu/buffers.js";
import { Params } from "../../../src/backend/webgpu/dispatch.js";
import { DeviceLostError, ShaderError } from "../../../src/backend/webgpu/faults.js";
import { FileStore } from "../../../src/backend/webgpu/variant-store-node.js";
import { MemoryStore } from "../../../src/backend/webgpu/variant-store.js";
import { openOrSkip } from "../../conformance/opened.js";

const { backend: opened, reason } = await openOrSkip("FOVEA_REQUIRE_WEBGPU", () => createWebgpuBackend());

describe.skipIf(reason)(reason ?? "the WebGPU backend", () => {
  const backend = opened!;
  afterAll(() => backend.close());

  const operand = (storage: Storage, ...shape: number[]): Operand => ({ storage, shape });
  const filled = (length: number, value: number): Storage => {
    const storage = backend.allocate(length);
    backend.write(storage, new Float32Array(length).fill(value));
    return storage;
  };
  const square = (x: Storage, y: Storage): KernelCall<"unary"> => ({
    kernel: "unary",
    inputs: [operand(x, x.length)],
    outputs: [operand(y, y.length)],
    attributes: { function: "square" },
  });

  it("keeps writes and kernels in order", async () => {
    const x = filled(100, 3);
    const y = backend.allocate(100);
    backend.run(square(x, y));
    backend.write(x, new Float32Array(100).fill(5)); // must not overtake the kernel
    expect((await backend.read(y))[99]).toBe(9);
    expect((await backend.read(x))[99]).toBe(5);
    [x, y].forEach((storage) => backend.release(storage));
  });

  it("reads and writes different windows of one buffer in one kernel", async () => {
    const whole = filled(128, 4);
    backend.run(square(backend.view(whole, 0, 64), backend.view(whole, 64, 64)));
    const values = await backend.read(whole);
    expect([values[0], values[63], values[64], values[127]]).toEqual([4, 4, 16, 16]);
    const into = new Float32Array(128);
    expect(await backend.read(whole, into)).toBe(into);
    expect(into).toEqual(values);
    backend.release(whole);
  });

  it("folds more than 65,535 workgroups into two dimensions", async () => {
    const length = 65_535 * 256 + 300;
    const y = backend.allocate(length);
    backend.run({ kernel: "fill", inputs: [], outputs: [operand(y, length)], attributes: { value: 7 } });
    const values = await backend.read(y);
    expect(values.every((value) => value === 7)).toBe(true);
    backend.release(y);
  });

  it("names the limit that a tensor exceeds", () => {
    const { maxStorageBufferBindingSize, maxBufferSize } = backend.device.limits;
    const name =
      maxBufferSize < maxStorageBufferBindingSize ? "maxBufferSize" : "maxStorageBufferBindingSize";
    const tooMany = Math.min(maxBufferSize, maxStorageBufferBindingSize) / 4 + 1;
    expect(() => backend.allocate(tooMany)).toThrow(UserError);
    expect(() => backend.allocate(tooMany)).toThrow(new RegExp(`${name} is \\d+`));
  });

  it("refuses variants that do not exist or do not serve, by name", () => {
    const [a, b, y] = [filled(9, 1), filled(9, 1), backend.allocate(9)];
    const call = (variant: string): KernelCall<"matmul"> => ({
      kernel: "matmul",
      inputs: [operand(a, 1, 3, 3), operand(b, 1, 3, 3)],
      outputs: [operand(y, 1, 3, 3)],
      attributes: {},
      variant,
    });
    expect(() => backend.run(call("quantum"))).toThrow(/matmul has no variant "quantum".*naive/);
    expect(() => backend.run(call("vec4"))).toThrow(/"vec4" of matmul does not serve \[1, 3, 3\]/);
    [a, b, y].forEach((storage) => backend.release(storage));
  });

  it("keeps memory flat over a hundred steps, and trims", async () => {
    const step = async () => {
      const x = filled(1000, 2);
      const y = backend.allocate(1000);
      backend.run(square(x, y));
      await backend.read(y);
      [x, y].forEach((storage) => backend.release(storage));
    };
    for (let i = 0; i < 3; i++) await step();
    await backend.finish();
    const before = backend.memory();
    for (let i = 0; i < 100; i++) await step();
    await backend.finish();
    expect(backend.memory()).toEqual(before);
    backend.trim();
    expect(backend.memory()).toEqual({ ...before, pooledBytes: 0 });
  });

  it("replays a program whose temporaries share buffers", async () => {
    const x = filled(64, 2);
    const y = backend.allocate(64);
    const before = backend.memory().buffers;
    const [input, output] = [new Value(0, 64, x), new Value(1, 64, y)];
    const temporaries = [2, 3, 4].map((id) => new Value(id, 64));
    const chain = [input, ...temporaries, output];
    const calls = chain.slice(1).map((value, i) => square(chain[i], value));
    const program: Program = { calls, frozen: new Set(), constants: [], arenaLength: 192 };
    const executable = backend.compile(program);
    expect(backend.memory().buffers - before).toBe(2); // the third temporary lives where the first did
    for (const start of [1, 1.5, -1]) {
      backend.write(x, new Float32Array(64).fill(start));
      await executable.run();
      expect((await backend.read(y))[63]).toBe(Math.fround(start ** 16));
    }
    executable.dispose();
    expect(backend.memory().buffers).toBe(before);
    [x, y].forEach((storage) => backend.release(storage));
  });

  it("shows the numbered source of a shader that does not compile, and goes on", async () => {
    const y = backend.allocate(4);
    const source = "@compute @workgroup_size(1)\nfn main() {\n  let x = missing;\n}\n";
    backend.commands.encode([
      { shader: "test/broken", source, reads: [], writes: [y], params: new Params(), groups: 1 },
    ]);
    const error = await backend.finish().then(
      () => undefined,
      (thrown: Error) => thrown,
    );
    expect(error).toBeInstanceOf(ShaderError);
    expect(error?.message).toContain("test/broken does not compile");
    expect(error?.message).toMatch(/error at 3:11: .*missing/);
    expect(error?.message).toMatch(/^> {3}3 {3}let x = missing;$/m);
    const x = filled(4, 6);
    backend.run(square(x, y));
    expect((await backend.read(y))[0]).toBe(36);
    [x, y].forEach((storage) => backend.release(storage));
  });

  it("rejects pending reads when the device is lost, and can be opened again", async () => {
    const lost = await createWebgpuBackend();
    const x = lost.allocate(1000);
    lost.write(x, new Float32Array(1000));
    const reading = lost.read(x);
    const finishing = lost.finish();
    lost.device.destroy();
    const outcomes = await Promise.allSettled([reading, finishing, lost.device.lost]);
    for (const outcome of outcomes.slice(0, 2))
      if (outcome.status === "rejected") expect(outcome.reason).toBeInstanceOf(DeviceLostError);
    expect(outcomes.slice(0, 2).some(({ status }) => status === "rejected")).toBe(true);
    await expect(lost.read(x)).rejects.toBeInstanceOf(DeviceLostError);
    expect(() => lost.allocate(1)).toThrow(DeviceLostError);
    await lost.close();

    const again = await createWebgpuBackend();
    const y = again.allocate(10);
    again.write(y, new Float32Array(10).fill(8));
    expect((await again.read(y))[9]).toBe(8);
    await again.close();
  });

  it("opens on a GPU object that the caller gives, as a browser does", async () => {
    const { openDawn } = await import("../../../src/backend/webgpu/dawn.js");
    const given = await createWebgpuBackend({ gpu: await openDawn() });
    expect(given.adapter.name).toBe(backend.adapter.name);
    await given.close();
    const { navigator } = globalThis as { navigator?: object };
    expect(navigator && "gpu" in navigator).toBeFalsy();
  });

  it("times work on the device and on the wall", async () => {
    const x = filled(2 ** 16, 2);
    const y = backend.allocate(2 ** 16);
    const { deviceSeconds, wallSeconds } = await backend.time(() => backend.run(square(x, y)));
    expect(wallSeconds).toBeGreaterThan(0);
    if (backend.device.features.has("timestamp-query")) expect(deviceSeconds).toBeGreaterThan(0);
    else expect(deviceSeconds).toBeUndefined();
    [x, y].forEach((storage) => backend.release(storage));
  });

  it("measures its peak", async () => {
    const { flopsPerSecond, bytesPerSecond } = await backend.peak();
    expect(flopsPerSecond).toBeGreaterThan(1e6);
    expect(bytesPerSecond).toBeGreaterThan(1e6);
  });

  it("chooses a variant by measurement and remembers it", async () => {
    const store = new MemoryStore();
    const options: WebgpuOptions = { tune: true, store };
    const tuned = await createWebgpuBackend(options);
    const [a, b, y] = [tuned.allocate(15), tuned.allocate(15), tuned.allocate(9)];
    const call: KernelCall<"matmul"> = {
      kernel: "matmul",
      inputs: [operand(a, 1, 3, 5), operand(b, 1, 5, 3)],
      outputs: [operand(y, 1, 3, 3)],
      attributes: {},
    };
    tuned.write(a, new Float32Array(15).fill(1));
    tuned.write(b, new Float32Array(15).fill(2));
    expect(tuned.defaultVariant(call)).toBeUndefined(); // not measured yet
    tuned.run(call);
    expect((await tuned.read(y))[8]).toBe(10);
    const chosen = tuned.defaultVariant(call);
    expect(["naive", "tiled", "registers"]).toContain(chosen);
    await tuned.close();

    const later = await createWebgpuBackend(options);
    expect(later.defaultVariant(call)).toBe(chosen);
    await later.close();
  });
});

describe("what the WebGPU backend does without a GPU", () => {
  it("remembers choices in a file, and measures anew when it is damaged", async () => {
    const folder = await mkdtemp(join(tmpdir(), "fovea-variants-"));
    try {
      const store = new FileStore(folder);
      expect(await store.load("an adapter")).toEqual({});
      await store.save("an adapter", { "matmul 1x8x8x8 nn": "tiled" });
      expect(await store.load("an adapter")).toEqual({ "matmul 1x8x8x8 nn": "tiled" });
      expect(await store.load("another")).toEqual({});
      const [file] = await readdir(folder);
      await writeFile(join(folder, file), "{ damaged");
      expect(await store.load("an adapter")).toEqual({});
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it.each([1, 255, 256, 257, 1000, 5000, 70_000, 1_000_001])("sizes a buffer for %d bytes", (bytes) => {
    const size = sizeClass(bytes);
    expect(size).toBeGreaterThanOrEqual(bytes);
    expect(size % 256).toBe(0);
    expect(size).toBeLessThanOrEqual(Math.max(256 * Math.ceil(bytes / 256), 1.25 * bytes));
    expect(sizeClass(size)).toBe(size);
  });
});
