// The WebAssembly backend: how it begins and ends, what it refuses, and that it is in order after a failure. What the kernels compute is
// the conformance tests' business.

import { describe, expect, it } from "vitest";
import { withBackend } from "../../../src/backend/current.js";
import { ReferenceBackend } from "../../../src/backend/reference/reference-backend.js";
import { nodeSurroundings, wasmProblem } from "../../../src/backend/wasm/surroundings-node.js";
import type { PoolWorker, Surroundings } from "../../../src/backend/wasm/surroundings.js";
import { createWasmBackend } from "../../../src/backend/wasm/wasm-backend.js";
import { matMul } from "../../../src/ops/index.js";
import { tensor } from "../../../src/tensor/tensor.js";

const problem = wasmProblem();

describe.skipIf(problem !== undefined)(problem ?? "the WebAssembly backend", () => {
  const open = (threads: number, surroundings: Surroundings = nodeSurroundings) =>
    createWasmBackend(surroundings, { threads });

  it("takes no more threads than it was opened with, and ends them", async () => {
    const backend = await open(3);
    expect(backend.info().threads).toBe(3);
    backend.setThreads(2);
    expect(backend.info().threads).toBe(2);
    backend.setThreads(8);
    expect(backend.info().threads).toBe(3);
    expect(() => backend.setThreads(0)).toThrow(/at least 1/);
    await backend.close();
  });

  it("works with the workers that start, and waits for none that does not", async () => {
    let asked = 0;
    const silent: PoolWorker = { post() {}, onReply: (listener) => listener("no"), terminate() {} };
    const startWorker = (): PoolWorker => {
      if (++asked === 1) throw new Error("forbidden");
      return asked === 2 ? silent : nodeSurroundings.startWorker();
    };
    const backend = await open(4, { ...nodeSurroundings, startWorker });
    // The one that started is thread 3 of the four: nobody else's number is free for it.
    expect(asked).toBe(3);
    const [a, b] = [new Float32Array(300 * 200).fill(2), new Float32Array(200 * 100).fill(3)];
    const product = withBackend(backend, () => matMul(tensor(a, [300, 200]), tensor(b, [200, 100])));
    const values = await product.data();
    expect(values.every((value: number) => value === 1200)).toBe(true);
    await backend.close();
  });

  it("takes the next module where the best one is missing or broken, and says which is missing where all are", async () => {
    const asked: string[] = [];
    const without = (...missing: string[]): Surroundings => ({
      ...nodeSurroundings,
      async read(name) {
        asked.push(name);
        if (missing.includes(name)) throw new Error(`${name} is not there`);
        return name === "simd-threads" ? new Uint8Array([0, 1, 2]) : nodeSurroundings.read(name);
      },
    });
    const backend = await open(2, without("relaxed-simd-threads"));
    expect(asked.at(-1)).toBe("simd");
    expect(backend.info().threads).toBe(1);
    await backend.close();
    await expect(open(1, without("simd"))).rejects.toThrow("simd is not there");
  });

  it("refuses what it cannot hold, and computes on", async () => {
    const backend = await open(1);
    expect(() => backend.allocate(2 ** 30)).toThrow(/4 GB in all/);
    const kept = backend.allocate(1000);
    expect(() => {
      for (;;) backend.allocate(2 ** 27);
    }).toThrow(/cannot allocate 536 MB/);
    backend.write(kept, new Float32Array(1000).fill(7));
    expect((await backend.read(kept)).every((value) => value === 7)).toBe(true);
    await backend.close();
    expect(backend.memory()).toMatchObject({ buffers: 0, bytes: 0 });
  });

  it("says what is wrong in JavaScript's errors, in order afterwards", async () => {
    const backend = await open(2);
    const storage = backend.allocate(64);
    const shape = new Array<number>(33).fill(1);
    const operand = { storage, shape };
    const deep = {
      kernel: "reduce",
      inputs: [operand],
      outputs: [{ storage, shape: [1] }],
      attributes: { function: "sum", axes: [0] },
    } as const;
    for (let i = 0; i < 1000; i++) expect(() => backend.run(deep)).toThrow(/more than 32 axes/);
    backend.write(storage, new Float32Array(64).fill(1));
    backend.run({ ...deep, inputs: [{ storage, shape: [64] }] });
    expect((await backend.read(storage))[0]).toBe(64);
    await backend.close();
  });

  it("refuses another backend's tensors, its own kind's included", async () => {
    const [one, other] = [await open(1), await open(1)];
    const there = other.allocate(4);
    expect(() => one.write(there, [1, 2, 3, 4])).toThrow(/made on another backend is used on wasm/);
    const elsewhere = new ReferenceBackend({ precision: "float32" }).allocate(4);
    expect(() => one.write(elsewhere, [1, 2, 3, 4])).toThrow(/made on another backend/);
    await one.close();
    await other.close();
  });
});
