// What noise is in a picture, as `enhance` needs to know it: its level in each channel, and whether neighbouring pixels share it, as
// they do after a camera's own processing, a JPEG or an enlargement. One channel's level is noise-level.ts.

import { breather } from "../base/breathe.js";
import { isGrey } from "../image/colour.js";
import type { Image } from "../image/image.js";
import type { Picture } from "../image/plane.js";
import { estimateSigma } from "./noise-level.js";

export interface Noise {
  /** Standard deviation in 8-bit grey levels, of each colour channel: of what every pixel has for itself. */
  readonly sigmas: readonly number[];
  /** The same found in the picture at half its size, times 2: equal for white noise, as a mean of four halves it. */
  readonly coarse: readonly number[];
}

/** Below these levels there is nothing to take out: rounding to 8 bits alone makes 0.29. */
const least = { fine: 0.4, coarse: 0.8 };

/** Looks for noise in each colour channel; lets the event loop turn in between. Throws the signal's reason. */
export async function noiseIn(picture: Picture, signal?: AbortSignal): Promise<Noise> {
  const [sigmas, coarse] = [[] as number[], [] as number[]];
  const breathe = breather();
  for (let c = 0; c < (isGrey(picture) ? 1 : 3); c++) {
    sigmas.push(estimateSigma(picture, c));
    coarse.push(2 * estimateSigma(picture, c, 2));
    await breathe();
    signal?.throwIfAborted();
  }
  return { sigmas, coarse };
}

/** Is there nothing to take out? */
export const isClean = ({ sigmas, coarse }: Noise): boolean =>
  sigmas.every((sigma) => sigma < least.fine) && coarse.every((sigma) => sigma < least.coarse);

/**
 * Do neighbouring pixels share their noise? Its level is estimated too low then, and a network that was trained on white noise
 * leaves it. Fine texture at half the size looks a little like noise, so the two levels must differ clearly.
 */
export const isCorrelated = ({ sigmas, coarse }: Noise): boolean => mean(coarse) > 2 * mean(sigmas) + 1.5;

/** A photograph has more levels in each channel than drawings, bilevel text or a checkerboard, which noise would have spread. */
const mostDrawn = 16;

/** Is this certainly no photograph, so that a network that looks for noise by itself would only do harm? */
export function isDrawn({ channels, pixels }: Image): boolean {
  for (let c = 0; c < (isGrey({ channels }) ? 1 : 3); c++) {
    const levels = new Set<number>();
    for (let i = c; i < pixels.length && levels.size <= mostDrawn; i += channels) levels.add(pixels[i]);
    if (levels.size > mostDrawn) return false;
  }
  return true;
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
