// Operations of two tensors, element by element with broadcasting, and their gradients.
// Where an operand was stretched, its gradient is summed back to its own shape (sumTo).

import type { BinaryFunction } from "../backend/kernels.js";
import { broadcastShape } from "../tensor/shape.js";
import { differentiable, type GradientRule } from "../tensor/tape.js";
import { run, type Tensor } from "../tensor/tensor.js";
import { sumTo } from "./reduce.js";
import { where } from "./select.js";
import { asTensor, type TensorLike } from "./scalar.js";
import { log, neg } from "./unary.js";

type Rule = (a: Tensor, b: Tensor, y: Tensor, dy: Tensor) => [da: () => Tensor, db: () => Tensor];

function binary(name: BinaryFunction, x1: TensorLike, x2: TensorLike, rule?: Rule): Tensor {
  const a = asTensor(name, x1);
  const b = asTensor(name, x2);
  const y = run("binary", [a, b], broadcastShape(name, a.shape, b.shape), { function: name });
  if (!rule) return y;
  const gradients: GradientRule = (dy) => {
    const [da, db] = rule(a, b, y, dy);
    return [() => sumTo(da(), a.shape), () => sumTo(db(), b.shape)];
  };
  return differentiable(name, [a, b], y, gradients);
}

/** a + b, of the broadcast shape. */
export const add = (a: TensorLike, b: TensorLike): Tensor =>
  binary("add", a, b, (_a, _b, _y, dy) => [() => dy, () => dy]);

/** a - b, of the broadcast shape. */
export const sub = (a: TensorLike, b: TensorLike): Tensor =>
  binary("sub", a, b, (_a, _b, _y, dy) => [() => dy, () => neg(dy)]);

/** a * b, of the broadcast shape: d(ab) = b da + a db */
export const mul = (a: TensorLike, b: TensorLike): Tensor =>
  binary("mul", a, b, (a, b, _y, dy) => [() => mul(dy, b), () => mul(dy, a)]);

/** a / b, of the broadcast shape: d(a/b) = da/b - (a/b) db/b */
export const div = (a: TensorLike, b: TensorLike): Tensor =>
  binary("div", a, b, (_a, b, y, dy) => [() => div(dy, b), () => neg(div(mul(dy, y), b))]);

/**
 * a^b for a >= 0, of the broadcast shape: d(a^b) = b a^(b-1) da + a^b log(a) db
 * 0 a^-1 and 0^b log 0 are not numbers where a is 0, but both functions are constant there: the gradient is 0, as in PyTorch.
 * Where that is so, 1 is taken for a.
 */
export const pow = (a: TensorLike, b: TensorLike): Tensor =>
  binary("pow", a, b, (a, b, y, dy) => [
    () => mul(dy, mul(b, pow(where(equal(b, 0), 1, a), sub(b, 1)))),
    () => mul(dy, mul(y, log(where(mul(equal(a, 0), greaterEqual(b, 0)), 1, a)))),
  ]);

/** max(a, b), of the broadcast shape; where they are equal, the gradient goes to a. */
export const maximum = (a: TensorLike, b: TensorLike): Tensor =>
  binary("max", a, b, (a, b, _y, dy) => [() => mul(dy, greaterEqual(a, b)), () => mul(dy, less(a, b))]);

/** min(a, b), of the broadcast shape; where they are equal, the gradient goes to a. */
export const minimum = (a: TensorLike, b: TensorLike): Tensor =>
  binary("min", a, b, (a, b, _y, dy) => [() => mul(dy, lessEqual(a, b)), () => mul(dy, greater(a, b))]);

// Comparisons give 1 or 0 and have no gradient.
/** 1 where a > b, else 0; of the broadcast shape, without a gradient. */
export const greater = (a: TensorLike, b: TensorLike): Tensor => binary("greater", a, b);
/** 1 where a >= b, else 0; of the broadcast shape, without a gradient. */
export const greaterEqual = (a: TensorLike, b: TensorLike): Tensor => binary("greaterEqual", a, b);
/** 1 where a < b, else 0; of the broadcast shape, without a gradient. */
export const less = (a: TensorLike, b: TensorLike): Tensor => binary("less", a, b);
/** 1 where a <= b, else 0; of the broadcast shape, without a gradient. */
export const lessEqual = (a: TensorLike, b: TensorLike): Tensor => binary("lessEqual", a, b);
/** 1 where a = b, else 0; of the broadcast shape, without a gradient. */
export const equal = (a: TensorLike, b: TensorLike): Tensor => binary("equal", a, b);
