// A network of ONNX in the place of one of this project: pictures in [0, 1], channels last, in RGB, whatever the network itself is
// used to. How it is used was found out by enhance/probe.ts and is kept beside the file, or in the checkpoint of a run that trains it on.

import { UserError } from "../base/errors.js";
import { zerosBeside } from "../formats/onnx/skeleton.js";
import type { Inputs } from "../nn/layer.js";
import { broadcastTo, concatenate, div, flip, mul, reshape, spaceToDepth } from "../ops/index.js";
import type { Tensor } from "../tensor/tensor.js";
import { ImageModel } from "./image-model.js";
import { type OnnxModel, type OnnxValue, readOnnx } from "./onnx-model.js";

/** How a network is used on pictures; kept in a JSON file beside it, where every entry may be corrected by hand. */
export interface ImageUse {
  /** White: 1 or 255. */
  readonly range: 1 | 255;
  readonly order: "rgb" | "bgr";
  /** Of the picture. */
  readonly channels: 1 | 3;
  /** How the noise level is given: not at all, as an input of its own, or as one more channel of the picture. */
  readonly sigma: "none" | "input" | "channel";
  readonly scale: number;
  readonly alignment: number;
  /** In pixels of the picture; null where a pixel depends on all others, so that pictures cannot be cut. */
  readonly receptiveRadius: number | null;
}

/** A description from a file, if it is one. */
export function soundUse(given: Partial<Record<keyof ImageUse, unknown>>): ImageUse | undefined {
  const { range, order, channels, sigma, scale, alignment, receptiveRadius } = given as ImageUse;
  const isCount = (n: unknown) => Number.isSafeInteger(n) && (n as number) >= 1;
  const sound =
    (range === 1 || range === 255) &&
    (order === "rgb" || order === "bgr") &&
    (channels === 1 || channels === 3) &&
    ["none", "input", "channel"].includes(sigma) &&
    isCount(scale) &&
    isCount(alignment) &&
    (receptiveRadius === null || (Number.isSafeInteger(receptiveRadius) && receptiveRadius >= 0));
  return sound ? { range, order, channels, sigma, scale, alignment, receptiveRadius } : undefined;
}

/** The inputs that a network of pictures has. @throws UserError where it has others */
export function pictureInputs(model: OnnxModel): { image: OnnxValue; sigma: OnnxValue | undefined } {
  const names = () =>
    model.inputs.map(({ name, shape }) => `${name} [${shape?.map((n) => n ?? "any").join(", ") ?? "?"}]`);
  const images = model.inputs.filter(({ shape }) => shape === undefined || shape.length === 4);
  const others = model.inputs.filter((input) => !images.includes(input));
  const isLevel = ({ shape }: OnnxValue) => shape !== undefined && shape.length <= 1;
  if (images.length !== 1 || model.outputs.length !== 1 || others.length > 1 || !others.every(isLevel))
    throw new UserError(
      `The network is none from a picture to a picture: its inputs are ${names().join(" and ")}, its outputs ${model.outputs.map(({ name }) => name).join(", ")}.`,
    );
  return { image: images[0], sigma: others[0] };
}

export class OnnxNetwork extends ImageModel {
  readonly architecture = "onnx";
  readonly options: ImageUse & { readonly graph?: string };
  override readonly takesSigma: boolean;
  readonly channels: number;
  readonly alignment: number;
  readonly receptiveRadius: number;

  /** @param graph without its weights, in base64, for a model that shall be made again from its options */
  constructor(
    readonly network: OnnxModel,
    readonly use: ImageUse,
    graph?: string,
  ) {
    super();
    this.options = graph === undefined ? use : { ...use, graph };
    this.takesSigma = use.sigma !== "none";
    this.channels = use.channels;
    this.alignment = use.alignment;
    this.receptiveRadius = use.receptiveRadius ?? Infinity;
    this.makeWeights([]);
  }

  /** The same network again, weights zero. Throws UserError for options that are none of such a network. */
  static fromOptions(options: Readonly<Record<string, unknown>>): OnnxNetwork {
    const use = soundUse(options);
    const { graph } = options;
    if (!use || typeof graph !== "string" || !/^[A-Za-z0-9+/=]+$/.test(graph))
      throw new UserError("A network of ONNX is made from a file; name it, for example --init network.onnx.");
    const bytes = Uint8Array.from(atob(graph), (letter) => letter.charCodeAt(0));
    return new OnnxNetwork(readOnnx(bytes, "The network's graph", zerosBeside), use, graph);
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
