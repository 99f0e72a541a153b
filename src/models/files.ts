// Models from files: a bundled one by its name, a run of `fovea train`, or weights from elsewhere whose architecture the caller
// names. Writing a run's files is train/'s business.

import { OptionError, UserError } from "../base/errors.js";
import { readSafetensorsFile } from "../formats/files.js";
import { bundledModel } from "./bundled-node.js";
import { createModel, type ImageModel, loadWeights, type ModelConfig } from "./index.js";
import { decodeCheckpoint, networkOf } from "../train/checkpoint.js";
import { modelFileOf } from "../train/files.js";

/** What a run of `fovea train` writes about its model into its files; the rest is training's business. */
export interface RunConfig {
  readonly model: ModelConfig;
  /** What it was trained for. */
  readonly task?: string;
  /** The noise levels it was trained on, in 8-bit grey levels: one, or [from, to]. */
  readonly sigma?: number | readonly [number, number];
}

export interface LoadedModel {
  readonly model: ImageModel;
  /** The file that was read. */
  readonly file: string;
  /** What its file says of it; nothing of weights from elsewhere. */
  readonly config?: RunConfig;
}

/**
 * Reads a model on the current backend.
 * @param nameOrFile a bundled model's name, a safetensors file, or a run's folder; "./photo" is a file whatever is bundled
 * @param architecture for files that do not say it themselves: a state dict in PyTorch's layout
 * @throws UserError when the file is not sound, is of another architecture, holds NaN, or says too little
 */
export function loadModel(nameOrFile: string, architecture?: string): LoadedModel {
  const file = bundledModel(nameOrFile)?.file ?? modelFileOf(nameOrFile);
  if (/\.onnx$/i.test(file))
    throw new UserError(
      `${file} is a network of ONNX, which enhance, eval, inspect, convert and train --init read, and loadOnnx in a program.`,
    );
  const content = readSafetensorsFile(file);
  const isOurs = content.metadata.fovea !== undefined;
  if (!isOurs && architecture === undefined)
    throw new OptionError(
      "architecture",
      `is missing: ${file} does not say which network its weights belong to; name one, for example dncnn.`,
    );
  if (!isOurs) {
    const model = createModel({ architecture: architecture! });
    loadWeights(model, content.tensors, file);
    return { model, file };
  }
  const { config, snapshot } = decodeCheckpoint(content, file);
  const known = modelPart(config, file);
  const { model: described } = known;
  if (architecture !== undefined && architecture !== described.architecture)
    throw new OptionError(
      "architecture",
      `${architecture} is not the network of ${file}, which is ${described.architecture}; leave it out.`,
    );
  const model = createModel(described);
  if (model.channels !== 1 && model.channels !== 3)
    throw new UserError(
      `${file} is a model of images of ${model.channels} channels; only grey (1) and colour (3) are read.`,
    );
  loadWeights(model, networkOf(snapshot), file);
  return { model, file, config: known };
}

/** The configuration of a file, if it describes a model. Throws UserError. */
export function modelPart(config: unknown, file: string): RunConfig {
  const { model } = (config ?? {}) as Partial<RunConfig>;
  if (typeof model !== "object" || model === null || typeof model.architecture !== "string")
    throw new UserError(`${file} does not describe its model; take a file that fovea train wrote.`);
  return config as RunConfig;
}
