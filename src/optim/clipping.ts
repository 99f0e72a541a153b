// Gradients kept from growing too large before they are applied (Pascanu, Mikolov and Bengio, ICML 2013). All in kernels, so that
// a recorded step clips at every replay.

import { add, clip, div, maximum, mul, sqrt, square, sum } from "../ops/index.js";
import type { Tensor } from "../tensor/tensor.js";

/** Every element limited to [-limit, limit]. */
export const clipByValue = (gradients: readonly Tensor[], limit: number): Tensor[] =>
  gradients.map((g) => clip(g, -limit, limit));

/** The length of all gradients, of any shapes, taken together as one vector, a scalar: sqrt(sum of all squares). */
export const globalNorm = (gradients: readonly Tensor[]): Tensor =>
  sqrt(gradients.map((g) => sum(square(g))).reduce((total, part) => add(total, part)));

/** All gradients, of any shapes, times min(1, limit / norm), norm being their global norm: the direction stays. */
export function clipByGlobalNorm(gradients: readonly Tensor[], limit: number): Tensor[] {
  const scale = div(limit, maximum(globalNorm(gradients), limit));
  return gradients.map((g) => mul(g, scale));
}
