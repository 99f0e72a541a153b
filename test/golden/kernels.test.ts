// The specification against software that others wrote: see make.py, which wrote kernels.json.

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { KernelCall } from "../../src/backend/backend.js";
import { kernels } from "../../src/backend/kernels.js";
import type { KernelName } from "../../src/backend/kernels.js";
import { ReferenceBackend } from "../../src/backend/reference/reference-backend.js";

interface GoldenOperand {
  shape: number[];
  data: number[];
}
interface GoldenCase {
  name: string;
  kernel: KernelName;
  inputs: GoldenOperand[];
  outputs: GoldenOperand[];
  attributes: KernelCall["attributes"];
  /** Largest difference, as a share of the largest output. */
  tolerance: number;
}

const file = new URL("./kernels.json", import.meta.url);
const golden = JSON.parse(readFileSync(file, "utf8")) as { cases: GoldenCase[] };
const backend = new ReferenceBackend({ precision: "float64" });

function operand({ shape, data }: GoldenOperand) {
  const storage = backend.allocate(data.length);
  backend.write(storage, data);
  return { storage, shape };
}

const byKernel = new Map<KernelName, GoldenCase[]>();
for (const testCase of golden.cases)
  byKernel.set(testCase.kernel, [...(byKernel.get(testCase.kernel) ?? []), testCase]);

describe.each([...byKernel])("%s", (_, cases) => {
  it.each(cases)("$name", async ({ kernel, inputs, outputs, attributes, tolerance }) => {
    const results = outputs.map(({ shape, data }) => ({ storage: backend.allocate(data.length), shape }));
    backend.run({ kernel, inputs: inputs.map(operand), outputs: results, attributes });
    for (const [i, expected] of outputs.entries()) {
      const actual = await backend.read(results[i].storage);
      const largest = Math.max(1, ...expected.data.map(Math.abs));
      const errors = expected.data.map((value, k) => Math.abs(value - actual[k]));
      expect(Math.max(0, ...errors) / largest, `output ${i}`).toBeLessThan(tolerance);
    }
  });
});

// What others have no counterpart of, or what has another golden test.
const elsewhere: ReadonlySet<KernelName> = new Set(["elementwise", "copy", "fill", "random"]);

it("covers every kernel that others have", () => {
  const missing = (Object.keys(kernels) as KernelName[]).filter(
    (kernel) => !byKernel.has(kernel) && !elsewhere.has(kernel),
  );
  expect(missing).toEqual([]);
});

describe("random", () => {
  // The known answer of Random123 1.14 for counter 0 and key 0, as philox.test.ts has it.
  const words = [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8];
  const draw = async (distribution: "uniform" | "normal") => {
    const output = { storage: backend.allocate(4), shape: [4] };
    const counter = operand({ shape: [4], data: [0, 0, 0, 0] });
    backend.run({
      kernel: "random",
      inputs: [counter],
      outputs: [output],
      attributes: { distribution, seed: 0 },
    });
    return [...(await backend.read(output.storage))];
  };

  it("takes the upper 24 bits of the words", async () => {
    expect(await draw("uniform")).toEqual(words.map((word) => Math.floor(word / 256) / 2 ** 24));
  });

  it("makes pairs of normal numbers by Box and Muller's formula", async () => {
    const u = words.map((word) => Math.floor(word / 256) / 2 ** 24);
    const expected = [0, 2].flatMap((k) => {
      const radius = Math.sqrt(-2 * Math.log1p(-u[k]));
      return [radius * Math.cos(2 * Math.PI * u[k + 1]), radius * Math.sin(2 * Math.PI * u[k + 1])];
    });
    (await draw("normal")).forEach((value, i) => expect(value).toBeCloseTo(expected[i], 12));
  });
});
