// What matmul, conv2d and conv2dInputGrad do with their sums before they store them (Epilogue in kernels.ts).

import { DEFAULT_ALPHA, type Epilogue } from "../attributes.js";
import { unaryFunctions } from "./functions.js";
import type { Tensor } from "./tensor.js";

/** Stores the sums of `channels` neighbouring outputs from `offset` on, where sums[0] belongs to channel 0. */
export type StoreRow = (sums: Float64Array, from: number, offset: number) => void;

/**
 * y = activation(sum + bias + residual) * activation'(saved), each part where the epilogue has it. Every part is rounded to the
 * backend's precision, so that a folded epilogue gives the same bits as its parts one by one.
 */
export function storeWith(
  epilogue: Epilogue = {},
  inputs: readonly Tensor[],
  out: Tensor,
  channels: number,
): StoreRow {
  const operands = inputs.slice(2);
  const bias = epilogue.bias ? operands.shift()!.data : undefined;
  const residual = epilogue.residual ? operands.shift()!.data : undefined;
  const saved = epilogue.gradientOf ? operands.shift()!.data : undefined;
  const alpha = epilogue.alpha ?? DEFAULT_ALPHA;
  const activation = unaryFunctions[epilogue.activation ?? "linear"].value;
  const derivative = unaryFunctions[epilogue.gradientOf ?? "linear"].derivative;
  const y = out.data;
  const round = y instanceof Float32Array ? Math.fround : (value: number) => value;

  return (sums, from, offset) => {
    for (let channel = 0; channel < channels; channel++) {
      let value = round(sums[from + channel]);
      if (bias) value = round(value + bias[channel]);
      if (residual) value = round(value + residual[offset + channel]);
      value = round(activation(value, alpha));
      if (saved) value *= derivative(saved[offset + channel], alpha);
      y[offset + channel] = value;
    }
  };
}
