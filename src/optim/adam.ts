// Adam (Kingma and Ba, ICLR 2015): every number's step is divided by how large its gradients have been.
//
//   m = beta1 m + (1 - beta1) g          the gradient's running mean, begun at 0, hence divided by 1 - beta1^t
//   v = beta2 v + (1 - beta2) g^2        its running square, divided by 1 - beta2^t
//   p = p - learningRate ( m/(1 - beta1^t) / (sqrt(v/(1 - beta2^t)) + epsilon) + weightDecay p )
// The last term is AdamW's (Loshchilov and Hutter, ICLR 2019): it pulls p to 0 without passing through m and v.

import { checkOptions } from "../base/arguments.js";
import { runInto, type Tensor } from "../tensor/tensor.js";
import { limitNames, Optimizer, type OptimizerOptions } from "./optimizer.js";
import type { Schedule } from "./schedules.js";

/** Options of Adam. */
export interface AdamOptions extends OptimizerOptions {
  /** Default 0.9. */
  beta1?: number;
  /** Default 0.999. */
  beta2?: number;
  /** Default 1e-8. */
  epsilon?: number;
}

/** Options of AdamW. */
export interface AdamWOptions extends AdamOptions {
  /** Default 0.01. */
  weightDecay?: number;
}

/** Memory: `m` and `v`. */
export class Adam extends Optimizer {
  constructor(
    learningRate: number | Schedule = 1e-3,
    private readonly options: AdamOptions = {},
    private readonly weightDecay = 0,
  ) {
    super(learningRate, options, ["m", "v"]);
    checkOptions<object>(new.target.name, options, {
      ...limitNames,
      ...{ beta1: true, beta2: true, epsilon: true },
      ...(new.target === Adam ? {} : { weightDecay: true }),
    });
  }

  protected hyperparameters(step: number, learningRate: number): number[] {
    const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = this.options;
    const t = step + 1;
    return [learningRate, beta1, beta2, epsilon, this.weightDecay, 1 - beta1 ** t, 1 - beta2 ** t, 1];
  }

  protected update(
    parameters: readonly Tensor[],
    gradients: readonly Tensor[],
    slots: readonly (readonly Tensor[])[],
  ): void {
    const inputs = parameters.flatMap((p, i) => [p, gradients[i], ...slots[i]]);
    const outputs = parameters.flatMap((p, i) => [p, ...slots[i]]);
    runInto("adamStep", [this.hyper, ...inputs], outputs, {});
  }
}

/** Adam with weight decay that is decoupled from the gradient. */
export class AdamW extends Adam {
  constructor(learningRate: number | Schedule = 1e-3, options: AdamWOptions = {}) {
    super(learningRate, options, options.weightDecay ?? 0.01);
  }
}
