// Numbers where tensors are expected: `mul(x, 2)`.

import { empty, runInto, type Tensor } from "../tensor/tensor.js";

export type TensorLike = Tensor | number;

/** A number as a tensor of shape []; a tensor as it is. */
export function asTensor(x: TensorLike): Tensor {
  return typeof x === "number" ? full([], x) : x;
}

/** A tensor filled with one value. */
export function full(shape: readonly number[], value: number): Tensor {
  const result = empty(shape);
  runInto("fill", [], [result], { value });
  return result;
}

export const zeros = (shape: readonly number[]): Tensor => full(shape, 0);
export const ones = (shape: readonly number[]): Tensor => full(shape, 1);
