// How alike two images are: PSNR and SSIM, as the literature computes them. Nothing here clips or rounds:
// call `toImage` first for the figure that an 8-bit file would get. Images of 8 and 16 bits and planes may be mixed.

import { UserError } from "../base/errors.js";
import { readValues, type Picture } from "./plane.js";

/** Mean squared error over every pixel and channel, white being 1. Throws UserError when the sizes differ. */
export function meanSquaredDifference(a: Picture, b: Picture): number {
  checkAlike(a, b);
  const row = a.width * a.channels;
  const [left, right] = [new Float32Array(row), new Float32Array(row)];
  let sum = 0;
  for (let y = 0; y < a.height; y++) {
    readValues(a, y * row, row, left);
    readValues(b, y * row, row, right);
    for (let i = 0; i < row; i++) sum += (left[i] - right[i]) ** 2;
  }
  return sum / (row * a.height);
}

/**
 * Peak signal-to-noise ratio in decibel, 10 log10(1 / MSE), peak 1, over the whole image and all channels.
 * Infinity for equal images. Throws UserError when the sizes differ.
 */
export function psnr(a: Picture, b: Picture): number {
  return 10 * Math.log10(1 / meanSquaredDifference(a, b));
}

const WINDOW = 11;
const SIGMA = 1.5;
const C1 = 0.01 ** 2;
const C2 = 0.03 ** 2;

/**
 * Structural similarity: Wang, Bovik, Sheikh and Simoncelli, "Image quality assessment: from error visibility to
 * structural similarity", 2004. Gaussian window of 11x11 and sigma 1.5, K1 0.01, K2 0.03, range 1, averaged over the
 * places where the whole window lies inside the image; for several channels the mean of their figures. 1 for equal
 * images. Throws UserError when the sizes differ or a side is below 11 pixels.
 */
export function ssim(a: Picture, b: Picture): number {
  checkAlike(a, b);
  if (a.width < WINDOW || a.height < WINDOW) {
    throw new UserError(
      `SSIM needs at least ${WINDOW}x${WINDOW} pixels but the image is ${a.width}x${a.height}; compare larger images.`,
    );
  }
  let sum = 0;
  for (let channel = 0; channel < a.channels; channel++) sum += ssimOfChannel(a, b, channel);
  return sum / a.channels;
}

/** The 11 taps of the window's one-dimensional factor; they add up to 1. */
const TAPS = (() => {
  const taps = Float64Array.from({ length: WINDOW }, (_, i) =>
    Math.exp(-0.5 * ((i - (WINDOW - 1) / 2) / SIGMA) ** 2),
  );
  const sum = taps.reduce((total, tap) => total + tap, 0);
  return taps.map((tap) => tap / sum);
})();

/** The weighted means that SSIM needs in each window: of a, b, a², b² and ab. */
const MOMENTS = 5;

function ssimOfChannel(a: Picture, b: Picture, channel: number): number {
  const { width, height, channels } = a;
  const columns = width - WINDOW + 1;
  const rowLength = columns * MOMENTS;
  // The window is separable: rows are filtered across first, and the last 11 of them kept to be filtered down.
  const ring = Array.from({ length: WINDOW }, () => new Float64Array(rowLength));
  const products = new Float64Array(width * MOMENTS);
  const means = new Float64Array(rowLength);
  const rows = [a, b].map(() => new Float32Array(width * channels));
  let sum = 0;
  for (let y = 0; y < height; y++) {
    [a, b].forEach((picture, i) => readValues(picture, y * width * channels, width * channels, rows[i]));
    rowProducts(rows[0], rows[1], channel, channels, products);
    filterAcross(products, ring[y % WINDOW]);
    if (y < WINDOW - 1) continue;
    filterDown(ring, y + 1, means);
    for (let at = 0; at < rowLength; at += MOMENTS) sum += similarity(means, at);
  }
  return sum / (columns * (height - WINDOW + 1));
}

/** a, b, a², b², ab of one row. */
function rowProducts(
  a: Float32Array,
  b: Float32Array,
  start: number,
  stride: number,
  out: Float64Array,
): void {
  for (let at = 0, i = start; at < out.length; at += MOMENTS, i += stride) {
    out[at] = a[i];
    out[at + 1] = b[i];
    out[at + 2] = a[i] * a[i];
    out[at + 3] = b[i] * b[i];
    out[at + 4] = a[i] * b[i];
  }
}

// The window is symmetric, so that rows at the same distance are added before they are weighted. Written out: a loop
// over the 11 taps inside the one over the row takes three times as long.
const [T5, T4, T3, T2, T1, T0] = TAPS;

function filterAcross(row: Float64Array, out: Float64Array): void {
  const M = MOMENTS;
  for (let i = 0; i < out.length; i++) {
    out[i] =
      T5 * (row[i] + row[i + 10 * M]) +
      T4 * (row[i + M] + row[i + 9 * M]) +
      T3 * (row[i + 2 * M] + row[i + 8 * M]) +
      T2 * (row[i + 3 * M] + row[i + 7 * M]) +
      T1 * (row[i + 4 * M] + row[i + 6 * M]) +
      T0 * row[i + 5 * M];
  }
}

/** Filters the ring's 11 rows into one; `oldest` modulo 11 is the place of the uppermost. */
function filterDown(ring: readonly Float64Array[], oldest: number, out: Float64Array): void {
  const [r0, r1, r2, r3, r4, r5, r6, r7, r8, r9, r10] = ring.map((_, k) => ring[(oldest + k) % WINDOW]);
  for (let i = 0; i < out.length; i++) {
    out[i] =
      T5 * (r0[i] + r10[i]) +
      T4 * (r1[i] + r9[i]) +
      T3 * (r2[i] + r8[i]) +
      T2 * (r3[i] + r7[i]) +
      T1 * (r4[i] + r6[i]) +
      T0 * r5[i];
  }
}

/** (2 µa µb + C1)(2 σab + C2) / ((µa² + µb² + C1)(σa² + σb² + C2)) */
function similarity(means: Float64Array, at: number): number {
  const meanA = means[at];
  const meanB = means[at + 1];
  const varianceA = means[at + 2] - meanA * meanA;
  const varianceB = means[at + 3] - meanB * meanB;
  const covariance = means[at + 4] - meanA * meanB;
  return (
    ((2 * meanA * meanB + C1) * (2 * covariance + C2)) /
    ((meanA * meanA + meanB * meanB + C1) * (varianceA + varianceB + C2))
  );
}

function checkAlike(a: Picture, b: Picture): void {
  if (a.width !== b.width || a.height !== b.height || a.channels !== b.channels) {
    throw new UserError(
      `Two images of different size cannot be measured against each other (${describe(a)}; ${describe(b)}); give two of the same size and kind.`,
    );
  }
}

const describe = ({ width, height, channels }: Picture): string =>
  `${width}x${height}, ${channels} channel${channels > 1 ? "s" : ""}`;
