// Every case on the addon, on each variant that supports it; as programs; and the same bits for any number of threads (from 5 on
// they share Winograd's transformed kernels).

import { afterAll, describe, expect, it } from "vitest";
import { kernels } from "../../src/backend/kernels.js";
import type { KernelName } from "../../src/backend/kernels.js";
import { createNativeBackend } from "../../src/backend/native/native-backend.js";
import { callOf, makeCase } from "../../src/inspect/cases/case.js";
import { casesOf } from "../../src/inspect/conformance-cases.js";
import { executeCase, variantsFor } from "../../src/inspect/conformance.js";
import { sameBits } from "./bits.js";
import { openOrSkip } from "./opened.js";
import { programSuite } from "./programs.js";
import { conformanceSuite } from "./suite.js";

const { backend, reason } = await openOrSkip("FOVEA_REQUIRE_NATIVE", async () => createNativeBackend());

describe.skipIf(reason)(reason ?? "native", () => {
  afterAll(() => backend!.close());
  conformanceSuite(() => backend!);
  programSuite(() => backend!);

  it.each(["conv2d", "conv2dInputGrad"] as const)(
    "%s gives the same bits in the place of an operand that it may overwrite",
    async (kernel) => {
      const different: string[] = [];
      let tried = 0;
      for (const testCase of casesOf(kernel))
        for (const inPlaceOf of backend!.mayOverwrite(callOf(testCase)))
          for (const variant of [undefined, ...variantsFor(backend!, testCase)]) {
            const inPlace = { ...testCase, outputs: [{ ...testCase.outputs[0], inPlaceOf }] };
            const [apart] = (await executeCase(backend!, testCase, variant)).outputs;
            const { outputs, faults } = await executeCase(backend!, inPlace, variant);
            tried++;
            if (!sameBits(outputs[0], apart) || faults.length > 0)
              different.push(`${variant ?? "default"}, operand ${inPlaceOf}: ${testCase.name}`);
          }
      expect(different).toEqual([]);
      expect(tried).toBeGreaterThan(20);
    },
  );

  it("offers no operand's place where pixels of 4 KiB go to gemm(), which stores sums before its epilogue", () => {
    const offered = (channels: number) => {
      const [x, w, y] = [[1, 4, 4, channels], [1, 1, channels, 8], [1, 4, 4, 8]]; // prettier-ignore
      const geometry = { strides: [1, 1], padding: [0, 0], dilation: [1, 1], groups: 1 } as const;
      const epilogue = { residual: true, activation: "relu" } as const;
      const testCase = makeCase("conv2d", "pixelwise", [x, w, y], [y], { ...geometry, epilogue });
      return backend!.mayOverwrite(callOf(testCase));
    };
    expect(offered(1024)).toEqual([]);
    expect(offered(1000)).toEqual([2]);
  });

  describe("gives the same bits on 1, 2, 3 and 5 threads", () => {
    const names = Object.keys(kernels) as KernelName[];
    it.each(names)("%s", async (kernel) => {
      const different: string[] = [];
      for (const testCase of casesOf(kernel))
        for (const variant of [undefined, ...variantsFor(backend!, testCase)]) {
          const results = [];
          for (const threads of [1, 2, 3, 5]) {
            backend!.setThreads(threads);
            results.push((await executeCase(backend!, testCase, variant)).outputs);
          }
          const [one, ...others] = results;
          if (!others.every((other) => other.every((output, i) => sameBits(output, one[i]))))
            different.push(`${variant ?? "default"}: ${testCase.name}`);
        }
      expect(different).toEqual([]);
    });
  });
});
