// What operations expect of their tensors. Options, words and counts are checked by base/arguments.

import { describe } from "../base/arguments.js";
import { UserError } from "../base/errors.js";
import { show } from "../tensor/shape.js";
import { Tensor } from "../tensor/tensor.js";

/** Throws unless x is a tensor. */
export function expectTensor(operation: string, x: Tensor): void {
  if (x instanceof Tensor) return;
  (x as { operand?(): unknown } | undefined)?.operand?.(); // a symbolic one says itself what to do
  throw new UserError(
    `${operation}: expected a tensor, not ${describe(x)}; make one of numbers with tensor().`,
  );
}

/** Throws unless x is a tensor [batch, height, width, channels]. */
export function expectImages(operation: string, x: Tensor): void {
  expectTensor(operation, x);
  if (x.rank !== 4)
    throw new UserError(
      `${operation}: expected a tensor [batch, height, width, channels], got ${show(x.shape)}.`,
    );
}
