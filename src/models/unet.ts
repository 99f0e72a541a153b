// A U-shaped residual denoiser that knows the noise level. 2x2 pixels are folded into channels, so that the convolutions see a
// quarter of the positions, and a map of the noise level is one more channel, so that one network serves every level (both after
// Zhang, Zuo and Zhang, "FFDNet", IEEE TIP 2018); a blind network has a bias at its head instead. Residual blocks at each size on the
// way down and up, skips added, no other biases.
//
//   [h, w, c] fold, + sigma -> [h/2, w/2, 4c+1] -head-> enc.0 -down-> enc.1 -down-> enc.2       (widths 32, 64, 128)
//   x - unfold(tail(...)) <------------- tail <- dec.0 <-up, + enc.0- dec.1 <-up, + enc.1-

import { Conv2D, Conv2DTranspose } from "../nn/index.js";
import type { CallContext, Inputs } from "../nn/layer.js";
import {
  add,
  averagePool2d,
  broadcastTo,
  concatenate,
  depthToSpace,
  relu,
  reshape,
  spaceToDepth,
  sub,
} from "../ops/index.js";
import { sameShape, show } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { ImageModel } from "./image-model.js";
import { Model } from "./model.js";
import { completed, count, counts, flag } from "./options.js";
import { around, enlarge, receptiveRadius, shrink } from "./receptive-field.js";
import { Sequential } from "./sequential.js";

/** Sizes of a UNet. */
export interface UNetOptions {
  /** Channels at each size, from the finest (half the image's) on, each half the one before (default [32, 64, 128]). */
  widths: readonly number[];
  /** Residual blocks at each size, on the way down and on the way up (default 2). */
  blocks: number;
  /** Channels of the images (default 1). */
  channels: number;
  /** Takes the noise level as an input (default true); a blind network (false) is given images alone. */
  sigma: boolean;
}

const defaults: UNetOptions = { widths: [32, 64, 128], blocks: 2, channels: 1, sigma: true };

const conv3 = (filters: number, useBias = false) =>
  new Conv2D(filters, 3, { padding: 1, useBias, kernelInitializer: "fanInUniform" });

/** x + b(relu(a(x))) */
class Residual extends Model {
  readonly a: Conv2D;
  readonly b: Conv2D;

  constructor(width: number) {
    super();
    this.a = conv3(width);
    this.b = conv3(width);
  }

  protected override forward(x: Tensor, context: CallContext): Tensor {
    return add(x, this.b.call(relu(this.a.call(x, context)), context));
  }
}

/** Input: [images, sigma], sigma [batch] or [batch, height, width, 1] in the images' unit (grey levels / 255); images alone with `sigma:
 * false`. */
export class UNet extends ImageModel {
  readonly architecture = "unet";
  readonly options: UNetOptions;
  override readonly takesSigma: boolean;
  readonly head: Conv2D;
  readonly tail: Conv2D;
  readonly enc: readonly Sequential[];
  readonly dec: readonly Sequential[];
  readonly down: readonly Conv2D[];
  readonly up: readonly Conv2DTranspose[];

  constructor(options: Partial<UNetOptions> = {}) {
    super();
    this.options = completed(this.architecture, options, defaults, {
      widths: counts,
      blocks: count,
      channels: count,
      sigma: flag,
    });
    this.takesSigma = this.options.sigma;
    const { widths, blocks, channels } = this.options;
    const level = (width: number) =>
      new Sequential(Array.from({ length: blocks }, () => new Residual(width)));
    const resize = { strides: 2, useBias: false, kernelInitializer: "fanInUniform" } as const;
    // Without a level and without biases f(a x) would be a f(x): blind even to how strong faint texture is.
    this.head = conv3(widths[0], !this.takesSigma);
    this.tail = conv3(4 * channels);
    this.enc = widths.map(level);
    this.dec = widths.slice(0, -1).map(level);
    this.down = widths.slice(1).map((width) => new Conv2D(width, 2, resize));
    this.up = widths.slice(0, -1).map((width) => new Conv2DTranspose(width, 2, resize));
  }

  get channels(): number {
    return this.options.channels;
  }
  /** The fold, and a halving between every two sizes: 8 by default. */
  get alignment(): number {
    return 2 ** this.options.widths.length;
  }
  /** Along the deepest path; the skips look less far, inside the same intervals. Two 3x3 convolutions a block. */
  get receptiveRadius(): number {
    const level = around(2 * this.options.blocks);
    const halvings = this.options.widths.slice(1);
    return receptiveRadius(
      [
        ...[shrink(2), around(1), level],
        ...halvings.flatMap(() => [shrink(2), level]),
        ...halvings.flatMap(() => [enlarge(2), level]),
        ...[around(1), enlarge(2)],
      ],
      this.alignment,
    );
  }

  protected override forward(input: Inputs, context: CallContext): Tensor {
    const [x, sigma] = this.imagesAndSigma(input);
    const skips: Tensor[] = [];
    let z = this.head.call(withLevels(spaceToDepth(x, 2), sigma), context);
    for (const [i, down] of this.down.entries()) {
      skips.push(this.enc[i].call(z, context));
      z = down.call(skips[i], context);
    }
    z = this.enc[this.down.length].call(z, context);
    for (const [i, skip] of [...skips.entries()].reverse())
      z = this.dec[i].call(add(this.up[i].call(z, context), skip), context);
    return sub(x, depthToSpace(this.tail.call(z, context), 2));
  }

  private imagesAndSigma(input: Inputs): readonly [Tensor, Tensor | undefined] {
    const { alignment, channels, takesSigma } = this;
    if (takesSigma && ("shape" in input || input.length !== 2))
      throw new Error("unet: expected [images, sigma], two tensors.");
    const [x, sigma] = takesSigma ? (input as readonly Tensor[]) : [this.imagesOf(input), undefined];
    if (
      x.rank !== 4 ||
      x.shape[3] !== channels ||
      x.shape[1] % alignment !== 0 ||
      x.shape[2] % alignment !== 0
    )
      throw new Error(
        `unet: expected images [batch, height, width, ${channels}] with height and width multiples of ${alignment}, got ${show(x.shape)}.`,
      );
    const map = [...x.shape.slice(0, 3), 1];
    if (sigma && sigma.size !== x.shape[0] && !sameShape(sigma.shape, map))
      throw new Error(
        `unet: expected one sigma an image, [${x.shape[0]}], or one a pixel, ${show(map)}, got ${show(sigma.shape)}.`,
      );
    return [x, sigma];
  }
}

/** The noise level as one more channel: each image's, or of a map the mean over the 2x2 pixels that are folded into one. */
function withLevels(folded: Tensor, sigma: Tensor | undefined): Tensor {
  if (!sigma) return folded;
  const [n, h, w] = folded.shape;
  const levels =
    sigma.size === n ? broadcastTo(reshape(sigma, [n, 1, 1, 1]), [n, h, w, 1]) : averagePool2d(sigma);
  return concatenate([folded, levels]);
}
