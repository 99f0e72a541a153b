// Numbers where tensors are expected: `mul(x, 2)`.

import { describe } from "../base/arguments.js";
import { UserError } from "../base/errors.js";
import { checkShape } from "../tensor/shape.js";
import { empty, runInto, type Tensor } from "../tensor/tensor.js";
import { expectTensor } from "./expect.js";

/** A tensor, or a number that stands for a scalar. */
export type TensorLike = Tensor | number;

/** A number as a tensor of shape []; a tensor as it is. */
export function asTensor(operation: string, x: TensorLike): Tensor {
  if (typeof x === "number") return full([], x);
  expectTensor(operation, x);
  return x;
}

/** A tensor of this shape, filled with one value. */
export function full(shape: readonly number[], value: number): Tensor {
  checkShape("full", shape);
  if (typeof value !== "number")
    throw new UserError(`full: the value must be a number, not ${describe(value)}.`);
  const result = empty(shape);
  runInto("fill", [], [result], { value });
  return result;
}

/** A tensor of this shape filled with 0. */
export const zeros = (shape: readonly number[]): Tensor => full(shape, 0);
/** A tensor of this shape filled with 1. */
export const ones = (shape: readonly number[]): Tensor => full(shape, 1);
