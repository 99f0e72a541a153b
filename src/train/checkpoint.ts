// A checkpoint is a snapshot with the run's configuration, as safetensors: the same file that `enhance` and `eval` read as a
// model. Reading and writing files is files.ts.

import { UserError } from "../base/errors.js";
import type { Safetensors, TensorToWrite } from "../formats/safetensors.js";
import type { NamedArray } from "../nn/weights.js";
import type { Snapshot } from "./snapshot.js";

/** Key of the JSON in the file's metadata that says which model the tensors belong to. */
const configKey = "fovea";
const progressKey = "fovea.progress";

export interface Checkpoint {
  readonly snapshot: Snapshot;
  /** What the run was told: architecture, options, task, data; plain JSON. */
  readonly config: unknown;
}

/** With `weightsOnly` the optimiser's memory is left out: a model to use, not to train on. */
export function encodeCheckpoint({ snapshot, config }: Checkpoint, weightsOnly = false) {
  const { tensors, ...progress } = snapshot;
  const kept = [...tensors].filter(([name]) => !weightsOnly || name.startsWith("model."));
  const metadata = { [configKey]: JSON.stringify(config), [progressKey]: JSON.stringify(progress) };
  return { tensors: new Map<string, TensorToWrite>(kept), metadata };
}

/** A checkpoint's network by the names of its tensors: with the weights' moving average in their place, where one is kept. */
export function networkOf({ tensors }: Snapshot): Map<string, NamedArray> {
  const named = (prefix: string) =>
    [...tensors]
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, saved]) => [name.slice(prefix.length), saved] as const);
  return new Map([...named("model."), ...named("average.")]);
}

/** @throws UserError when the file holds no checkpoint of this project, or numbers that are not finite */
export function decodeCheckpoint({ tensors, metadata }: Safetensors, file: string): Checkpoint {
  if (metadata[configKey] === undefined || metadata[progressKey] === undefined)
    throw new UserError(
      `${file} is no checkpoint of fovea train: it says nothing of its configuration; name a run's own file.`,
    );
  const saved = new Map<string, NamedArray>();
  for (const [name, { shape, data }] of tensors) {
    if (!(data instanceof Float32Array))
      throw new UserError(
        `${file} holds ${name} as integers, not as float32; name a checkpoint that fovea train wrote.`,
      );
    if (data.some((x) => !Number.isFinite(x)))
      throw new UserError(
        `${file} holds numbers that are not finite in ${name}; take an earlier checkpoint.`,
      );
    saved.set(name, { shape, data });
  }
  let config: unknown;
  let progress: Omit<Snapshot, "tensors">;
  try {
    config = JSON.parse(metadata[configKey]);
    progress = JSON.parse(metadata[progressKey]) as Omit<Snapshot, "tensors">;
  } catch {
    throw new UserError(`${file} holds a configuration that is not JSON; take an earlier checkpoint.`);
  }
  return { config, snapshot: { ...progress, tensors: saved } };
}
