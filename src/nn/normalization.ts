// Layers that bring activations to mean 0 and variance 1 and then scale and shift them: y = gamma (x - mean)/std + beta.

import { checkOptions } from "../base/arguments.js";
import { add, mul, normalize, rsqrt, sub } from "../ops/index.js";
import type { Shape } from "../tensor/shape.js";
import { noGrad } from "../tensor/tape.js";
import { runInto, type Tensor } from "../tensor/tensor.js";
import { type CallContext, Layer, type LayerOptions, layerOptions } from "./layer.js";

/** Options that both normalisations share. */
export interface NormalizationOptions extends LayerOptions {
  /** Added to the variance (default 1e-3). */
  epsilon?: number;
}

/** Normalises every position over its channels (Ba et al., 2016). Parameters: gamma and beta [channels]. */
export class LayerNormalization extends Layer {
  private gamma!: Tensor;
  private beta!: Tensor;

  constructor(private readonly options: NormalizationOptions = {}) {
    super(options);
    checkOptions("LayerNormalization", options, { ...layerOptions, epsilon: true });
  }

  protected override createWeights(inputShape: Shape): void {
    this.gamma = this.addWeight("gamma", [inputShape.at(-1)!], "ones");
    this.beta = this.addWeight("beta", [inputShape.at(-1)!], "zeros");
  }

  protected forward(x: Tensor): Tensor {
    return add(mul(normalize(x, 1, this.options.epsilon ?? 1e-3).y, this.gamma), this.beta);
  }
}

/** Options of BatchNormalization. */
export interface BatchNormalizationOptions extends NormalizationOptions {
  /** Share of the old moving average that each training step keeps (default 0.99). */
  momentum?: number;
}

/**
 * Normalises every channel over the batch and all positions (Ioffe and Szegedy, ICML 2015); without training, by moving averages
 * of the training batches' moments. Parameters: gamma and beta [channels]; state: movingMean and movingVariance [channels].
 */
export class BatchNormalization extends Layer {
  private gamma!: Tensor;
  private beta!: Tensor;
  private movingMean!: Tensor;
  private movingVariance!: Tensor;

  constructor(private readonly options: BatchNormalizationOptions = {}) {
    super(options);
    checkOptions("BatchNormalization", options, { ...layerOptions, epsilon: true, momentum: true });
  }

  protected override createWeights(inputShape: Shape): void {
    const channels = [inputShape.at(-1)!];
    this.gamma = this.addWeight("gamma", channels, "ones");
    this.beta = this.addWeight("beta", channels, "zeros");
    this.movingMean = this.addState("movingMean", channels, "zeros");
    this.movingVariance = this.addState("movingVariance", channels, "ones");
  }

  protected forward(x: Tensor, { training }: CallContext): Tensor {
    const { epsilon = 1e-3, momentum = 0.99 } = this.options;
    if (!training) {
      const scale = mul(this.gamma, rsqrt(add(this.movingVariance, epsilon)));
      return add(mul(sub(x, this.movingMean), scale), this.beta);
    }
    const batch = normalize(x, 0, epsilon);
    moveTowards(this.movingMean, batch.mean, momentum);
    moveTowards(this.movingVariance, batch.variance, momentum);
    return add(mul(batch.y, this.gamma), this.beta);
  }
}

/** average = momentum average + (1 - momentum) sample, in place and by kernels, so that a recorded step does it at every replay. */
function moveTowards(average: Tensor, sample: Tensor, momentum: number): void {
  noGrad(() => {
    const moved = add(mul(average, momentum), mul(sample, 1 - momentum));
    runInto("copy", [moved], [average], {
      shape: average.shape,
      inputStrides: [1],
      inputOffset: 0,
      outputStrides: [1],
      outputOffset: 0,
    });
  });
}
