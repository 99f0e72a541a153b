// A network of ONNX in the place of one of this project: pictures in [0, 1], channels last, in RGB, whatever the network itself is
// used to. How it is used was found out by probe.ts and is kept beside the file (onnx-network-node.ts).

import type { Inputs } from "../nn/layer.js";
import { broadcastTo, concatenate, div, flip, mul, reshape, spaceToDepth } from "../ops/index.js";
import type { Tensor } from "../tensor/tensor.js";
import { ImageModel } from "../models/image-model.js";
import type { OnnxModel } from "../models/onnx-model.js";
import { type ImageUse, pictureInputs } from "./probe.js";

export class OnnxNetwork extends ImageModel {
  readonly architecture = "onnx";
  readonly options: ImageUse;
  override readonly takesSigma: boolean;
  readonly channels: number;
  readonly alignment: number;
  readonly receptiveRadius: number;

  constructor(
    readonly network: OnnxModel,
    readonly use: ImageUse,
  ) {
    super();
    this.options = use;
    this.takesSigma = use.sigma !== "none";
    this.channels = use.channels;
    this.alignment = use.alignment;
    this.receptiveRadius = use.receptiveRadius ?? Infinity;
    this.makeWeights([]);
  }

  override get answerChannels(): number {
    return this.channels * this.use.scale ** 2;
  }

  protected override forward(input: Inputs): Tensor {
    const [images, sigma] = "shape" in input ? [input, undefined] : input;
    const { range, order, sigma: place } = this.use;
    const turned = (t: Tensor): Tensor => (order === "bgr" && this.use.channels === 3 ? flip(t, 3) : t);
    const scaled = (t: Tensor): Tensor => (range === 1 ? t : mul(t, range));
    const picture = scaled(turned(images));
    const y = this.network.call(this.inputsFor(picture, sigma && scaled(sigma), place)) as Tensor;
    const answer = turned(range === 1 ? y : div(y, range));
    return this.use.scale === 1 ? answer : spaceToDepth(answer, this.use.scale);
  }

  /** The network's own inputs, in its own order. */
  private inputsFor(picture: Tensor, sigma: Tensor | undefined, place: ImageUse["sigma"]): Inputs {
    if (!sigma || place === "none") return picture;
    const [n, h, w] = picture.shape;
    if (place === "channel") {
      const map = sigma.rank === 4 ? sigma : broadcastTo(reshape(sigma, [n, 1, 1, 1]), [n, h, w, 1]);
      return concatenate([picture, map]);
    }
    const { image, sigma: level } = pictureInputs(this.network);
    const own = level!.shape!.length === 0 ? reshape(sigma, []) : sigma;
    return this.network.inputs.map((input) => (input === image ? picture : own));
  }
}
