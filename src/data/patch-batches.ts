// Patches of photographs as what fit() trains a model on: noisy to clean.

import type { ImageModel } from "../models/index.js";
import type { TrainingData } from "../train/data.js";
import type { PatchDataset } from "./patches.js";

/** Batches as the model takes them: with the noise level, in the images' unit, where it wants it. */
export function patchBatches(patches: PatchDataset, model: ImageModel): TrainingData {
  const { batchSize, patch, channels } = patches;
  const images = [batchSize, patch, patch, channels];
  return {
    inputShapes: model.takesSigma ? [images, [batchSize]] : [images],
    targetShape: images,
    stepsPerEpoch: Math.ceil(patches.size / batchSize),
    batch(step, rows) {
      const { clean, noisy, sigma } = patches.batch(step, rows?.first, rows?.count);
      return { inputs: model.takesSigma ? [noisy, sigma.map((s) => s / 255)] : [noisy], target: clean };
    },
  };
}
