// The same numbers under another shape: no kernel runs.

import { UserError } from "../base/errors.js";
import { checkShape, sameShape, type Shape, show, sizeOf } from "../tensor/shape.js";
import { differentiable } from "../tensor/tape.js";
import type { Tensor } from "../tensor/tensor.js";
import { expectTensor } from "./expect.js";

/** x under `shape`; one entry may be -1 and is then worked out. The result is another tensor that shares x's storage. */
export function reshape(x: Tensor, shape: Shape): Tensor {
  expectTensor("reshape", x);
  const known = [shape].flat().filter((n) => n !== -1);
  checkShape("reshape", known);
  const open = shape.length - known.length;
  const target = shape.map((n) => (n === -1 ? x.size / sizeOf(known) : n));
  if (sizeOf(target) !== x.size || open > 1 || !target.every(Number.isInteger))
    throw new UserError(
      `reshape: a tensor of shape ${show(x.shape)} has ${x.size} elements and cannot become ${show(shape)}.`,
    );
  return differentiable("reshape", [x], x.view(target), (dy) => [() => reshape(dy, x.shape)]);
}

/** reshape for use inside operations: x itself where it has that shape already. */
export const shaped = (x: Tensor, shape: Shape): Tensor =>
  sameShape(x.shape, shape) ? x : reshape(x, shape);

/** [batch, ...] as [batch, rest]. */
export function flatten(x: Tensor): Tensor {
  expectTensor("flatten", x);
  if (x.rank === 0) throw new UserError("flatten: expected a tensor [batch, ...], got a scalar.");
  return reshape(x, [x.shape[0], sizeOf(x.shape.slice(1))]);
}
