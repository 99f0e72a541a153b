// Conv2D and Conv2DTranspose as layers; the arithmetic and its gradients are in ops/conv2d.

import { checkCount, pairOf } from "../base/arguments.js";
import { add, conv2d, type Conv2DOptions, conv2dTranspose, type Padding } from "../ops/index.js";
import type { Shape } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { activationOf } from "./activations.js";
import { checkWeightOptions, type WeightOptions } from "./dense.js";
import { Layer } from "./layer.js";

/** Options of Conv2D and Conv2DTranspose. */
export interface Conv2DLayerOptions extends WeightOptions {
  /** Step of the window (default 1). */
  strides?: number | readonly [number, number];
  /** Default "valid". "same" pads as TensorFlow does; a number pads all four sides alike, as PyTorch does. */
  padding?: Padding;
  /** Distance between the window's taps (default 1). */
  dilationRate?: number | readonly [number, number];
  /** Channels are split into this many groups that do not see each other (default 1). */
  groups?: number;
}

abstract class Convolution extends Layer {
  static override readonly positional = ["filters", "kernelSize"];

  protected kernel!: Tensor;
  protected bias?: Tensor;

  constructor(
    readonly filters: number,
    readonly kernelSize: number | readonly [number, number],
    protected readonly options: Conv2DLayerOptions = {},
  ) {
    super(options);
    const where = this.constructor.name;
    checkWeightOptions(where, options, { strides: true, padding: true, dilationRate: true, groups: true });
    checkCount(where, "filters", filters);
    pairOf(where, "kernelSize", kernelSize);
  }

  protected abstract kernelChannels(inputs: number): readonly [number, number];
  protected abstract convolve(x: Tensor): Tensor;

  protected override createWeights(inputShape: Shape): void {
    const { kernelInitializer = "glorotUniform", biasInitializer = "zeros", useBias = true } = this.options;
    const kernelSize = pairOf(this.constructor.name, "kernelSize", this.kernelSize);
    const shape = [...kernelSize, ...this.kernelChannels(inputShape.at(-1)!)];
    this.kernel = this.addWeight("kernel", shape, kernelInitializer);
    if (useBias) this.bias = this.addWeight("bias", [this.filters], biasInitializer);
  }

  protected forward(x: Tensor): Tensor {
    const y = this.convolve(x);
    return activationOf(this.constructor.name, this.options.activation)(this.bias ? add(y, this.bias) : y);
  }

  protected get geometry() {
    const { strides, padding, dilationRate, groups } = this.options;
    return { strides, padding, dilationRate, groups } satisfies Conv2DOptions;
  }
}

/**
 * [batch, height, width, channels] to [batch, outHeight, outWidth, filters].
 * Parameters: kernel [kh, kw, channels / groups, filters], bias [filters].
 */
export class Conv2D extends Convolution {
  protected kernelChannels(inputs: number): readonly [number, number] {
    return [inputs / (this.options.groups ?? 1), this.filters];
  }
  protected convolve(x: Tensor): Tensor {
    return conv2d(x, this.kernel, this.geometry);
  }
}

/**
 * The adjoint of a Conv2D from `filters` to the input's channels: with strides it enlarges the image.
 * Parameters: kernel [kh, kw, filters / groups, channels], bias [filters].
 */
export class Conv2DTranspose extends Convolution {
  protected kernelChannels(inputs: number): readonly [number, number] {
    return [this.filters / (this.options.groups ?? 1), inputs];
  }
  protected convolve(x: Tensor): Tensor {
    return conv2dTranspose(x, this.kernel, this.geometry);
  }
}
