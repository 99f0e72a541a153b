// The reference backend's storages. What its kernels compute is for test/golden and test/conformance.

import { beforeEach, describe, expect, it } from "vitest";
import { gradientFromOutput } from "../../../src/backend/kernels.js";
import type { UnaryFunction } from "../../../src/backend/kernels.js";
import { unaryFunctions } from "../../../src/backend/reference/functions.js";
import { ReferenceBackend } from "../../../src/backend/reference/reference-backend.js";

let backend: ReferenceBackend;
beforeEach(() => {
  backend = new ReferenceBackend({ precision: "float64" });
});

describe("storages", () => {
  it("are of the backend's precision, and NaN until something is written", async () => {
    const storage = backend.allocate(2);
    expect([...(await backend.read(storage))]).toEqual([NaN, NaN]);
    backend.write(storage, [0.1, 0.2]);
    expect([...(await backend.read(storage))]).toEqual([0.1, 0.2]);

    const single = new ReferenceBackend({ precision: "float32" });
    const rounded = single.allocate(1);
    single.write(rounded, [0.1]);
    expect((await single.read(rounded))[0]).toBe(Math.fround(0.1));
  });

  it("are read as copies", async () => {
    const storage = backend.allocate(1);
    backend.write(storage, [1]);
    const copy = await backend.read(storage);
    copy[0] = 2;
    expect((await backend.read(storage))[0]).toBe(1);
    const into = new Float32Array(1);
    expect(await backend.read(storage, into)).toBe(into);
    expect(into[0]).toBe(1);
  });

  it("may be empty, and are counted until they are released", async () => {
    const [empty, full] = [backend.allocate(0), backend.allocate(3)];
    expect((await backend.read(empty)).length).toBe(0);
    expect(backend.memory()).toEqual({ buffers: 2, bytes: 24, pooledBytes: 0 });
    backend.release(empty);
    backend.release(full);
    expect(backend.memory()).toEqual({ buffers: 0, bytes: 0, pooledBytes: 0 });
  });

  it("have views that share their numbers and are not counted", async () => {
    const storage = backend.allocate(200);
    const view = backend.view(storage, 64, 3);
    backend.write(view, [1, 2, 3]);
    expect([...(await backend.read(storage)).subarray(64, 67)]).toEqual([1, 2, 3]);
    expect(backend.memory().buffers).toBe(1);
    expect(() => backend.view(storage, 32, 1)).toThrow(/view/);
    expect(() => backend.view(storage, 128, 73)).toThrow(/view/);
  });

  it("refuse misuse", async () => {
    const storage = backend.allocate(4);
    expect(() => backend.write(storage, [1])).toThrow(/1 values into a storage of 4/);
    const view = backend.view(storage, 0, 2);
    expect(() => backend.release(view)).toThrow(/view/);
    const big = { storage, shape: [5] };
    expect(() =>
      backend.run({ kernel: "fill", inputs: [], outputs: [big], attributes: { value: 0 } }),
    ).toThrow(/\[5\]/);
    backend.release(storage);
    expect(() => backend.release(storage)).toThrow(/released/);
    expect(() => backend.write(view, [1, 2])).toThrow(/released/);
    const other = new ReferenceBackend().allocate(1);
    expect(() => backend.release(other)).toThrow(/not live here/);
    await backend.close();
    expect(backend.memory().buffers).toBe(0);
  });
});

describe("the table of functions", () => {
  const names = Object.keys(unaryFunctions) as UnaryFunction[];
  const points = [-3.1, -1.7, -0.6, 0.4, 1.3, 2.9];
  const positiveOnly = new Set<UnaryFunction>(["log", "sqrt", "rsqrt"]);

  it.each(names)("has the derivative of %s", (name) => {
    const { value, derivative } = unaryFunctions[name];
    for (const x of points.map((p) => (positiveOnly.has(name) ? Math.abs(p) : p))) {
      const h = 1e-5;
      const measured = (value(x + h, 0.3) - value(x - h, 0.3)) / (2 * h);
      expect(derivative(gradientFromOutput.has(name) ? value(x, 0.3) : x, 0.3)).toBeCloseTo(measured, 6);
    }
  });

  it.each(names)("passes NaN through %s", (name) => {
    expect(unaryFunctions[name].value(NaN, 0.3)).toBeNaN();
  });

  it("takes 0 for the derivative where there is none", () => {
    for (const name of ["relu", "abs", "sign"] as const)
      expect(unaryFunctions[name].derivative(0, 0.3)).toBe(0);
  });
});
