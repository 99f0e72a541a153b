// The gradient of a power where its base or its exponent is 0, as PyTorch 1.13 gives it; not a number would poison whatever it
// is summed with. On each backend that is here.
import { afterAll, describe, expect, it } from "vitest";
import type { Backend } from "../../../src/backend/backend.js";
import { setBackend } from "../../../src/backend/current.js";
import { createNativeBackend } from "../../../src/backend/native/native-backend.js";
import { ReferenceBackend } from "../../../src/backend/reference/reference-backend.js";
import { createWebgpuBackend } from "../../../src/backend/webgpu/backend.js";
import { pow, sum } from "../../../src/ops/index.js";
import { record } from "../../../src/tensor/record.js";
import { grad } from "../../../src/tensor/tape.js";
import { parameter } from "../../../src/tensor/tensor.js";
import { openOrSkip } from "../../conformance/opened.js";

// a, b, d(a^b)/da, d(a^b)/db
const cases = [
  [0, 2.2, 0, 0],
  [0, 1, 1, 0],
  [0, 0, 0, 0],
  [0, 0.5, Infinity, 0],
  [0, -1, -Infinity, -Infinity],
  [2, 0, 0, Math.log(2)],
  [0.25, 2, 0.5, 0.0625 * Math.log(0.25)],
  [-2, 3, 12, NaN],
];

const opened = {
  reference: { backend: new ReferenceBackend() as Backend, reason: undefined },
  native: await openOrSkip("FOVEA_REQUIRE_NATIVE", async () => createNativeBackend() as Backend),
  webgpu: await openOrSkip("FOVEA_REQUIRE_WEBGPU", async () => (await createWebgpuBackend()) as Backend),
};

for (const [name, { backend, reason }] of Object.entries(opened))
  describe.skipIf(reason)(reason ?? `d(a^b) on ${name}`, () => {
    afterAll(() => backend!.close());
    const near = (actual: ArrayLike<number>, column: number) =>
      cases.forEach((values, i) => {
        const wanted = values[column];
        if (Number.isFinite(wanted)) expect(actual[i], `a^b of ${values}`).toBeCloseTo(wanted, 5);
        else expect(actual[i], `a^b of ${values}`).toBe(wanted);
      });

    it("is 0 where the power is constant", async () => {
      setBackend(backend!);
      const [a, b] = [0, 1].map((column) => parameter(cases.map((values) => values[column])));
      const gradients = () => grad(sum(pow(a, b)), [a, b]);
      const recorded = record(() => {
        const [da, db] = gradients();
        return { da, db };
      });
      await recorded.run();
      for (const [da, db] of [gradients(), Object.values(recorded.outputs)]) {
        near(await da.data(), 2);
        near(await db.data(), 3);
      }
      recorded.dispose();
    });
  });
