// Operations as methods of tensors: a.mul(b).add(1) for add(mul(a, b), 1). What each does stands beside the operation.

import { Tensor } from "../tensor/tensor.js";
import * as binary from "./binary.js";
import { matMul, type MatMulOptions } from "./matmul.js";
import { transpose } from "./move.js";
import { max, mean, min, type ReduceOptions, sum } from "./reduce.js";
import { flatten, reshape } from "./reshape.js";
import type { TensorLike } from "./scalar.js";
import { logSoftmax, softmax } from "./softmax.js";
import * as unary from "./unary.js";

const ofTwo = ["add", "sub", "mul", "div", "pow", "maximum", "minimum", "greater", "greaterEqual", "less", "lessEqual", "equal"] as const; // prettier-ignore
const ofOne = ["relu", "sigmoid", "tanh", "softplus", "silu", "gelu", "exp", "log", "sqrt", "rsqrt", "square", "abs", "sign", "neg", "reciprocal", "sin", "cos", "floor", "ceil", "round", "erf"] as const; // prettier-ignore

type OfTwo = { [Name in (typeof ofTwo)[number]]: (other: TensorLike) => Tensor };
type OfOne = { [Name in (typeof ofOne)[number]]: () => Tensor };

interface Others {
  leakyRelu(alpha?: number): Tensor;
  matMul(other: Tensor, options?: MatMulOptions): Tensor;
  sum(options?: ReduceOptions): Tensor;
  mean(options?: ReduceOptions): Tensor;
  max(options?: ReduceOptions): Tensor;
  min(options?: ReduceOptions): Tensor;
  reshape(shape: readonly number[]): Tensor;
  flatten(): Tensor;
  transpose(order?: readonly number[]): Tensor;
  softmax(): Tensor;
  logSoftmax(): Tensor;
}

declare module "../tensor/tensor.js" {
  interface Tensor extends OfTwo, OfOne, Others {}
}

const all: Record<string, (x: Tensor, ...others: never[]) => Tensor> = {
  ...Object.fromEntries(ofTwo.map((name) => [name, binary[name]])),
  ...Object.fromEntries(ofOne.map((name) => [name, unary[name]])),
  ...{ leakyRelu: unary.leakyRelu, matMul, sum, mean, max, min, reshape, flatten, transpose },
  ...{ softmax, logSoftmax },
};

for (const [name, operation] of Object.entries(all))
  Object.defineProperty(Tensor.prototype, name, {
    value(this: Tensor, ...others: never[]) {
      return operation(this, ...others);
    },
    configurable: true,
    writable: true,
  });
