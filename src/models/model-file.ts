// A model as the bytes of a safetensors file: a checkpoint that has only weights, with the model's structure in its metadata, so
// that what save writes, what `fovea train` writes and what is bundled are one kind of file. Reading it is load-model.ts.

import { readSafetensors, writeSafetensors } from "../formats/safetensors.js";
import type { AnyLayer } from "../nn/layer.js";
import { type NamedArray, readTensors, weightsOf } from "../nn/weights.js";
import type { Shape } from "../tensor/shape.js";
import { decodeCheckpoint, encodeCheckpoint, networkOf } from "../train/checkpoint.js";
import type { ModelConfig } from "./model-config.js";

export interface SavedModel {
  readonly model: ModelConfig;
  /** Of each input, with a batch of 1: what a model that was not drawn is built for. */
  readonly inputShapes?: readonly Shape[];
}

export async function encodeModel(network: AnyLayer, config: SavedModel): Promise<Uint8Array> {
  const weights = await readTensors(weightsOf(network));
  const named = new Map([...weights].map(([name, array]) => [`model.${name}`, array]));
  const { tensors, metadata } = encodeCheckpoint({
    config,
    snapshot: { step: 0, minutes: 0, tensors: named },
  });
  return writeSafetensors(tensors, metadata);
}

/** The structure and the weights by name. Throws UserError when the bytes hold no model. */
export function decodeModel(
  bytes: Uint8Array,
  source: string,
): { config: Partial<SavedModel>; weights: Map<string, NamedArray> } {
  const { config, snapshot } = decodeCheckpoint(readSafetensors(bytes, source), source);
  return { config: (config ?? {}) as Partial<SavedModel>, weights: networkOf(snapshot) };
}
