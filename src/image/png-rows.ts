// Rows of a PNG: the five filters and their inverses, and samples of 1 to 16 bits out of bytes and into them.
// Arithmetic only; inflating and deflating is deflate.ts.

import type { Levels } from "./image.js";

/**
 * Undoes a row's filter in place.
 * @param above the row before, as bytes without filter; zeros for the first
 * @param step bytes a pixel, at least 1: how far to the left a byte's neighbour is
 * @returns whether there is such a filter
 */
export function unfilter(filter: number, row: Uint8Array, above: Uint8Array, step: number): boolean {
  const n = row.length;
  switch (filter) {
    case 0:
      return true;
    case 1:
      for (let i = step; i < n; i++) row[i] += row[i - step];
      return true;
    case 2:
      for (let i = 0; i < n; i++) row[i] += above[i];
      return true;
    case 3:
      for (let i = 0; i < step && i < n; i++) row[i] += above[i] >> 1;
      for (let i = step; i < n; i++) row[i] += (row[i - step] + above[i]) >> 1;
      return true;
    case 4:
      for (let i = 0; i < step && i < n; i++) row[i] += above[i];
      for (let i = step; i < n; i++) row[i] += paeth(row[i - step], above[i], above[i - step]);
      return true;
    default:
      return false;
  }
}

/** Of left, above and upper left the one that is nearest to left + above - upper left. */
function paeth(a: number, b: number, c: number): number {
  const [toA, toB] = [Math.abs(b - c), Math.abs(a - c)];
  const toC = Math.abs(a + b - 2 * c);
  return toA <= toB && toA <= toC ? a : toB <= toC ? b : c;
}

/** Writes the row, filtered, into `out` behind the filter's number. */
export function applyFilter(
  filter: number,
  row: Uint8Array,
  above: Uint8Array,
  step: number,
  out: Uint8Array,
): void {
  const n = row.length;
  out[0] = filter;
  for (let i = 0; i < step && i < n; i++) out[i + 1] = row[i] - predicted(filter, 0, above[i], 0);
  if (filter === 0) out.set(row, 1);
  else if (filter === 1) for (let i = step; i < n; i++) out[i + 1] = row[i] - row[i - step];
  else if (filter === 2) for (let i = step; i < n; i++) out[i + 1] = row[i] - above[i];
  else if (filter === 3)
    for (let i = step; i < n; i++) out[i + 1] = row[i] - ((row[i - step] + above[i]) >> 1);
  else for (let i = step; i < n; i++) out[i + 1] = row[i] - paeth(row[i - step], above[i], above[i - step]);
}

function predicted(filter: number, left: number, above: number, corner: number): number {
  if (filter === 1) return left;
  if (filter === 2) return above;
  if (filter === 3) return (left + above) >> 1;
  return filter === 4 ? paeth(left, above, corner) : 0;
}

/** The specification's rule: the filter whose differences, taken as signed, are smallest in sum; tried on a part of the row. */
export function bestFilter(row: Uint8Array, above: Uint8Array, step: number): number {
  const sums = [0, 0, 0, 0, 0];
  const [run, stride] = [16 * step, row.length > 2048 ? 128 * step : 16 * step];
  for (let from = step; from < row.length; from += stride)
    for (let i = from; i < from + run && i < row.length; i++) {
      const [x, a, b, c] = [row[i], row[i - step], above[i], above[i - step]];
      for (let filter = 1; filter <= 4; filter++) {
        const difference = (x - predicted(filter, a, b, c)) & 255;
        sums[filter] += difference < 128 ? difference : 256 - difference;
      }
    }
  let best = 1;
  for (let filter = 2; filter <= 4; filter++) if (sums[filter] < sums[best]) best = filter;
  return best;
}

/** Samples of 1, 2, 4 or 8 bits, packed from the left, one an element. */
export function unpackSamples(row: Uint8Array, depth: number, out: Uint8Array): void {
  const mask = 2 ** depth - 1;
  const each = 8 / depth;
  for (let i = 0; i < out.length; i++)
    out[i] = (row[Math.floor(i / each)] >> (8 - depth * ((i % each) + 1))) & mask;
}

/** The inverse of `unpackSamples`; `row` is written whole. */
export function packSamples(samples: Uint8Array, depth: number, row: Uint8Array): void {
  const each = 8 / depth;
  row.fill(0);
  for (let i = 0; i < samples.length; i++)
    row[Math.floor(i / each)] |= samples[i] << (8 - depth * ((i % each) + 1));
}

/** Samples of 16 bits, the high byte first. */
export function readSixteen(row: Uint8Array, out: Levels): void {
  for (let i = 0; i < out.length; i++) out[i] = (row[2 * i] << 8) | row[2 * i + 1];
}

/** The inverse of `readSixteen`. */
export function writeSixteen(levels: Levels, row: Uint8Array): void {
  for (let i = 0; i < levels.length; i++) {
    row[2 * i] = levels[i] >> 8;
    row[2 * i + 1] = levels[i];
  }
}
