// Layers that change an image's size without parameters: pooling, upsampling, and folding pixels into channels and back.

import { checkOptions } from "../base/arguments.js";
import {
  averagePool2d,
  depthToSpace,
  type Interpolation,
  maxPool2d,
  type Padding,
  spaceToDepth,
  upsample2d,
} from "../ops/index.js";
import type { Tensor } from "../tensor/tensor.js";
import { Layer, type LayerOptions, layerOptions } from "./layer.js";

/** Options of the pooling layers. */
export interface Pooling2DOptions extends LayerOptions {
  /** Size of the window (default 2). */
  poolSize?: number | readonly [number, number];
  /** Default: the window's size. */
  strides?: number | readonly [number, number];
  /** Default "valid". Padding never wins a maximum and never counts in a mean. */
  padding?: Padding;
}

const poolingOptions = { ...layerOptions, poolSize: true, strides: true, padding: true } as const;

/** The maximum of every window: [batch, height, width, channels] to [batch, outHeight, outWidth, channels]. */
export class MaxPooling2D extends Layer {
  constructor(private readonly options: Pooling2DOptions = {}) {
    super(options);
    checkOptions("MaxPooling2D", options, poolingOptions);
  }
  protected forward(x: Tensor): Tensor {
    const { poolSize, strides, padding } = this.options;
    return maxPool2d(x, { poolSize, strides, padding });
  }
}

/** The mean of every window: [batch, height, width, channels] to [batch, outHeight, outWidth, channels]. */
export class AveragePooling2D extends Layer {
  constructor(private readonly options: Pooling2DOptions = {}) {
    super(options);
    checkOptions("AveragePooling2D", options, poolingOptions);
  }
  protected forward(x: Tensor): Tensor {
    const { poolSize, strides, padding } = this.options;
    return averagePool2d(x, { poolSize, strides, padding });
  }
}

/** Options of UpSampling2D. */
export interface UpSampling2DOptions extends LayerOptions {
  /** Whole factors for height and width (default 2). */
  size?: number | readonly [number, number];
  /** Default "nearest". */
  interpolation?: Interpolation;
}

/** The image enlarged by whole factors: [batch, height, width, channels] to [batch, height size, width size, channels]. */
export class UpSampling2D extends Layer {
  constructor(private readonly options: UpSampling2DOptions = {}) {
    super(options);
    checkOptions("UpSampling2D", options, { ...layerOptions, size: true, interpolation: true });
  }
  protected forward(x: Tensor): Tensor {
    return upsample2d(x, this.options.size, this.options.interpolation);
  }
}

/** Channels spread over blocks of pixels: [n, h, w, block^2 c] to [n, h block, w block, c]. */
export class DepthToSpace extends Layer {
  static override readonly positional = ["block"];

  constructor(
    readonly block = 2,
    options: LayerOptions = {},
  ) {
    super(options);
  }
  protected forward(x: Tensor): Tensor {
    return depthToSpace(x, this.block);
  }
}

/** Blocks of pixels folded into channels: [n, h block, w block, c] to [n, h, w, block^2 c]. */
export class SpaceToDepth extends Layer {
  static override readonly positional = ["block"];

  constructor(
    readonly block = 2,
    options: LayerOptions = {},
  ) {
    super(options);
  }
  protected forward(x: Tensor): Tensor {
    return spaceToDepth(x, this.block);
  }
}
