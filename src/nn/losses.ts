// Losses: how far a prediction is from its target, as one number to be made small. Each takes (prediction, target) and gives a
// scalar, the mean over all elements (for categoricalCrossentropy over all rows). ssimLoss has a file of its own.

import { checkOptions } from "../base/arguments.js";
import { UserError } from "../base/errors.js";
import { expectTensor } from "../ops/expect.js";
import {
  abs,
  add,
  clip,
  log,
  logSoftmax,
  mean,
  mul,
  neg,
  oneHot,
  reshape,
  softplus,
  sqrt,
  square,
  sub,
  sum,
} from "../ops/index.js";
import { sameShape, show, sizeOf } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";

/** How far a prediction is from its target, two tensors of one shape, as a scalar tensor. */
export type Loss = (prediction: Tensor, target: Tensor) => Tensor;

/** mean (p - t)^2: two tensors of one shape to a scalar. */
export function meanSquaredError(prediction: Tensor, target: Tensor): Tensor {
  return mean(square(difference("meanSquaredError", prediction, target)));
}

/** mean |p - t|: two tensors of one shape to a scalar; its gradient where p = t is 0. */
export function meanAbsoluteError(prediction: Tensor, target: Tensor): Tensor {
  return mean(abs(difference("meanAbsoluteError", prediction, target)));
}

/**
 * mean sqrt((p - t)^2 + epsilon^2), two tensors of one shape to a scalar: |p - t| with its corner rounded over a width of epsilon
 * (Charbonnier et al., ICIP 1994).
 */
export function charbonnier(prediction: Tensor, target: Tensor, epsilon = 1e-3): Tensor {
  return mean(sqrt(add(square(difference("charbonnier", prediction, target)), epsilon * epsilon)));
}

/** Whether predictions are probabilities or logits. */
export interface CrossentropyOptions {
  /** The prediction is what a sigmoid or softmax would be given, not its result (default false). Safer and cheaper. */
  fromLogits?: boolean;
}

/** Probabilities are kept this far from 0 and 1 before a logarithm is taken. */
const TINY = 1e-7;

/**
 * -mean( t log p + (1 - t) log(1 - p) ), targets in [0, 1].
 * From logits z, with p = sigmoid(z): log p = z - softplus(z) and log(1 - p) = -softplus(z), hence mean( softplus(z) - t z ).
 */
export function binaryCrossentropy(
  prediction: Tensor,
  target: Tensor,
  options: CrossentropyOptions = {},
): Tensor {
  checkOptions("binaryCrossentropy", options, { fromLogits: true });
  expectSame("binaryCrossentropy", prediction, target);
  if (options.fromLogits) return mean(sub(softplus(prediction), mul(target, prediction)));
  const p = clip(prediction, TINY, 1 - TINY);
  return neg(mean(add(mul(target, log(p)), mul(sub(1, target), log(sub(1, p))))));
}

/** -mean over rows of the sum over the last axis of t log p, targets one-hot or probabilities; from logits, p = softmax(z). */
export function categoricalCrossentropy(
  prediction: Tensor,
  target: Tensor,
  options: CrossentropyOptions = {},
): Tensor {
  checkOptions("categoricalCrossentropy", options, { fromLogits: true });
  expectSame("categoricalCrossentropy", prediction, target);
  const logP = options.fromLogits ? logSoftmax(prediction) : log(clip(prediction, TINY, 1));
  return neg(mean(sum(mul(target, logP), { axis: -1 })));
}

/** categoricalCrossentropy for class numbers: prediction [..., classes], target [...] or [..., 1] of whole numbers from 0. */
export function sparseCategoricalCrossentropy(
  prediction: Tensor,
  target: Tensor,
  options: CrossentropyOptions = {},
): Tensor {
  const labels = prediction.shape.slice(0, -1);
  if (prediction.rank < 1 || target.size !== sizeOf(labels))
    throw new UserError(
      `sparseCategoricalCrossentropy: a prediction ${show(prediction.shape)} needs a class number for each row, ${show(labels)}, not ${show(target.shape)}.`,
    );
  const classes = oneHot(reshape(target, labels), prediction.shape.at(-1)!);
  return categoricalCrossentropy(prediction, classes, options);
}

function difference(name: string, prediction: Tensor, target: Tensor): Tensor {
  expectSame(name, prediction, target);
  return sub(prediction, target);
}

/** Broadcasting inside a loss is nearly always a mistake. */
export function expectSame(name: string, prediction: Tensor, target: Tensor): void {
  for (const t of [prediction, target]) expectTensor(name, t);
  if (!sameShape(prediction.shape, target.shape))
    throw new UserError(
      `${name}: the prediction ${show(prediction.shape)} and the target ${show(target.shape)} must have one shape.`,
    );
}
