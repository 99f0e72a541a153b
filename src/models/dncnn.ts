// DnCNN: a plain stack of 3x3 convolutions at full size that computes the noise (Zhang, Zuo, Chen, Meng and Zhang, "Beyond a
// Gaussian denoiser", IEEE TIP 2017), without its batch normalisation, as published weights have it folded in. One network a noise level.

import { Activation, Conv2D } from "../nn/index.js";
import type { CallContext, Inputs } from "../nn/layer.js";
import { sub } from "../ops/index.js";
import type { Tensor } from "../tensor/tensor.js";
import { ImageModel } from "./image-model.js";
import { completed, count } from "./options.js";
import { around, receptiveRadius } from "./receptive-field.js";
import { Sequential } from "./sequential.js";

/** Sizes of a DnCNN. */
export interface DnCNNOptions {
  /** Convolutions (default 17). */
  depth: number;
  /** Channels between them (default 64). */
  features: number;
  /** Channels of the images (default 1). */
  channels: number;
}

const defaults: DnCNNOptions = { depth: 17, features: 64, channels: 1 };

/** Parameters are named as in the published files: model.0.kernel, model.2.kernel, ...; the relus stand between. */
export class DnCNN extends ImageModel {
  readonly architecture = "dncnn";
  readonly options: DnCNNOptions;
  readonly model: Sequential;

  constructor(options: Partial<DnCNNOptions> = {}) {
    super();
    this.options = completed(this.architecture, options, defaults, {
      depth: count,
      features: count,
      channels: count,
    });
    const { depth, features, channels } = this.options;
    const conv = (filters: number) => new Conv2D(filters, 3, { padding: 1, kernelInitializer: "heNormal" });
    const hidden = Array.from({ length: depth - 1 }, () => [conv(features), new Activation("relu")]);
    this.model = new Sequential([...hidden.flat(), conv(channels)]);
  }

  get channels(): number {
    return this.options.channels;
  }
  get alignment(): number {
    return 1;
  }
  /** One pixel a convolution. */
  get receptiveRadius(): number {
    return receptiveRadius(
      Array.from({ length: this.options.depth }, () => around(1)),
      this.alignment,
    );
  }

  protected override forward(input: Inputs, context: CallContext): Tensor {
    const noisy = this.imagesOf(input);
    return sub(noisy, this.model.call(noisy, context));
  }
}
