// The numbers by which shaders/include/functions.wgsl knows the scalar functions.

import type { BinaryFunction, UnaryFunction } from "../../kernels.js";

const unaryNames: readonly UnaryFunction[] = [
  "linear", "relu", "leakyRelu", "sigmoid", "tanh", "softplus", "silu", "gelu",
  "exp", "log", "sqrt", "rsqrt", "square", "abs", "sign", "neg", "reciprocal", "sin", "cos",
]; // prettier-ignore

const binaryNames: readonly BinaryFunction[] = [
  "add", "sub", "mul", "div", "max", "min", "pow", "greater", "greaterEqual", "less", "lessEqual", "equal",
]; // prettier-ignore

export const unaryNumber = (name: UnaryFunction): number => unaryNames.indexOf(name);
export const binaryNumber = (name: BinaryFunction): number => binaryNames.indexOf(name);

/** The slope of leakyRelu when a call does not give one. */
export const DEFAULT_ALPHA = 0.2;
