// The addon as a backend: what takes effect when, what it refuses, what it keeps. What the kernels compute is the
// conformance tests' business.

import { afterAll, describe, expect, it } from "vitest";
import * as attributes from "../../../src/backend/attributes.js";
import type { KernelCall, Operand, Storage } from "../../../src/backend/backend.js";
import { setBackend } from "../../../src/backend/current.js";
import type { Attributes, KernelName } from "../../../src/backend/kernels.js";
import { nativeProblem } from "../../../src/backend/native/addon.js";
import { createNativeBackend } from "../../../src/backend/native/native-backend.js";
import type { NativeBackend } from "../../../src/backend/native/native-backend.js";
import { Value } from "../../../src/backend/program-types.js";
import type { Program } from "../../../src/backend/program-types.js";
import { empty } from "../../../src/tensor/tensor.js";

const problem = nativeProblem();

function call<K extends KernelName>(
  kernel: K,
  inputs: [Storage, number[]][],
  output: [Storage, number[]],
  attributes: Attributes[K],
): KernelCall {
  const operand = ([storage, shape]: [Storage, number[]]): Operand => ({ storage, shape });
  return { kernel, inputs: inputs.map(operand), outputs: [operand(output)], attributes } as KernelCall;
}

describe.skipIf(problem !== undefined)(problem ?? "the native backend", () => {
  const backend: NativeBackend = problem === undefined ? createNativeBackend() : (undefined as never);
  afterAll(() => backend.close());

  const storageOf = (numbers: number[]): Storage => {
    const storage = backend.allocate(numbers.length);
    backend.write(storage, numbers);
    return storage;
  };
  const program = (calls: KernelCall[], more: Partial<Program> = {}): Program => ({
    calls,
    frozen: new Set(),
    constants: [],
    arenaLength: 64,
    ...more,
  });
  /** y = 2 x as a program with a temporary between. */
  const doubling = (x: Storage, y: Storage, length: number): Program => {
    const [boundX, temporary, boundY] = [
      new Value(0, length, x),
      new Value(1, length),
      new Value(2, length, y),
    ];
    temporary.offset = 0;
    return program(
      [
        call("unary", [[boundX, [length]]], [temporary, [length]], { function: "linear" }),
        call("binary", [[temporary, [length]], [boundX, [length]]], [boundY, [length]], { function: "add" }), // prettier-ignore
      ],
      { arenaLength: length },
    );
  };

  it("copies in and out", async () => {
    const storage = storageOf([1, -2, 3.5]);
    expect([...(await backend.read(storage))]).toEqual([1, -2, 3.5]);
    backend.release(storage);
    const empty = backend.allocate(0);
    expect(await backend.read(empty)).toHaveLength(0);
    backend.release(empty);
  });

  it("reads into an array it is given, while replays are pending too", async () => {
    const length = 100_000;
    const [x, y] = [backend.allocate(length), backend.allocate(length)];
    const executable = backend.compile(doubling(x, y, length));
    const into = new Float32Array(length);
    backend.write(x, new Float32Array(length).fill(3));
    const replay = executable.run();
    expect(await backend.read(y, into)).toBe(into);
    expect(into.every((value) => value === 6)).toBe(true);
    await replay;
    expect(await backend.read(x, into)).toBe(into);
    expect(into.every((value) => value === 3)).toBe(true);
    await expect(backend.read(x, new Float32Array(3))).rejects.toThrow(/into an array of 3/);
    executable.dispose();
    backend.release(x);
    backend.release(y);
  });

  it.each([0, 1, 5000, 3_000_001])("makes new arrays of %i zeros", (length) => {
    const made = backend.newArray(length);
    expect(made).toHaveLength(length);
    expect(made.every((value) => value === 0)).toBe(true);
  });

  it("refuses arrays that are too long", () => {
    expect(() => backend.newArray(2 ** 40)).toThrow(RangeError);
  });

  it("lets what was asked for first take effect first, whether it was awaited or not", async () => {
    const length = 100_000;
    const x = backend.allocate(length);
    const y = backend.allocate(length);
    const executable = backend.compile(doubling(x, y, length));
    const reads: Promise<Float32Array>[] = [];
    const replays: Promise<void>[] = [];
    for (let i = 1; i <= 5; i++) {
      backend.write(x, new Float32Array(length).fill(i));
      replays.push(executable.run());
      reads.push(backend.read(y));
    }
    const seen = (await Promise.all(reads)).map((numbers) => [numbers[0], numbers[length - 1]]);
    expect(seen).toEqual([2, 4, 6, 8, 10].map((expected) => [expected, expected]));
    await Promise.all(replays);
    executable.dispose();
    backend.release(x);
    backend.release(y);
  });

  it("leaves the event loop free during a replay", async () => {
    const size = 1024;
    const a = new Value(0, size * size, backend.allocate(size * size));
    const b = new Value(1, size * size, backend.allocate(size * size));
    backend.write(a.storage!, new Float32Array(size * size));
    const product = call("matmul", [[a, [1, size, size]], [a, [1, size, size]]], [b, [1, size, size]], {}); // prettier-ignore
    const executable = backend.compile(program([product, product, product, product]));
    let finished = false;
    const replay = executable.run().then(() => (finished = true));
    let turns = 0;
    while (!finished && turns < 3) {
      await new Promise((resolve) => setImmediate(resolve));
      turns++;
    }
    await replay;
    expect(turns).toBe(3);
    executable.dispose();
    backend.release(a.storage!);
    backend.release(b.storage!);
  });

  it("notices that frozen weights were written to all the same", async () => {
    const [m, k, n] = [3, 40, 50];
    const x = new Value(0, m * k, storageOf(new Array<number>(m * k).fill(1)));
    const w = new Value(1, k * n, storageOf(new Array<number>(k * n).fill(1)));
    const y = new Value(2, m * n, backend.allocate(m * n));
    const product = call("matmul", [[x, [1, m, k]], [w, [1, k, n]]], [y, [1, m, n]], {}); // prettier-ignore
    const executable = backend.compile(program([product], { frozen: new Set([w]) }));
    const result = async (): Promise<number> => {
      await executable.run();
      return (await backend.read(y.storage!))[m * n - 1];
    };
    expect([await result(), await result()]).toEqual([k, k]);
    backend.write(w.storage!, new Array<number>(k * n).fill(2));
    expect(await result()).toBe(2 * k);
    backend.run(call("fill", [], [w.storage!, [k * n]], { value: 3 }));
    expect(await result()).toBe(3 * k);
    const refill = backend.compile(program([call("fill", [], [w, [k * n]], { value: 4 })]));
    await refill.run();
    expect(await result()).toBe(4 * k);
    for (const made of [executable, refill]) made.dispose();
    for (const { storage } of [x, w, y]) backend.release(storage!);
  });

  it("keeps its memory flat over a hundred steps", async () => {
    const x = storageOf(new Array<number>(1000).fill(1));
    const y = backend.allocate(1000);
    const executable = backend.compile(doubling(x, y, 1000));
    const step = async (): Promise<void> => {
      const scratch = backend.allocate(5000);
      backend.run(call("fill", [], [scratch, [5000]], { value: 1 }));
      await executable.run();
      backend.release(scratch);
    };
    await step();
    const before = backend.memory();
    for (let i = 0; i < 100; i++) await step();
    expect(backend.memory()).toEqual(before);
    executable.dispose();
    backend.release(x);
    backend.release(y);
    expect(backend.memory().buffers).toBe(before.buffers - 3);
  });

  it("refuses storages that are gone, foreign or too small, and the process lives on", async () => {
    const x = storageOf([1, 2, 3]);
    const y = backend.allocate(3);
    const executable = backend.compile(doubling(x, y, 3));
    const doubled = call("unary", [[x, [3]]], [y, [3]], { function: "square" });
    expect(() => backend.run(call("unary", [[x, [4]]], [y, [4]], { function: "square" }))).toThrow(
      /shape \[4\]/,
    );
    expect(() => backend.write(x, [1])).toThrow(/1 values into a storage of 3/);
    expect(() => backend.view(x, 64, 1)).toThrow(/view/);
    expect(() => backend.run({ ...doubled, variant: "fastest" })).toThrow(/no variant "fastest"/);
    expect(() => backend.release({ length: 3 })).toThrow(/not live/);
    const window = backend.view(x, 0, 2);
    backend.release(x);
    expect(() => backend.release(x)).toThrow(/not live/);
    expect(() => backend.run(doubled)).toThrow(/released/);
    await expect(backend.read(x)).rejects.toThrow(/released/);
    await expect(backend.read(window)).rejects.toThrow(/released/);
    await expect(executable.run()).rejects.toThrow(/released/);
    executable.dispose();
    await expect(executable.run()).rejects.toThrow(/disposed/);
    backend.release(y);
  });

  it("names the size that it cannot allocate", () => {
    expect(() => backend.allocate(2 ** 45)).toThrow(/cannot allocate \d+ MB/);
    expect(() => backend.allocate(-1)).toThrow(RangeError);
    expect(() => backend.allocate(1.5)).toThrow(RangeError);
  });

  it("sums long rows of products in parts: 1e7 of 0.1 in one chain of floats are 6e-3 off", async () => {
    for (const [m, k] of [
      [1, 10_000_000],
      [4, 1_000_000],
      [3, 4096 * 3 + 5],
    ]) {
      const [a, b, y] = [m * k, k * m, m * m].map((length) => backend.allocate(length));
      backend.run(call("fill", [], [a, [m * k]], { value: 0.1 }));
      backend.run(call("fill", [], [b, [k * m]], { value: 1 }));
      const inputs: [Storage, number[]][] = [[a, [1, m, k]], [b, [1, k, m]]]; // prettier-ignore
      backend.run(call("matmul", inputs, [y, [1, m, m]], {}));
      const expected = Math.fround(0.1) * k;
      for (const sum of await backend.read(y)) expect(Math.abs(sum / expected - 1)).toBeLessThan(5e-6);
      for (const storage of [a, b, y]) backend.release(storage);
    }
  });

  it("tells the garbage collector how much memory it holds, so that lost tensors are found in time", async () => {
    setBackend(backend);
    let most = 0;
    for (let i = 0; i < 400; i++) {
      empty([2_000_000]); // 8 MB, 3.2 GB in all
      await new Promise((resume) => setImmediate(resume));
      most = Math.max(most, backend.memory().bytes);
    }
    expect(most).toBeLessThan(1_000_000_000);
  });

  it("numbers scalar functions and activations as attributes.ts does", () => {
    const { unaryFunctions, binaryFunctions } = backend.info();
    const spelt = (names: readonly string[]) => names.map((name) => name[0].toUpperCase() + name.slice(1));
    expect(unaryFunctions).toEqual(spelt(attributes.unaryFunctions));
    expect(binaryFunctions).toEqual(spelt(attributes.binaryFunctions));
    const first = attributes.unaryFunctions.slice(0, attributes.epilogueActivations.length);
    expect(attributes.epilogueActivations).toEqual(first);
  });

  it("measures the machine", () => {
    const { isa, isas, cores, threads } = backend.info();
    expect(isas).toContain(isa);
    expect(cores).toBeGreaterThanOrEqual(1);
    expect(threads).toBeGreaterThanOrEqual(1);
    expect(backend.peakFlops(1, 0.01)).toBeGreaterThan(1e8);
  });
});
