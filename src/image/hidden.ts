// Colours under full transparency are nobody's business: they may be black, or garbage that compresses well. Before a picture is
// worked on they are replaced by those around them, so that they do not bleed into the visible edge; the caller puts them back.

import { breather } from "../base/breathe.js";
import { hasAlpha } from "./colour.js";
import type { Image, Levels } from "./image.js";

/**
 * The image with every pixel of alpha 0 coloured as the mean of the visible ones in the smallest square about it (of sides 2, 4,
 * 8 and so on) that has any. The image itself where nothing is hidden, or all is.
 */
export async function withHiddenFilled(image: Image): Promise<Image> {
  const { width, height, channels, pixels } = image;
  const alphaAt = channels - 1;
  const isHidden = (pixel: number): boolean => pixels[pixel * channels + alphaAt] === 0;
  if (!hasAlpha(image)) return image;
  let hidden = 0;
  for (let pixel = 0; pixel < width * height; pixel++) if (isHidden(pixel)) hidden++;
  if (hidden === 0 || hidden === width * height) return image;

  const breathe = breather();
  const squares = [await sumsOfFour(width, height, channels, pixels, isHidden, breathe)];
  for (let last = squares[0]; last.width * last.height > 1; last = squares[squares.length - 1])
    squares.push(await sumsOfSquares(last, channels, breathe));
  const filled = pixels.slice();
  for (let y = 0; y < height; y++) {
    for (let x = 0, at = y * width; x < width; x++, at++)
      if (isHidden(at)) colour(filled, at * channels, alphaAt, x, y, squares);
    await breathe();
  }
  return { ...image, pixels: filled };
}

/** Squares of one size: for each the sums of its visible pixels' colours, then their number in the last channel. */
interface Squares {
  readonly width: number;
  readonly height: number;
  readonly sums: Float32Array;
}

async function sumsOfFour(
  width: number,
  height: number,
  channels: number,
  pixels: Levels,
  isHidden: (pixel: number) => boolean,
  breathe: () => Promise<void>,
): Promise<Squares> {
  const squares = emptySquares(width, height, channels);
  for (let y = 0; y < height; y++) {
    for (let x = 0, at = y * width; x < width; x++, at++) {
      if (isHidden(at)) continue;
      const to = ((y >> 1) * squares.width + (x >> 1)) * channels;
      for (let c = 0; c < channels - 1; c++) squares.sums[to + c] += pixels[at * channels + c];
      squares.sums[to + channels - 1]++;
    }
    await breathe();
  }
  return squares;
}

async function sumsOfSquares(
  { width, height, sums }: Squares,
  channels: number,
  breathe: () => Promise<void>,
): Promise<Squares> {
  const squares = emptySquares(width, height, channels);
  for (let y = 0, from = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const to = ((y >> 1) * squares.width + (x >> 1)) * channels;
      for (let c = 0; c < channels; c++) squares.sums[to + c] += sums[from++];
    }
    await breathe();
  }
  return squares;
}

function emptySquares(width: number, height: number, channels: number): Squares {
  const [across, down] = [(width + 1) >> 1, (height + 1) >> 1];
  return { width: across, height: down, sums: new Float32Array(across * down * channels) };
}

/** Writes the mean colour of the first square about (x, y) that has visible pixels. */
function colour(
  pixels: Levels,
  to: number,
  colours: number,
  x: number,
  y: number,
  squares: readonly Squares[],
): void {
  for (const [i, { width, sums }] of squares.entries()) {
    const at = ((y >> (i + 1)) * width + (x >> (i + 1))) * (colours + 1);
    const count = sums[at + colours];
    if (count === 0) continue;
    for (let c = 0; c < colours; c++) pixels[to + c] = Math.round(sums[at + c] / count);
    return;
  }
}
