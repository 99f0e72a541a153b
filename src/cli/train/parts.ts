// What `fovea train` puts together for a run, and for a rehearsal of one: patches, network, moving average, validation.

import { blindTaskOf } from "../../data/degrade/blind.js";
import { loadPatches } from "../../data/files.js";
import type { PatchDataset } from "../../data/patches.js";
import { readNetworkOfOthers } from "../../enhance/others-node.js";
import { loadModel } from "../../models/files.js";
import { adaptWeights, createModel, type ImageModel, loadWeights } from "../../models/index.js";
import { isOfOthers } from "../../models/others-node.js";
import { readTensors, weightsOf } from "../../nn/weights.js";
import type { RunConfig, TrainFlags } from "./run-config.js";
import { Validator } from "./validator.js";

/** What a run is made of. */
export interface Parts {
  readonly patches: PatchDataset;
  readonly model: ImageModel;
  /** The weights' moving average, with --ema. */
  readonly average: ImageModel | undefined;
  readonly validator: Validator | undefined;
}

/**
 * Reads the pictures and makes the network.
 * @param begins a new run; one that is resumed takes its weights from the checkpoint
 */
export async function loadParts(config: RunConfig, begins: boolean, { eager }: TrainFlags): Promise<Parts> {
  const { degrade, soften } = blindTaskOf(config.task) ?? {};
  const patches = await loadPatches(config.data, channelsOf(config), {
    patch: config.patch,
    batchSize: config.batch,
    sigma: config.sigma,
    seed: config.seed,
    draw: config.draw,
    degrade,
    soften,
  });
  const model = await newModel(config, begins);
  const average = config.ema === undefined ? undefined : await newModel(config, begins);
  const validator =
    config.val === undefined ? undefined : await Validator.load(config.val, average ?? model, config, eager);
  return { patches, model, average, validator };
}

export function disposeParts({ model, average, validator }: Parts): void {
  validator?.dispose();
  model.dispose();
  average?.dispose();
}

/** The run's network as it begins: drawn from the seed, or from --init. */
async function newModel({ model: described, seed, init }: RunConfig, begins: boolean): Promise<ImageModel> {
  const model = createModel(described, seed);
  if (init === undefined || !begins) return model;
  if (isOfOthers(init)) {
    const source = await readNetworkOfOthers(init);
    loadWeights(model, await readTensors(weightsOf(source)), init);
    source.dispose();
    return model;
  }
  const { model: source, file } = loadModel(init);
  const weights = adaptWeights(await readTensors(weightsOf(source)), source.config, model);
  source.dispose();
  loadWeights(model, weights, file);
  return model;
}

const channelsOf = (config: RunConfig) => config.model.options.channels as 1 | 3;
