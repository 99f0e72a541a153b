// Cases as programs: all small cases of a kernel as one program, with their weights frozen or
// not, replayed. Results must be as close to the specification as those of run(), and the same at every replay.

import { describe, expect, it } from "vitest";
import type { Backend, KernelCall, Operand, Storage } from "../../src/backend/backend.js";
import { kernels } from "../../src/backend/kernels.js";
import type { KernelName } from "../../src/backend/kernels.js";
import { compile } from "../../src/program/replay.js";
import { Value } from "../../src/backend/program-types.js";
import type { Program } from "../../src/backend/program-types.js";
import { casesOf } from "../../src/inspect/conformance-cases.js";
import type { ConformanceCase } from "../../src/inspect/conformance-cases.js";
import {
  compareOutput,
  expectedOutputs,
  inputNumbers,
  outputNumbers,
} from "../../src/inspect/conformance.js";
import { sameBits } from "./bits.js";

/** Every kernel whose second input may be weights that stay as they are from replay to replay. */
const withWeights: ReadonlySet<KernelName> = new Set(["matmul", "conv2d", "conv2dInputGrad"]);

interface Bound {
  readonly value: Value;
  readonly storage: Storage;
  readonly contents: Float32Array;
}

class Builder {
  readonly bound: Bound[] = [];
  constructor(private readonly backend: Backend) {}

  bind(contents: Float32Array): Value {
    const storage = this.backend.allocate(contents.length);
    const value = new Value(this.bound.length, contents.length, storage);
    this.bound.push({ value, storage, contents });
    return value;
  }

  /** The case as a call on values, and its outputs. */
  add(testCase: ConformanceCase): { call: KernelCall; weights?: Value; outputs: Value[] } {
    const numbers = inputNumbers(testCase);
    const inputs = testCase.inputs.map(({ shape }, i): Operand => ({
      storage: this.bind(numbers[i]),
      shape,
    }));
    const outputs = testCase.outputs.map((output): Operand =>
      output.inPlaceOf === undefined
        ? { storage: this.bind(outputNumbers(testCase, output)), shape: output.shape }
        : inputs[output.inPlaceOf],
    );
    return {
      call: { kernel: testCase.kernel, inputs, outputs, attributes: testCase.attributes },
      weights: withWeights.has(testCase.kernel) ? (inputs[1].storage as Value) : undefined,
      outputs: outputs.map(({ storage }) => storage as Value),
    };
  }

  /** Gives every operand the contents that it has before the program runs. */
  reset(): void {
    for (const { storage, contents } of this.bound) this.backend.write(storage, contents);
  }
}

export function programSuite(backendOf: () => Backend): void {
  describe.each([false, true])("as a program, weights frozen: %s", (frozen) => {
    const names = (Object.keys(kernels) as KernelName[]).filter(
      (kernel) => !frozen || withWeights.has(kernel),
    );
    it.each(names)("%s", async (kernel) => {
      const backend = backendOf();
      const before = backend.memory().buffers;
      const cases = casesOf(kernel).filter(({ large }) => !large);
      const builder = new Builder(backend);
      const parts = cases.map((testCase) => builder.add(testCase));
      const program: Program = {
        calls: parts.map(({ call }) => call),
        frozen: new Set(frozen ? parts.flatMap(({ weights }) => weights ?? []) : []),
        constants: [],
        arenaLength: 0,
      };
      builder.reset();
      const executable = compile(program, backend);
      const replay = async () => {
        builder.reset();
        await executable.run();
        const results: Float32Array[][] = [];
        for (const { outputs } of parts) {
          const ofCase: Float32Array[] = [];
          for (const { storage } of outputs) ofCase.push(Float32Array.from(await backend.read(storage!)));
          results.push(ofCase);
        }
        return results;
      };
      const first = await replay();
      const failures: string[] = [];
      for (const [i, testCase] of cases.entries()) {
        const expected = await expectedOutputs(testCase);
        for (const [k, output] of first[i].entries()) {
          const { error, message } = compareOutput(output, expected[k], testCase.tolerance === 0);
          if (error > testCase.tolerance) failures.push(`${testCase.name}: output ${k}: ${message ?? error}`);
        }
      }
      expect(failures).toEqual([]);
      const second = await replay();
      const changed = cases.filter((_, i) => !second[i].every((output, k) => sameBits(output, first[i][k])));
      expect(changed.map(({ name }) => name)).toEqual([]);

      executable.dispose();
      for (const { storage } of builder.bound) backend.release(storage);
      await backend.finish();
      expect(backend.memory().buffers).toBe(before);
    });
  });
}
