// Penalties for a layer's `activityRegularizer`: what they give is added to the loss.

import { abs, mul, square, sum } from "../ops/index.js";
import type { Tensor } from "../tensor/tensor.js";

/** rate * sum |y|, of any shape, to a scalar: drives most of a code to zero. */
export const l1 =
  (rate = 0.01) =>
  (y: Tensor): Tensor =>
    mul(rate, sum(abs(y)));

/** rate * sum y^2, of any shape, to a scalar: keeps a code small. */
export const l2 =
  (rate = 0.01) =>
  (y: Tensor): Tensor =>
    mul(rate, sum(square(y)));
