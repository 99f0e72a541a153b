// Non-local means: each pixel becomes the mean of all pixels in a window around it, weighted by how alike their surroundings are.
// Texture that repeats is kept, while noise, which does not repeat, averages out.
//
//   out(p) = sum over q of  w(p, q) in(q)  /  sum over q of  w(p, q),      q in a window of search x search pixels around p
//   w(p, q) = exp(-D(p, q) / h^2),      D = mean squared difference of the template x template pixels around p and around q
//
// A. Buades, B. Coll and J.-M. Morel, "A non-local algorithm for image denoising", 2005. The whole-number weights, and D divided
// by a power of two, are those of OpenCV's fastNlMeansDenoising. Colour: D is the mean over the channels, which move together.
// 16 bits (which OpenCV measures by another distance): D is measured on the upper 8, the mean is of all 16.
//
// For one offset q - p after another, D of all pixels is a sliding sum of squared differences; and D(p, q) = D(q, p), so that one
// sum serves two offsets. The picture is mirrored at its border pixels.

import { newLevels, type Image, type Levels } from "../../image/image.js";
import { nearestLevel, withBorder } from "./levels.js";

/** Pixels that a result sees on either side. */
export const nonLocalReach = (template: number, search: number): number => (template >> 1) + (search >> 1);

/**
 * @param h strength in 8-bit grey levels: near the noise's standard deviation
 * @param template odd, in pixels
 * @param search odd, in pixels
 */
export function nonLocalMeans(image: Image, h: number, template: number, search: number): Image {
  const { width, height, channels, bitDepth } = image;
  const border = nonLocalReach(template, search);
  const levels = withBorder(image, [border, border, border, border], "reflected");
  const upper = bitDepth === 8 ? levels : Uint8Array.from(levels, (level) => level >> 8);
  const weights = weightTable(h, template, search, channels);
  // Sums for the border's pixels, too, which nobody reads: so no loop needs to ask where the picture ends.
  const stride = width + 2 * border;
  const Sums = bitDepth === 8 ? Int32Array : Float64Array;
  const [total, sums] = [new Sums(levels.length / channels).fill(weights.table[0]), new Sums(levels.length)];
  for (let i = 0; i < sums.length; i++) sums[i] = levels[i] * weights.table[0];
  const work: Work = {
    width,
    height,
    channels,
    border,
    stride,
    template,
    upper,
    levels,
    ...weights,
    total,
    sums,
  };
  const far = search >> 1;
  for (let dy = 0; dy <= far; dy++)
    for (let dx = dy === 0 ? 1 : -far; dx <= far; dx++) addOffset(dx, dy, work);

  const pixels = newLevels(image.pixels.length, bitDepth);
  for (let y = 0, to = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const at = (y + border) * stride + x + border;
      const half = Math.floor(total[at] / 2);
      for (let c = 0; c < channels; c++)
        pixels[to++] = Math.floor((sums[at * channels + c] + half) / total[at]);
    }
  return { ...image, pixels };
}

interface Weights {
  /** The weight for a sum of squared differences, shifted right by `shift`. */
  readonly table: Int32Array;
  readonly shift: number;
}

/** Weights are whole numbers, as large as 32 bits allow for the weighted sum of a window of white pixels. */
function weightTable(h: number, template: number, search: number, channels: number): Weights {
  const one = Math.floor((2 ** 31 - 1) / (search * search * 255));
  const shift = Math.ceil(Math.log2(template * template));
  const perStep = 2 ** shift / (template * template);
  const scale = Math.fround(Math.fround(Math.fround(h) ** 2) * channels);
  const length = Math.floor((255 * 255 * channels) / perStep + 1);
  const table = Int32Array.from({ length }, (_, i) => {
    const weight = nearestLevel(one * Math.exp((-i * perStep) / scale), one);
    return weight < 0.001 * one ? 0 : weight;
  });
  return { table, shift };
}

