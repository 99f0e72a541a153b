// Every case on WebAssembly with threads, on each variant that supports it; as programs; and the same bits for any number of threads.

import { afterAll, describe, expect, it } from "vitest";
import { kernels } from "../../src/backend/kernels.js";
import type { KernelName } from "../../src/backend/kernels.js";
import { nodeSurroundings } from "../../src/backend/wasm/surroundings-node.js";
import { createWasmBackend } from "../../src/backend/wasm/wasm-backend.js";
import { casesOf } from "../../src/inspect/conformance-cases.js";
import { executeCase, variantsFor } from "../../src/inspect/conformance.js";
import { sameBits } from "./bits.js";
import { openOrSkip } from "./opened.js";
import { programSuite } from "./programs.js";
import { conformanceSuite } from "./suite.js";

const { backend, reason } = await openOrSkip("FOVEA_REQUIRE_WASM", () =>
  createWasmBackend(nodeSurroundings, { threads: 5, module: "simd-threads" }),
);

describe.skipIf(reason)(reason ?? "wasm, threads", () => {
  afterAll(() => backend!.close());
  it("has its threads", () => {
    expect(backend!.info()).toMatchObject({ isa: "simd128", lanes: 4, threads: 5 });
  });
  conformanceSuite(() => backend!);
  programSuite(() => backend!);

  describe("gives the same bits on 1, 2, 3 and 5 threads", () => {
    const names = Object.keys(kernels) as KernelName[];
    it.each(names)("%s", async (kernel) => {
      const different: string[] = [];
      for (const testCase of casesOf(kernel).filter(({ large }) => !large))
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
