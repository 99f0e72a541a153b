// What a model that turns images into images tells those who train and tile with it.

import type { CallContext, Inputs } from "../nn/layer.js";
import type { Tensor } from "../tensor/tensor.js";
import { Model } from "./model.js";
import type { ModelConfig } from "./model-config.js";

/** Images [batch, height, width, channels] in [0, 1] to images of the same shape. */
export abstract class ImageModel extends Model<Inputs> {
  /** The model's name in the registry (models/index.ts). */
  abstract readonly architecture: string;
  /** All options, defaults filled in. */
  abstract readonly options: object;
  abstract readonly channels: number;
  /**
   * The model's input is [images, sigma], with sigma the standard deviation of the noise in the images' unit (grey levels / 255):
   * [batch], or [batch, height, width, 1] where it differs over the image.
   */
  readonly takesSigma: boolean = false;
  /** Height and width must be multiples of this, and tiles must begin at multiples of it. */
  abstract readonly alignment: number;
  /** An output pixel depends on no input pixel further away than this, in y or in x: the overlap that tiles need. */
  abstract readonly receptiveRadius: number;
  /** Values a pixel of what `restore` gives: its channels, or blocks of pixels of a model that enlarges. */
  get answerChannels(): number {
    return this.channels;
  }
  /** Height and width, where the model takes one size only. */
  get imageSize(): readonly [height: number, width: number] | undefined {
    return undefined;
  }

  override getConfig(): Record<string, unknown> {
    return { ...this.options };
  }

  get config(): ModelConfig {
    return { architecture: this.architecture, options: { ...this.options } };
  }

  protected override structure(): ModelConfig {
    return this.config;
  }

  /** Calls the model, with the noise level if it takes one. */
  restore(images: Tensor, sigma: Tensor, context?: CallContext): Tensor {
    return this.call(this.takesSigma ? [images, sigma] : images, context);
  }

  /** The one tensor that a model without a noise level takes. */
  protected imagesOf(input: Inputs): Tensor {
    if (!("shape" in input))
      throw new Error(`${this.architecture}: expected one tensor of images, not a list of ${input.length}.`);
    return input;
  }
}