interface Work extends Weights {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly border: number;
  /** Pixels of a row with its border; the arrays below have all rows with their borders. */
  readonly stride: number;
  readonly template: number;
  /** What is compared. */
  readonly upper: Levels;
  /** What is averaged. */
  readonly levels: Levels;
  /** The weights of each pixel, and its weighted levels, so far. */
  readonly total: Int32Array | Float64Array;
  readonly sums: Int32Array | Float64Array;
}

/** Lets all pixels p and q = p + (dx, dy) take part in each other's means, where either lies in the picture. */
function addOffset(dx: number, dy: number, work: Work): void {
  const { width, height, channels, border, stride, template } = work;
  const half = template >> 1;
  const offset = dy * stride + dx;
  const first = Math.min(0, -dx);
  const columns = width + Math.abs(dx) + 2 * half;
  const squares = Array.from({ length: template }, () => new Int32Array(columns));
  const columnSums = new Int32Array(columns);
  for (let y = -dy - half; y < height + half; y++) {
    const latest = squares[(y + dy + half) % template];
    const start = (y + border) * stride + first - half + border;
    if (channels === 1) slideGrey(work.upper, start, start + offset, latest, columnSums);
    else slideColour(work.upper, start, start + offset, latest, columnSums);
    if (y < half - dy) continue;
    const p = (y - half + border) * stride + first + border;
    if (channels === 1) averageGrey(work, columnSums, p, p + offset);
    else averageColour(work, columnSums, p, p + offset);
  }
}

/** Replaces the squares of the oldest row by those of the newest, in the sums down each column too. */
function slideGrey(upper: Levels, p: number, q: number, squares: Int32Array, columnSums: Int32Array): void {
  for (let x = 0; x < squares.length; x++) {
    const d = upper[p + x] - upper[q + x];
    columnSums[x] += d * d - squares[x];
    squares[x] = d * d;
  }
}

function slideColour(upper: Levels, p: number, q: number, squares: Int32Array, columnSums: Int32Array): void {
  for (let x = 0, i = 3 * p, j = 3 * q; x < squares.length; x++, i += 3, j += 3) {
    const [r, g, b] = [upper[i] - upper[j], upper[i + 1] - upper[j + 1], upper[i + 2] - upper[j + 2]];
    const square = r * r + g * g + b * b;
    columnSums[x] += square - squares[x];
    squares[x] = square;
  }
}

/** Slides along a row from pixels p and q on: each gets the other's level, by the weight of the squares around them. */
function averageGrey(work: Work, columnSums: Int32Array, p: number, q: number): void {
  const { levels, template, table, shift, total, sums } = work;
  let square = 0;
  for (let x = 0; x < template - 1; x++) square += columnSums[x];
  for (let x = 0, newest = template - 1; newest < columnSums.length; x++, newest++, p++, q++) {
    square += columnSums[newest];
    const weight = table[square >> shift];
    square -= columnSums[x];
    total[p] += weight;
    total[q] += weight;
    sums[p] += weight * levels[q];
    sums[q] += weight * levels[p];
  }
}

function averageColour(work: Work, columnSums: Int32Array, p: number, q: number): void {
  const { levels, template, table, shift, total, sums } = work;
  let square = 0;
  for (let x = 0; x < template - 1; x++) square += columnSums[x];
  for (let x = 0, newest = template - 1; newest < columnSums.length; x++, newest++, p++, q++) {
    square += columnSums[newest];
    const weight = table[square >> shift];
    square -= columnSums[x];
    total[p] += weight;
    total[q] += weight;
    const [i, j] = [3 * p, 3 * q];
    sums[i] += weight * levels[j];
    sums[i + 1] += weight * levels[j + 1];
    sums[i + 2] += weight * levels[j + 2];
    sums[j] += weight * levels[i];
    sums[j + 1] += weight * levels[i + 1];
    sums[j + 2] += weight * levels[i + 2];
  }
}
