// The classic: an image as one vector, squeezed through a narrow code and unfolded again. By default for 28 x 28 digits,
// 784 - 256 - 32 - 256 - 784, relu between and a sigmoid at the end.

import { Dense } from "../nn/index.js";
import type { CallContext, Inputs } from "../nn/layer.js";
import { reshape } from "../ops/index.js";
import type { Tensor } from "../tensor/tensor.js";
import { ImageModel } from "./image-model.js";
import { completed, count, counts } from "./options.js";
import { Sequential } from "./sequential.js";

/** Sizes of a DenseAutoencoder. */
export interface DenseAutoencoderOptions {
  /** Size of the images (default 28 x 28, 1 channel). */
  height: number;
  width: number;
  channels: number;
  /** Units between the image and the code, on the way in; mirrored on the way out (default [256]). */
  hidden: readonly number[];
  /** Units of the code (default 32). */
  code: number;
}

const defaults: DenseAutoencoderOptions = { height: 28, width: 28, channels: 1, hidden: [256], code: 32 };

/** Images as [batch, height, width, channels] or already flat, [batch, height * width * channels]; the output is shaped like them. */
export class DenseAutoencoder extends ImageModel {
  readonly architecture = "dense-autoencoder";
  readonly options: DenseAutoencoderOptions;
  readonly encoder: Sequential;
  readonly decoder: Sequential;

  constructor(options: Partial<DenseAutoencoderOptions> = {}) {
    super();
    const kinds = { height: count, width: count, channels: count, hidden: counts, code: count };
    this.options = completed(this.architecture, options, defaults, kinds);
    const { height, width, channels, hidden, code } = this.options;
    const relu = (units: number) => new Dense(units, { activation: "relu", kernelInitializer: "heUniform" });
    this.encoder = new Sequential([...hidden, code].map(relu));
    const pixels = new Dense(height * width * channels, { activation: "sigmoid" });
    this.decoder = new Sequential([...[...hidden].reverse().map(relu), pixels]);
  }

  get channels(): number {
    return this.options.channels;
  }
  override get imageSize(): readonly [number, number] {
    return [this.options.height, this.options.width];
  }
  get alignment(): number {
    return 1;
  }
  /** Every pixel depends on all. */
  get receptiveRadius(): number {
    return Math.max(this.options.height, this.options.width) - 1;
  }

  /** Images to codes [batch, code]. */
  encode(x: Tensor, context?: CallContext): Tensor {
    return this.encoder.call(reshape(x, [x.shape[0], -1]), context);
  }

  /** Codes to flat images. */
  decode(code: Tensor, context?: CallContext): Tensor {
    return this.decoder.call(code, context);
  }

  protected override forward(input: Inputs, context: CallContext): Tensor {
    const x = this.imagesOf(input);
    return reshape(this.decode(this.encode(x, context), context), x.shape);
  }
}
