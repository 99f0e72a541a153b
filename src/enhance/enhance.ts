// An image in, a better image out: what a model of one or three channels does with grey, colour, alpha and either bit depth.
// Running the model is denoiser.ts, the noise level noise-level.ts, files files.ts.

import { isGrey } from "../image/colour.js";
import type { Image } from "../image/image.js";
import { withHiddenFilled } from "../image/hidden.js";
import type { Denoiser } from "./denoiser.js";
import { estimateSigma } from "./noise-level.js";
import { imagePixels } from "./pixels.js";

export interface EnhanceOptions {
  /** Standard deviation of the noise in 8-bit grey levels, or "auto" to estimate it for each channel (default). */
  sigma?: number | "auto";
  /** Told after each tile: done and total count the whole image's tiles. */
  onTile?(done: number, total: number): void;
  signal?: AbortSignal;
}

export interface Enhanced {
  /** Size, channels and bit depth of the input; alpha untouched; clipped and rounded. */
  readonly image: Image;
  /** The noise level that was given to the model, for each channel it was called on; empty when it takes none. */
  readonly sigmas: readonly number[];
}

/**
 * Restores an image. A grey model is called on each channel of a colour image; a colour model sees a grey image three times and
 * its answers are averaged.
 */
export async function enhanceImage(
  image: Image,
  denoiser: Denoiser,
  options: EnhanceOptions = {},
): Promise<Enhanced> {
  const { takesSigma, channels } = denoiser.model;
  const colours = isGrey(image) ? 1 : 3;
  const copies = channels > colours ? channels / colours : 1;
  const count = Math.min(channels, colours);
  const runs = Array.from({ length: colours / count }, (_, i) => ({ first: i * count, count, copies }));
  const sigmas = takesSigma ? runs.map((run) => sigmaFor(image, run, options.sigma ?? "auto")) : [];
  const pixels = image.pixels.slice(); // alpha stays as it is, and what it hides
  const source = await withHiddenFilled(image);
  for (const [i, run] of runs.entries()) {
    const onTile = (done: number, total: number) => options.onTile?.(i * total + done, runs.length * total);
    const { signal } = options;
    await denoiser.restore(imagePixels(source, pixels, run), sigmas[i] ?? 0, { onTile, signal });
  }
  return { image: { ...image, pixels }, sigmas };
}

/** Channels differ in noise; a model that takes one level for all gets their root mean square. */
function sigmaFor(
  image: Image,
  { first, count }: { first: number; count: number },
  sigma: number | "auto",
): number {
  if (sigma !== "auto") return sigma;
  let variance = 0;
  for (let c = first; c < first + count; c++) variance += estimateSigma(image, c) ** 2 / count;
  return Math.sqrt(variance);
}
