// Validation while training: the first images of a folder, with the noise that `fovea eval` gives them (for blind networks: degraded as
// in training, always alike), restored by the model as it is at that moment. Kept cheap: a dozen images, a twentieth of the run apart.

import { UserError } from "../../base/errors.js";
import { withEveryMistake } from "../../base/every-mistake.js";
import { blindTaskOf } from "../../data/degrade/blind.js";
import { degradationStream } from "../../data/degrade/draws.js";
import { Denoiser } from "../../enhance/denoiser.js";
import { restoreAndCompare, tryOn } from "../../enhance/evaluate.js";
import { convertChannels } from "../../image/colour.js";
import { listImages, readImage } from "../../image/files.js";
import type { Image } from "../../image/image.js";
import { type Picture, toImage, toPlane } from "../../image/plane.js";
import type { ImageModel } from "../../models/index.js";
import type { Ranks } from "../../ranks/ranks.js";
import type { RunConfig } from "./run-config.js";

const mostImages = 12;
/** Validations a run has by default, and the most seconds between two. */
const validationsPerRun = 20;
const mostSeconds = 120;
/** The noise level that is validated when training covers a range with it: the literature's favourite. */
const usualSigma = 25;
const noiseSeed = 0;
/** Another than training's usual ones. */
const blindSeed = 31;

export class Validator {
  private readonly denoiser: Denoiser;
  /** The images as they are to be mended, where that is not noise of a known level. */
  private readonly degraded: readonly Image[] | undefined;

  private constructor(
    model: ImageModel,
    private readonly images: readonly Image[],
    private readonly config: RunConfig,
    eager: boolean | undefined,
  ) {
    this.denoiser = new Denoiser(model, { weightsChange: true, eager });
    const blind = blindTaskOf(config.task);
    if (blind)
      this.degraded = images.map((image, index) =>
        toImage(blind.degrade(toPlane(image), degradationStream(blindSeed, index))),
      );
  }

  static async load(
    folder: string,
    model: ImageModel,
    config: RunConfig,
    eager?: boolean,
  ): Promise<Validator> {
    const images = await withEveryMistake(listImages(folder).slice(0, mostImages), async (file) =>
      convertChannels(await readImage(file), model.channels as 1 | 3),
    );
    if (images.length === 0) throw new UserError(`--val ${folder} holds no images; give a folder that does.`);
    return new Validator(model, images, config, eager);
  }

  get cadence(): { everySteps: number } | { everySeconds: number } {
    const { valEvery, steps, minutes } = this.config;
    if (valEvery !== undefined) return { everySteps: valEvery };
    if (steps !== undefined && minutes === undefined)
      return { everySteps: Math.max(1, Math.round(steps / validationsPerRun)) };
    const share = ((minutes ?? Infinity) * 60) / validationsPerRun;
    return { everySeconds: Math.min(mostSeconds, share) };
  }

  /** The middle of the first image at the last measure: bad, restored and clean, one below the other; on rank 0. */
  sample: Image | undefined;

  /** Mean PSNR in decibel. Each rank measures some of the images, and all know the result. */
  async measure(ranks: Ranks): Promise<number> {
    const { sigma } = this.config;
    const level = typeof sigma === "number" ? sigma : Math.min(Math.max(usualSigma, sigma[0]), sigma[1]);
    const own = new Float64Array(this.images.length).fill(NaN);
    for (const [index, image] of this.images.entries()) {
      if (index % ranks.size !== ranks.rank) continue;
      const bad = this.degraded?.[index];
      const trial = await (bad
        ? restoreAndCompare(this.denoiser, bad, image, 0)
        : tryOn(this.denoiser, image, level, noiseSeed, index));
      own[index] = trial.psnr;
      if (index === 0) this.sample = sheetOf([trial.input, trial.restored, image]);
    }
    const all = await ranks.gather(new Uint8Array(own.buffer));
    const of = all.map((bytes) => new Float64Array(bytes.slice().buffer));
    return own.reduce((sum, _, index) => sum + of[index % ranks.size][index], 0) / own.length;
  }

  dispose(): void {
    this.denoiser.dispose();
  }
}

const sampleSide = 128;

/** The middles of pictures of one size, one below the other. */
function sheetOf(pictures: readonly Picture[]): Image {
  const planes = pictures.map((picture) => toPlane(picture));
  const { width, height, channels } = planes[0];
  const [w, h] = [Math.min(width, sampleSide), Math.min(height, sampleSide)];
  const [left, top] = [(width - w) >> 1, (height - h) >> 1];
  const data = new Float32Array(w * h * channels * planes.length);
  planes.forEach((plane, i) => {
    for (let y = 0; y < h; y++) {
      const from = ((top + y) * width + left) * channels;
      data.set(plane.data.subarray(from, from + w * channels), (i * h + y) * w * channels);
    }
  });
  return toImage({ width: w, height: h * planes.length, channels, data });
}
