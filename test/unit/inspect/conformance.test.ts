// The conformance runner must see what it is there to see: backends that are wrong on purpose.

import { describe, expect, it } from "vitest";
import type { KernelCall, Operand, Storage } from "../../../src/backend/backend.js";
import { ReferenceBackend } from "../../../src/backend/reference/reference-backend.js";
import type { ConformanceCase } from "../../../src/inspect/conformance-cases.js";
import { casesOf, conformanceCases } from "../../../src/inspect/conformance-cases.js";
import {
  compareOutput,
  conformance,
  runCase,
  runCaseOnAllVariants,
  variantsFor,
} from "../../../src/inspect/conformance.js";

/** Computes rightly, then does one thing more to the numbers round and in its operands. */
class Saboteur extends ReferenceBackend {
  private readonly owners = new Map<Storage, { storage: Storage; offset: number }>();
  constructor(private readonly spoil: (call: KernelCall, backend: Saboteur) => void) {
    super({ precision: "float32" });
  }
  override view(storage: Storage, offset: number, length: number): Storage {
    const view = super.view(storage, offset, length);
    this.owners.set(view, { storage, offset });
    return view;
  }
  override run(call: KernelCall): void {
    super.run(call);
    this.spoil(call, this);
  }
  /** Writes one element counted from the operand's start, be it inside or outside. */
  poke({ storage: view }: Operand, index: number, value: number): void {
    const { storage, offset } = this.owners.get(view)!;
    const one = { storage: this.allocate(1), shape: [1] };
    this.write(one.storage, [value]);
    super.run({
      kernel: "copy",
      inputs: [one],
      outputs: [{ storage, shape: [storage.length] }],
      attributes: {
        shape: [1],
        inputStrides: [1],
        inputOffset: 0,
        outputStrides: [1],
        outputOffset: offset + index,
      },
    });
    this.release(one.storage);
  }
}

const matmul = casesOf("matmul").find(({ name }) => name === "13x31x17, plain")!;
const judge = (spoil: (call: KernelCall, backend: Saboteur) => void, testCase: ConformanceCase = matmul) =>
  runCase(new Saboteur(spoil), testCase);

describe("runCase", () => {
  it("passes a backend that is right, and leaves nothing allocated", async () => {
    const backend = new ReferenceBackend();
    expect(await runCase(backend, matmul)).toMatchObject({ kernel: "matmul", ok: true, variant: "default" });
    expect(backend.memory().buffers).toBe(0);
  });

  it.each([
    ["a write before an output", (c: KernelCall, b: Saboteur) => b.poke(c.outputs[0], -1, 0), /output 0 was written 1 elements before/],
    ["a write past an output", (c: KernelCall, b: Saboteur) => b.poke(c.outputs[0], 13 * 17, 1), /output 0 was written 0 elements past/],
    ["a changed input", (c: KernelCall, b: Saboteur) => b.poke(c.inputs[1], 5, 0.25), /input 1 was changed at element 5/],
    ["a write past an input", (c: KernelCall, b: Saboteur) => b.poke(c.inputs[0], 13 * 31 + 2, 0), /input 0 was changed 2 elements past/],
    ["one wrong element", (c: KernelCall, b: Saboteur) => b.poke(c.outputs[0], 7, 0), /normalised squared error .* element 7 of 221 is 0/],
    ["a NaN", (c: KernelCall, b: Saboteur) => b.poke(c.outputs[0], 9, NaN), /element 9 is NaN/],
    ["an exception", () => { throw new Error("out of order"); }, /it threw: out of order/],
  ])("sees %s", async (_, spoil, message) => {
    const result = await judge(spoil);
    expect(result.ok).toBe(false);
    expect(result.message).toMatch(message);
  }); // prettier-ignore

  it("sees a missing NaN and an infinity of the wrong sign", async () => {
    const special = conformanceCases.find(({ name }) => name === "relu, special values")!;
    expect((await judge((c, b) => b.poke(c.outputs[0], 0, 0), special)).message).toMatch(
      /element 0 is 0, not NaN/,
    );
    const result = await judge((c, b) => b.poke(c.outputs[0], 1, -Infinity), special);
    expect(result.message).toMatch(/element 1 is -Infinity, not Infinity/);
  });

  it("sees elements that a kernel should have left alone", async () => {
    const copy = casesOf("copy").find(({ name }) => name === "every second element of the output")!;
    expect((await judge((c, b) => b.poke(c.outputs[0], 2, 0), copy)).ok).toBe(false);
  });
});

describe("compareOutput", () => {
  it("is the squared error over the squared expectation", () => {
    const comparison = compareOutput(Float32Array.of(1, 2, 3.5), Float64Array.of(1, 2, 3));
    expect(comparison.error).toBeCloseTo(0.25 / 14, 12);
  });
  it("sees one unit in the last place where it compares exactly", () => {
    const [next, third] = [Float32Array.of(1 + 2 ** -23), Float64Array.of(1 / 3)];
    expect(compareOutput(next, Float64Array.of(1), true).error).toBeGreaterThan(0);
    expect(compareOutput(Float32Array.from(third), third, true).error).toBe(0);
    expect(compareOutput(Float32Array.from(third), third, false).error).toBeGreaterThan(0);
  });
  it("takes a value beyond float32 for an infinity", () => {
    expect(compareOutput(Float32Array.of(Infinity), Float64Array.of(1e39)).error).toBe(0);
    expect(compareOutput(Float32Array.of(3e38), Float64Array.of(1e39)).error).toBe(Infinity);
  });
});

describe("the reference backend's one variant", () => {
  it("supports every case", () => {
    const backend = new ReferenceBackend();
    for (const testCase of conformanceCases) expect(variantsFor(backend, testCase)).toHaveLength(1);
  });
  it("is run once", async () => {
    expect((await runCaseOnAllVariants(new ReferenceBackend(), matmul)).length).toBe(1);
  });
  it("has no other name", async () => {
    expect((await runCase(new ReferenceBackend(), matmul, "tiled")).message).toMatch(/no variant "tiled"/);
  });
});

describe("conformance", () => {
  it("walks the cases of the kernels that are named, in order, large ones only if they are wanted", async () => {
    const names: string[] = [];
    for await (const results of conformance(new ReferenceBackend(), { kernels: ["softmax", "fill"] }))
      names.push(...results.map(({ kernel, name, ok }) => `${kernel} ${name} ${ok}`));
    const expected = conformanceCases
      .filter(({ kernel, large }) => ["softmax", "fill"].includes(kernel) && !large)
      .map(({ kernel, name }) => `${kernel} ${name} true`);
    expect(names).toEqual(expected);
    expect(names.length).toBeGreaterThan(5);
  });
  it("gives nothing for a variant that does not support a case", async () => {
    let cases = 0;
    for await (const results of conformance(new ReferenceBackend(), {
      kernels: ["fill"],
      variant: "tiled",
    })) {
      expect(results).toEqual([]);
      cases++;
    }
    expect(cases).toBe(casesOf("fill").filter(({ large }) => !large).length);
  });
});
