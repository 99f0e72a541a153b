// The exponential moving average of a model's weights while it trains (Polyak and Juditsky, 1992): smoother than the weights of any
// one step, and usually better on pictures that training has not seen.
//
//   average -= (1 - decay) (average - weight)      one step of gradient descent on (average - weight)² / 2, and computed as that

import type { AnyLayer } from "../nn/layer.js";
import { sub } from "../ops/index.js";
import { GradientDescent } from "../optim/index.js";
import type { Tensor } from "../tensor/tensor.js";

export class MovingAverage {
  private readonly descent = new GradientDescent(0);

  /**
   * @param model a second one like that which trains, built; its parameters are the average
   * @param decay in [0, 1): 0.999 looks back over about 1000 steps
   */
  constructor(
    readonly model: AnyLayer,
    readonly decay: number,
  ) {
    this.descent.build(model.parameters());
  }

  /** Before a step's computation. The first steps, counted from 0, look back less far, as the weights that the run began with must not
   * linger. */
  beginStep(step: number): void {
    this.descent.beginStep(step, 1 - Math.min(this.decay, (1 + step) / (10 + step)));
  }

  /** Moves the average towards these parameters, which have the same names and order. */
  follow(parameters: ReadonlyMap<string, Tensor>): void {
    const averages = this.model.parameters();
    this.descent.apply(
      averages,
      [...averages].map(([name, average]) => sub(average, parameters.get(name)!)),
    );
  }

  /** The averages, by the parameters' names: what a checkpoint holds. */
  state(): ReadonlyMap<string, Tensor> {
    return this.model.parameters();
  }

  /** The model stays the caller's. */
  dispose(): void {
    this.descent.dispose();
  }
}
