// Metrics: how often a prediction is right. Losses (losses.ts) serve as metrics, too.

import { UserError } from "../base/errors.js";
import { argMax, equal, greater, mean, reshape } from "../ops/index.js";
import { show, sizeOf } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { expectSame } from "./losses.js";

/** The share, in [0, 1], of predictions that lie on the target's side of 1/2: two tensors of one shape to a scalar. */
export function binaryAccuracy(prediction: Tensor, target: Tensor): Tensor {
  expectSame("binaryAccuracy", prediction, target);
  return mean(equal(greater(prediction, 0.5), target));
}

/** The share, in [0, 1], of rows whose largest prediction is where the target, one-hot, is largest: [..., classes] both. */
export function categoricalAccuracy(prediction: Tensor, target: Tensor): Tensor {
  expectSame("categoricalAccuracy", prediction, target);
  return mean(equal(argMax(prediction), argMax(target)));
}

/** The share of rows whose largest prediction is that of the class number in the target: [..., classes] with [...] or [..., 1]. */
export function sparseCategoricalAccuracy(prediction: Tensor, target: Tensor): Tensor {
  const labels = prediction.shape.slice(0, -1);
  if (target.size !== sizeOf(labels))
    throw new UserError(
      `sparseCategoricalAccuracy: a prediction ${show(prediction.shape)} needs a class number for each row, not ${show(target.shape)}.`,
    );
  return mean(equal(argMax(prediction), reshape(target, labels)));
}

/**
 * As Keras's "accuracy": binary for one output a row, else of classes, which the target gives one-hot, [..., classes], or as
 * numbers, [...].
 */
export function accuracy(prediction: Tensor, target: Tensor): Tensor {
  const classes = prediction.shape.at(-1);
  if (target.size !== prediction.size) return sparseCategoricalAccuracy(prediction, target);
  return classes === 1 ? binaryAccuracy(prediction, target) : categoricalAccuracy(prediction, target);
}
