// Activations by name, for layers' `activation` option; the functions and their gradients are in ops/unary and ops/softmax.

import { oneOf } from "../base/arguments.js";
import { gelu, leakyRelu, relu, sigmoid, silu, softmax, softplus, tanh } from "../ops/index.js";
import type { Tensor } from "../tensor/tensor.js";

/** Activations by name: functions of a tensor, element by element, but softmax, which goes over the last axis. */
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

/** What layers take as `activation`. */
export type ActivationName = keyof typeof activations;

/** The function of that name, or the given one. Throws UserError, which names the layer, when there is none. */
export function activationOf(
  layer: string,
  given: ActivationName | ((x: Tensor) => Tensor) = "linear",
): (x: Tensor) => Tensor {
  if (typeof given === "function") return given;
  return activations[oneOf(layer, "activation", given, Object.keys(activations) as ActivationName[])];
}
