// fovea demo --train: the same from nothing. A small network is trained on some photographs for a minute or so, then takes the noise
// out of another one.

import path from "node:path";
import type { BackendName } from "../../backend/backend.js";
import { gaussianNoise } from "../../data/degrade/gaussian.js";
import { patchBatches } from "../../data/patch-batches.js";
import { PatchDataset, storeImage } from "../../data/patches.js";
import { Denoiser } from "../../enhance/denoiser.js";
import { enhanceImage } from "../../enhance/enhance.js";
import { readImage, writeImage } from "../../image/files.js";
import type { Image } from "../../image/image.js";
import { psnr } from "../../image/metrics.js";
import { toImage } from "../../image/plane.js";
import { sideBySide } from "../../image/side-by-side.js";
import { createModel, type ImageModel } from "../../models/index.js";
import { meanAbsoluteError } from "../../nn/losses.js";
import { Adam } from "../../optim/index.js";
import { fit } from "../../train/fit.js";
import { clock } from "../../base/units.js";
import { showProgress } from "../progress.js";
import { print, printJson, rounded, say } from "../session.js";
import { photographOf, seed, sigma, type Subject } from "./photographs.js";

const trainedOn = [
  "acanthus-mollis",
  "airplane-from-above",
  "allium-oreophilum",
  "black-canyon",
  "dust-bowl-home",
  "french-alpine-landscape",
  "march-pastoral",
];
interface Size {
  readonly model: { readonly architecture: string; readonly options: Record<string, unknown> };
  readonly patch: number;
  readonly batchSize: number;
  readonly learningRate: number;
}

/** What can be trained in a minute: plain TypeScript computes some two hundred times less in that time. */
const large: Size = {
  model: { architecture: "unet", options: { widths: [24, 48, 96], blocks: 1 } },
  patch: 64,
  batchSize: 16,
  learningRate: 2e-3,
};
const small: Size = {
  model: { architecture: "dncnn", options: { depth: 3, features: 8 } },
  patch: 32,
  batchSize: 4,
  learningRate: 1e-2,
};

export interface TrainDemo {
  readonly folder: string;
  readonly seconds: number;
  readonly json?: boolean;
  readonly backend: BackendName;
  readonly signal: AbortSignal;
}

/** Trains, takes the noise out of `clean`, and writes and prints what came of it. */
export async function trainDemo(
  clean: Image,
  { title }: Subject,
  { folder, seconds, json, backend, signal }: TrainDemo,
): Promise<void> {
  const inside = (name: string) => path.join(folder, name);
  const pictures = {
    noisy: inside("noisy.png"),
    enhanced: inside("enhanced.png"),
    sideBySide: inside("side-by-side.png"),
  };
  const size = backend === "reference" ? small : large;
  const model = createModel(size.model, seed);
  await train(model, size, { backend, seconds, signal });

  const noisy = toImage(gaussianNoise(clean, sigma, seed, 0));
  const result = await restore(model, noisy, signal);
  model.dispose();
  await writeImage(pictures.noisy, noisy);
  await writeImage(pictures.enhanced, result);
  await writeImage(pictures.sideBySide, sideBySide([noisy, result, clean]));

  const [before, after] = [psnr(clean, noisy), psnr(clean, result)];
  if (json) return printJson({ psnrNoisy: rounded(before), psnr: rounded(after), backend, ...pictures });
  print(`${title}
  with noise   ${before.toFixed(2)} dB  ${pictures.noisy}
  enhanced     ${after.toFixed(2)} dB  ${pictures.enhanced}
  side by side            ${pictures.sideBySide} (noisy, enhanced, original)`);
}

async function train(
  model: ImageModel,
  { patch, batchSize, learningRate }: Size,
  { backend, seconds, signal }: { backend: BackendName; seconds: number; signal: AbortSignal },
): Promise<void> {
  const stored = [];
  for (const name of trainedOn) stored.push(storeImage(await readImage(photographOf(name)), 1, name));
  const patches = new PatchDataset(stored, 1, { patch, batchSize, sigma: [15, 35], seed });
  say(
    `training ${model.architecture} on ${patches.size} photographs for ${clock(seconds)}, backend ${backend}`,
  );
  const progress = showProgress("train");
  const optimizer = new Adam();
  try {
    const { reason } = await fit(model, patchBatches(patches, model), {
      optimizer,
      loss: meanAbsoluteError,
      minutes: seconds / 60,
      signal,
      seed,
      learningRateAt: (share) => (learningRate * (1 + Math.cos(Math.PI * share))) / 2,
      onStep: ({ step, loss, samplesPerSecond, progress: share, secondsLeft }) =>
        progress.update(
          share,
          `step ${step}, loss ${loss.toFixed(4)}, ${samplesPerSecond.toFixed(0)} images/s, ${clock(secondsLeft ?? 0)} left`,
        ),
    });
    if (reason === "aborted") signal.throwIfAborted();
  } finally {
    progress.stop();
    optimizer.dispose();
  }
}

async function restore(model: ImageModel, noisy: Image, signal: AbortSignal): Promise<Image> {
  const denoiser = new Denoiser(model);
  const progress = showProgress("enhance");
  try {
    const onTile = (done: number, total: number) => progress.update(done / total, `tile ${done}/${total}`);
    const { image, sigmas } = await enhanceImage(noisy, denoiser, { onTile, signal });
    if (sigmas.length > 0)
      say(
        `noise added at sigma ${sigma}, estimated as ${sigmas.map((s) => s.toFixed(1)).join(", ")} in red, green, blue`,
      );
    return image;
  } finally {
    progress.stop();
    denoiser.dispose();
  }
}
