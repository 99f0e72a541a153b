// A small residual denoising autoencoder: three convolutions in, of which two halve the image, three out with nearest-neighbour
// upsampling between them, and a skip at each size. What it computes is the noise, which is taken off the input.
//
//   x [h, w, c] -e1-> a [h, w, 32] -e2-> b [h/2, w/2, 64] -e3-> [h/4, w/4, 128]
//   x - d1 [h, w, c] <-d1- d2 + a [h, w, 32] <-d2- d3 + b [h/2, w/2, 64] <-d3- upsampled

import { Conv2D } from "../nn/index.js";
import type { CallContext, Inputs } from "../nn/layer.js";
import { add, sub, upsample2d } from "../ops/index.js";
import type { Tensor } from "../tensor/tensor.js";
import { ImageModel } from "./image-model.js";
import { completed, count, counts } from "./options.js";
import { around, enlarge, receptiveRadius, type Step } from "./receptive-field.js";

/** Sizes of a ConvAutoencoder. */
export interface ConvAutoencoderOptions {
  /** Channels at full, half and quarter size (default [32, 64, 128]). */
  widths: readonly number[];
  /** Channels of the images (default 1). */
  channels: number;
}

const defaults: ConvAutoencoderOptions = { widths: [32, 64, 128], channels: 1 };
const three = {
  wanted: "a list of three whole numbers from 1 to 65536",
  check: (v: unknown) => counts.check(v) && (v as unknown[]).length === 3,
};

/** Images [batch, height, width, channels] in [0, 1], sides multiples of 4, to the same without noise. */
export class ConvAutoencoder extends ImageModel {
  readonly architecture = "conv-autoencoder";
  readonly options: ConvAutoencoderOptions;
  readonly e1: Conv2D;
  readonly e2: Conv2D;
  readonly e3: Conv2D;
  readonly d3: Conv2D;
  readonly d2: Conv2D;
  readonly d1: Conv2D;

  constructor(options: Partial<ConvAutoencoderOptions> = {}) {
    super();
    this.options = completed(this.architecture, options, defaults, { widths: three, channels: count });
    const { widths, channels } = this.options;
    const conv = (filters: number, strides = 1) =>
      new Conv2D(filters, 3, { strides, padding: 1, activation: "relu", kernelInitializer: "fanInUniform" });
    this.e1 = conv(widths[0]);
    this.e2 = conv(widths[1], 2);
    this.e3 = conv(widths[2], 2);
    this.d3 = conv(widths[1]);
    this.d2 = conv(widths[0]);
    this.d1 = new Conv2D(channels, 3, { padding: 1, kernelInitializer: "fanInUniform" });
  }

  get channels(): number {
    return this.options.channels;
  }
  /** Two halvings. */
  get alignment(): number {
    return 4;
  }
  /** Along the deepest path; the skips look less far, inside the same intervals. */
  get receptiveRadius(): number {
    const halving: Step = { kind: "window", size: 3, stride: 2, padding: 1 };
    const encoder = [around(1), halving, halving];
    const decoder = [enlarge(2), around(1), enlarge(2), around(1), around(1)];
    return receptiveRadius([...encoder, ...decoder], this.alignment);
  }

  protected override forward(input: Inputs, context: CallContext): Tensor {
    const x = this.imagesOf(input);
    const a = this.e1.call(x, context);
    const b = this.e2.call(a, context);
    const c = this.e3.call(b, context);
    const d = add(this.d3.call(upsample2d(c), context), b);
    const e = add(this.d2.call(upsample2d(d), context), a);
    return sub(x, this.d1.call(e, context));
  }
}
