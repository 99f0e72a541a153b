// The registry: every architecture under its name, and models from plain JSON. Weights are loaded by load.ts.

import { UserError } from "../base/errors.js";
import { registerLayer } from "../nn/config.js";
import { ConvAutoencoder } from "./conv-autoencoder.js";
import { DenseAutoencoder } from "./dense-autoencoder.js";
import { DnCNN } from "./dncnn.js";
import type { ImageModel } from "./image-model.js";
import type { ModelConfig } from "./model-config.js";
import { OnnxNetwork } from "./onnx-network.js";
import { UNet } from "./unet.js";

export { adaptWeights } from "./adapt.js";
export { ConvAutoencoder, type ConvAutoencoderOptions } from "./conv-autoencoder.js";
export { DenseAutoencoder, type DenseAutoencoderOptions } from "./dense-autoencoder.js";
export { DnCNN, type DnCNNOptions } from "./dncnn.js";
export { ImageModel } from "./image-model.js";
export type { ModelConfig } from "./model-config.js";
export { fromPyTorch, loadWeights } from "./load.js";
export { type FunctionalOptions, Model, type SummaryOptions, type TrainingArguments } from "./model.js";
export { toOnnx } from "./onnx-export.js";
export { loadOnnx, OnnxModel, type OnnxValue } from "./onnx-model.js";
export { Sequential } from "./sequential.js";
export { UNet, type UNetOptions } from "./unet.js";

for (const model of [UNet, ConvAutoencoder, DnCNN, DenseAutoencoder]) registerLayer(model);

/** An image model that can be made by name. */
export interface Architecture {
  readonly description: string;
  /** "denoise": gives back the image without its noise. "reconstruct": gives back its input, through a narrow code. */
  readonly task: "denoise" | "reconstruct";
  create(options: Readonly<Record<string, unknown>>): ImageModel;
}

/** All image models by name: what createModel takes. */
export const architectures: Readonly<Record<string, Architecture>> = {
  unet: {
    description: "U-shaped residual denoiser that takes the noise level as an input",
    task: "denoise",
    create: (options) => new UNet(options),
  },
  "conv-autoencoder": {
    description: "small residual convolutional autoencoder with skips",
    task: "denoise",
    create: (options) => new ConvAutoencoder(options),
  },
  dncnn: {
    description: "17 convolutions at full size, one network a noise level",
    task: "denoise",
    create: (options) => new DnCNN(options),
  },
  "dense-autoencoder": {
    description: "fully connected autoencoder for images of one small size",
    task: "reconstruct",
    create: (options) => new DenseAutoencoder(options),
  },
};

/** What checkpoints call a network of others that was trained on; it is made from its graph, not by name. */
const ONNX = "onnx";

/** Whether createModel makes models of that name. */
export const isArchitecture = (name: string): boolean => name === ONNX || Object.hasOwn(architectures, name);

/**
 * A built model, its parameters made from `seed`.
 * @throws UserError for an unknown architecture or option, so that configurations from files can be given.
 */
export function createModel(
  config: { architecture: string; options?: ModelConfig["options"] },
  seed = 0,
): ImageModel {
  const { architecture, options = {} } = config;
  if (architecture === ONNX) return OnnxNetwork.fromOptions(options);
  if (!Object.hasOwn(architectures, architecture))
    throw new UserError(
      `There is no model ${JSON.stringify(architecture)}; choose one of ${Object.keys(architectures).join(", ")}.`,
    );
  if (typeof options !== "object" || options === null || Array.isArray(options))
    throw new UserError(
      `The options of the model ${architecture} must be a JSON object, not ${JSON.stringify(options)}.`,
    );
  const model = architectures[architecture].create(options);
  const [height, width] = model.imageSize ?? [model.alignment, model.alignment];
  const images = [1, height, width, model.channels];
  return model.build(model.takesSigma ? [images, [1]] : images, seed) as ImageModel;
}
