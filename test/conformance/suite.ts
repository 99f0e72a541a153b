// The conformance suite, which every backend's test file runs: one test a case, each on all the variants that support it.

import { describe, expect, it } from "vitest";
import type { Backend } from "../../src/backend/backend.js";
import { kernels } from "../../src/backend/kernels.js";
import type { KernelName } from "../../src/backend/kernels.js";
import { casesOf } from "../../src/inspect/conformance-cases.js";
import { runCaseOnAllVariants } from "../../src/inspect/conformance.js";

/** @param skipLarge why cases marked as large are left out, or undefined to run them */
export function conformanceSuite(backendOf: () => Backend, skipLarge?: string): void {
  for (const kernel of Object.keys(kernels) as KernelName[])
    describe(kernel, () => {
      for (const testCase of casesOf(kernel))
        it(testCase.name, async (context) => {
          if (skipLarge && testCase.large) context.skip(skipLarge);
          const results = await runCaseOnAllVariants(backendOf(), testCase);
          const failures = results.filter((result) => !result.ok);
          expect(failures.map(({ variant, message }) => `${variant}: ${message}`)).toEqual([]);
        });
    });
}
