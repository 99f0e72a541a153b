// The same numbers under another shape: no kernel runs.

import { sameShape, type Shape, show, sizeOf } from "../tensor/shape.js";
import { differentiable } from "../tensor/tape.js";
import type { Tensor } from "../tensor/tensor.js";

/** x under `shape`; one entry may be -1 and is then worked out. The result shares x's storage. */
export function reshape(x: Tensor, shape: Shape): Tensor {
  const known = sizeOf(shape.filter((n) => n !== -1));
  const target = shape.map((n) => (n === -1 ? x.size / known : n));
  if (sizeOf(target) !== x.size || target.some((n) => !Number.isInteger(n)))
    throw new Error(
      `reshape: a tensor of shape ${show(x.shape)} has ${x.size} elements and cannot become ${show(shape)}.`,
    );
  if (sameShape(target, x.shape)) return x;
  return differentiable("reshape", [x], x.view(target), (dy) => [() => reshape(dy, x.shape)]);
}

/** [batch, ...] as [batch, rest]. */
export const flatten = (x: Tensor): Tensor => reshape(x, [x.shape[0], sizeOf(x.shape.slice(1))]);
