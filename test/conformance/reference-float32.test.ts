// The plain loops rounded to float32 against themselves in float64: holds the tolerances of the cases to what float32
// can do, and checks that every case is well-formed.

import { describe, expect, it } from "vitest";
import { kernels } from "../../src/backend/kernels.js";
import type { KernelName } from "../../src/backend/kernels.js";
import { ReferenceBackend } from "../../src/backend/reference/reference-backend.js";
import { callOf, casesOf } from "../../src/inspect/conformance-cases.js";
import { programSuite } from "./programs.js";
import { conformanceSuite } from "./suite.js";

const backend = new ReferenceBackend({ precision: "float32" });
conformanceSuite(() => backend);
programSuite(() => backend);

describe("the catalogue of cases", () => {
  const names = Object.keys(kernels) as KernelName[];

  it.each(names)("has cases of %s, each under a name of its own", (kernel) => {
    const titles = casesOf(kernel).map(({ name }) => name);
    expect(titles.length).toBeGreaterThan(5);
    expect(new Set(titles).size).toBe(titles.length);
  });

  it.each(names)("has a whole number of operations for every case of %s", (kernel) => {
    for (const testCase of casesOf(kernel)) {
      const call = callOf(testCase);
      const flops = (kernels[kernel] as { flops(c: typeof call): number }).flops(call);
      expect(flops >= 0 && Number.isInteger(flops), testCase.name).toBe(true);
    }
  });
});
