// Gradient descent, with momentum if wanted.
//
//   g' = g + weightDecay p        v = momentum v + g'        p = p - learningRate v
//   Nesterov looks ahead:         p = p - learningRate (g' + momentum v)
// Polyak (1964); Nesterov's in the form of Sutskever et al. (ICML 2013), as PyTorch has it.

import { checkOptions } from "../base/arguments.js";
import { runInto, type Tensor } from "../tensor/tensor.js";
import { limitNames, Optimizer, type OptimizerOptions } from "./optimizer.js";
import type { Schedule } from "./schedules.js";

/** Options of SGD. */
export interface SGDOptions extends OptimizerOptions {
  /** Share of the last step's velocity that is kept (default 0). */
  momentum?: number;
  /** Default false. */
  nesterov?: boolean;
  /** Pulls every parameter towards 0: adds weightDecay p to its gradient (default 0). */
  weightDecay?: number;
}

/** Stochastic gradient descent: each step sees one batch. Memory: `velocity`. */
export class SGD extends Optimizer {
  constructor(
    learningRate: number | Schedule = 0.01,
    private readonly options: SGDOptions = {},
  ) {
    super(learningRate, options, ["velocity"]);
    checkOptions<object>(new.target.name, options, {
      ...limitNames,
      ...(new.target === GradientDescent ? {} : { momentum: true, nesterov: true, weightDecay: true }),
    });
  }

  protected hyperparameters(_step: number, learningRate: number): number[] {
    const { momentum = 0, weightDecay = 0 } = this.options;
    return [learningRate, momentum, weightDecay, 1];
  }

  protected update(
    parameters: readonly Tensor[],
    gradients: readonly Tensor[],
    slots: readonly (readonly Tensor[])[],
  ): void {
    const inputs = parameters.flatMap((p, i) => [p, gradients[i], ...slots[i]]);
    const outputs = parameters.flatMap((p, i) => [p, ...slots[i]]);
    runInto("sgdStep", [this.hyper, ...inputs], outputs, { nesterov: this.options.nesterov ?? false });
  }
}

/**
 * Gradient descent on the full batch: p = p - learningRate dLoss/dp, where the loss is over all the data at every step (`fit` with
 * batchSize as large as the data). SGD without momentum under its plain name.
 */
export class GradientDescent extends SGD {
  constructor(learningRate: number | Schedule = 0.01, options: OptimizerOptions = {}) {
    super(learningRate, options);
  }
}
