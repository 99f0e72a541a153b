// An image in, a better image out: what a model of one or three channels does with grey, colour, alpha and either bit depth.
// Running the model is denoiser.ts, the noise level noise-level.ts, what no result may be audit.ts, files files.ts.

import { UserError } from "../base/errors.js";
import { isGrey } from "../image/colour.js";
import { withHiddenFilled } from "../image/hidden.js";
import type { Image, Levels } from "../image/image.js";
import { Audit } from "./audit.js";
import type { Denoiser, Sigma } from "./denoiser.js";
import { isClean, isDrawn, type Noise, noiseIn } from "./noise.js";
import { imagePixels } from "./pixels.js";

/** How strongly, and with which noise level (in 8-bit grey levels), a picture is enhanced. */
export interface EnhanceImageOptions {
  /** Of the noise: one level, a map of them, or "auto" to estimate it for each channel (default). Blind models take none. */
  sigma?: Sigma | "auto";
  /**
   * How much of it, in [0, 2]: 0 gives the picture back bit by bit, 1 (default) what the model was trained to give, between them
   * a mixture; above 1 the model is run once more on its own result, and that is mixed in.
   */
  strength?: number;
  /** Told after each tile: done and total count the whole image's tiles. */
  onTile?(done: number, total: number): void;
  signal?: AbortSignal;
}

/** A better picture, and what was done to it. */
export interface Enhanced {
  /** Size, channels and bit depth of the input; alpha untouched; clipped and rounded. */
  readonly image: Image;
  /** The noise level that was given to the model, for each channel it was called on; empty when it takes none, or a map. */
  readonly sigmas: readonly number[];
  /** What was found in the picture; undefined when the level was told, or nobody had to know it. */
  readonly noise?: Noise;
  /** No noise was found, so the picture is as it was. */
  readonly untouched: boolean;
}

/** The channels of an image that a model is called on together; see imagePixels. */
interface Run {
  readonly first: number;
  readonly count: number;
  readonly copies: number;
}

/**
 * Restores an image. A grey model is called on each channel of a colour image; a colour model sees a grey image three times and
 * its answers are averaged. An image in which no noise is found comes back as it is.
 * @throws UnsoundResult when the model's answer cannot be an enhanced picture; UserError for a strength out of range
 */
export async function enhanceImage(
  image: Image,
  denoiser: Denoiser,
  options: EnhanceImageOptions = {},
): Promise<Enhanced> {
  const { sigma = "auto", strength = 1, signal } = options;
  if (!(strength >= 0 && strength <= 2))
    throw new UserError(`The strength ${strength} is not within 0 to 2; give for example 1.`);
  const asItWas = { image: { ...image, pixels: image.pixels.slice() }, sigmas: [], untouched: true };
  if (strength === 0) return { ...asItWas, untouched: false };
  const { takesSigma, channels } = denoiser.model;
  const noise = takesSigma && sigma === "auto" ? await noiseIn(image, signal) : undefined;
  if (noise ? isClean(noise) : !takesSigma && isDrawn(image)) return { ...asItWas, noise };

  const colours = isGrey(image) ? 1 : 3;
  const copies = channels > colours ? channels / colours : 1;
  const count = Math.min(channels, colours);
  const runs = Array.from({ length: colours / count }, (_, i): Run => ({ first: i * count, count, copies }));
  const levels = runs.map((run) => (noise ? levelFor(noise, run) : (sigma as Sigma)));
  const passes = strength > 1 ? 2 : 1;
  const total = runs.length * passes;
  let result = image;
  for (let pass = 0; pass < passes; pass++) {
    const pixels: Levels = result.pixels.slice(); // alpha stays as it is, and what it hides
    const source = await withHiddenFilled(result);
    const share = pass === 0 ? Math.min(1, strength) : strength - 1;
    for (const [i, run] of runs.entries()) {
      const audit = new Audit(imagePixels(source, pixels, { ...run, share }), channels);
      const onTile = (done: number, tiles: number) =>
        options.onTile?.((pass * runs.length + i) * tiles + done, total * tiles);
      await denoiser.restore(audit, takesSigma ? levels[i] : 0, { onTile, signal });
      // A blind model's picture is looked at for noise only where the model has found none.
      const found = pass === 0 && (noise ?? (audit.isUnchanged ? await noiseIn(image, signal) : undefined));
      audit.conclude(found && sigma === "auto" ? levelFor(found, run) >= 1 : false);
    }
    result = { ...result, pixels };
  }
  const told = takesSigma ? levels.filter((level) => typeof level === "number") : [];
  return { image: result, sigmas: told, noise, untouched: false };
}

/** Channels differ in noise; a model that takes one level for all gets their root mean square. */
function levelFor({ sigmas }: Noise, { first, count }: Run): number {
  const variances = sigmas.slice(first, first + count).map((s) => s * s);
  return Math.sqrt(variances.reduce((a, b) => a + b, 0) / count);
}
