// Activations by name, for layers' `activation` option; the functions and their gradients are in ops/unary and ops/softmax.

import { gelu, leakyRelu, relu, sigmoid, silu, softmax, softplus, tanh } from "../ops/index.js";
import type { Tensor } from "../tensor/tensor.js";

export const activations = {
  linear: (x: Tensor): Tensor => x,
  relu,
  leakyRelu: (x: Tensor): Tensor => leakyRelu(x),
  sigmoid,
  tanh,
  softplus,
  silu,
  gelu,
  softmax,
} satisfies Record<string, (x: Tensor) => Tensor>;

export type ActivationName = keyof typeof activations;

export const activationOf = (
  given: ActivationName | ((x: Tensor) => Tensor) = "linear",
): ((x: Tensor) => Tensor) => (typeof given === "string" ? activations[given] : given);
