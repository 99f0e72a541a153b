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
      supports: (call) => serves(rung, productOf(call)),
      prefers: (call) => preferredRung(productOf(call), rungs) === rung,
      plan: (call) => productPlan(productOf(call), rung),
    }))
    .reverse();
}
