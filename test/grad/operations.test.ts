import { describe, expect, it } from "vitest";
import { gradcheck } from "../../src/inspect/gradcheck.js";
import { gradcheckCases, withoutGradient } from "../../src/inspect/gradcheck-cases.js";
import * as ops from "../../src/ops/index.js";

const cases = gradcheckCases();

describe("gradients of every operation against central differences", () => {
  for (const { operation, what, f, inputs } of cases) {
    it(`${operation} ${what}`, async () => {
      const result = await gradcheck(f, inputs);
      expect(result.checked).toBeGreaterThan(0);
      expect(result.worst, result.where).toBeLessThan(1e-6);
    });
  }
});

describe("gradients of gradients against central differences", () => {
  for (const { operation, what, f, inputs } of cases) {
    it(`${operation} ${what}`, async () => {
      const result = await gradcheck(f, inputs, { second: true, tolerance: 1e-5 });
      expect(result.worst, result.where).toBeLessThan(1e-5);
    });
  }
});

it("every exported operation has a case, or is listed as having no gradient", () => {
  const covered = new Set([...cases.map((c) => c.operation), ...withoutGradient]);
  expect(Object.keys(ops).filter((name) => !covered.has(name))).toEqual([]);
});

it("a wrong gradient is caught", async () => {
  const { differentiable } = await import("../../src/tensor/tape.js");
  const wrong = (x: ReturnType<typeof ops.neg>) =>
    differentiable("wrong", [x], ops.square(x.detach()), (dy) => [() => ops.mul(dy, x)]);
  const result = await gradcheck(wrong, [{ shape: [3], data: [1, 2, 3] }]);
  expect(result.ok).toBe(false);
});
