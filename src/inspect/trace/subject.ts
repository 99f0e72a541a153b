// What is looked at: a model with a batch, and the one number that its gradients are of.

import type { Loss } from "../../nn/losses.js";
import type { AnyLayer } from "../../nn/layer.js";
import { listOf } from "../../nn/symbolic.js";
import { add, counterLimbs, reshape } from "../../ops/index.js";
import { tensor, type Tensor } from "../../tensor/tensor.js";

export interface Subject {
  readonly title: string;
  readonly model: AnyLayer;
  /** One tensor an input of the model, the batch axis first. */
  readonly inputs: readonly Tensor[];
  /** One tensor an output. */
  readonly targets: readonly Tensor[];
  readonly loss: Loss;
}

/** The loss of a training step, with what layers add to it, on the tape. */
export function lossOf({ model, inputs, targets, loss }: Subject): Tensor {
  const parts: Tensor[] = [];
  const context = {
    training: true,
    counter: tensor(counterLimbs(0)),
    addLoss: (_name: string, value: Tensor) => void parts.push(reshape(value, [])),
  };
  const outputs = listOf<Tensor>(model.call(inputs.length === 1 ? inputs[0] : inputs, context) as Tensor);
  const own = targets.map((target, i) => loss(outputs[i], target));
  return [...own, ...parts].reduce((total, part) => add(total, part));
}
