// Reduction to a half, a third, a quarter ... as MATLAB's imresize does it and the literature on upscaling expects: Keys's cubic
// (a = -1/2), stretched by the factor so that what the smaller picture cannot hold is smoothed away first; borders are repeated outwards;
// down first, then across, rounded to 8-bit levels after each, as MATLAB does with pictures of 8 bits.
// R. Keys, "Cubic convolution interpolation for digital image processing", IEEE Transactions on ASSP 29, 1981.

import { UserError } from "../../base/errors.js";
import { toLevel } from "../../image/image.js";
import type { Plane } from "../../image/plane.js";

function cubic(x: number): number {
  const d = Math.abs(x);
  if (d <= 1) return 1.5 * d ** 3 - 2.5 * d ** 2 + 1;
  if (d <= 2) return -0.5 * d ** 3 + 2.5 * d ** 2 - 4 * d + 2;
  return 0;
}

/** For each output: the first input it reads, and the weights, which add up to 1. */
function taps(n: number, factor: number): { first: number[]; weights: Float64Array[] } {
  const first: number[] = [];
  const weights: Float64Array[] = [];
  for (let o = 0; o < Math.ceil(n / factor); o++) {
    const centre = (o + 0.5) * factor - 0.5;
    const left = Math.ceil(centre - 2 * factor);
    const w = Float64Array.from({ length: 4 * factor + 1 }, (_, k) => cubic((left + k - centre) / factor));
    const sum = w.reduce((a, b) => a + b, 0);
    first.push(left);
    weights.push(w.map((value) => value / sum));
  }
  return { first, weights };
}

/** Along one axis of [outer, n, inner]. */
function reduceAxis(data: Float32Array, outer: number, n: number, inner: number, factor: number) {
  const { first, weights } = taps(n, factor);
  const sums = new Float64Array(outer * first.length * inner);
  for (let a = 0; a < outer; a++)
    for (let o = 0; o < first.length; o++) {
      const to = (a * first.length + o) * inner;
      for (let k = 0; k < weights[o].length; k++) {
        const from = (a * n + Math.min(n - 1, Math.max(0, first[o] + k))) * inner;
        const w = weights[o][k];
        if (w !== 0) for (let i = 0; i < inner; i++) sums[to + i] += w * data[from + i];
      }
    }
  return Float32Array.from(sums, (sum) => toLevel(sum, 255) / 255);
}

/**
 * The picture at 1/factor of its width and height (rounded up), of 8-bit levels.
 * @param factor whole number, 2 or more
 * @throws UserError for another factor
 */
export function reduce({ width, height, channels, data }: Plane, factor: number): Plane {
  if (!Number.isInteger(factor) || factor < 2)
    throw new UserError(`reduce: factor must be a whole number from 2, got ${factor}.`);
  const [smallWidth, smallHeight] = [Math.ceil(width / factor), Math.ceil(height / factor)];
  const low = reduceAxis(data, 1, height, width * channels, factor);
  const small = reduceAxis(low, smallHeight, width, channels, factor);
  return { width: smallWidth, height: smallHeight, channels, data: small };
}
