// The rungs of the ladder as variants of a kernel.

import type { KernelCall } from "../../backend.js";
import type { DeviceTraits, PlannedVariant } from "../context.js";
import type { Product } from "./gemm.js";
import { ladder, preferredRung, productPlan, serves } from "./gemm.js";

export function rungVariants(
  device: DeviceTraits,
  productOf: (call: KernelCall) => Product,
): PlannedVariant[] {
  const rungs = ladder.filter((rung) => rung.fits(device));
  return rungs
    .map((rung): PlannedVariant => ({
      name: rung.name,
      reducedPrecision: rung.reducedPrecision ?? false,
      classOf: (call) => shapeClass(productOf(call)),
      supports: (call) => serves(rung, productOf(call)),
      prefers: (call) => preferredRung(productOf(call), rungs) === rung,
      plan: (call) => productPlan(device, productOf(call), rung),
    }))
    .reverse();
}

/** Products whose sizes round up to the same powers of two, and whose operands lie alike. */
function shapeClass({ kernel, problems, m, n, k, isVec4, constants }: Product): string {
  const size = (value: number) => 2 ** Math.ceil(Math.log2(Math.max(value, 1)));
  const sizes = [problems, m, n, k].map(size).join("x");
  const lie = `${constants.A_ALONG_M ? "t" : "n"}${constants.B_ALONG_K ? "t" : "n"}`;
  return `${kernel} ${sizes} ${lie}${isVec4 ? " vec4" : ""}`;
}
