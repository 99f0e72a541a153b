// Between a picture and a network: rows of pixels as floats, out of one place and into another, so that a picture of any size
// need never be floats as a whole.

import { hasAlpha } from "../image/colour.js";
import { maxLevel, toLevel, type Image, type Levels } from "../image/image.js";
import type { Plane } from "../image/plane.js";
import { reflected } from "./tiles.js";

/** What a model is run on, and where its answer goes. Values are interleaved, 0 black and 1 white. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  /** `count` pixels of row `y` from column `left` on, into `out` from index `at` on. */
  read(y: number, left: number, count: number, out: Float32Array, at: number): void;
  /** The restored values of `count` pixels of row `y` from column `left` on: `values` from index `from` on. */
  write(y: number, left: number, count: number, values: Float32Array, from: number): void;
}

/** From a plane into an array as long as its data, which may not be the same. */
export function planePixels({ width, height, channels, data }: Plane, into: Float32Array): Pixels {
  return {
    width,
    height,
    read(y, left, count, out, at) {
      const from = (y * width + left) * channels;
      out.set(data.subarray(from, from + count * channels), at);
    },
    write(y, left, count, values, from) {
      into.set(values.subarray(from, from + count * channels), (y * width + left) * channels);
    },
  };
}

/**
 * Some channels of an image, rounded into the same channels of an array as long as its pixels.
 * Where alpha is 0 nothing is written: what cannot be seen stays as it is.
 * @param first the first of the channels
 * @param count how many
 * @param copies the model sees them so many times over, one set after the other, and its answers are averaged
 * @param share of the way from the image to the model's answer, in [0, 1]
 */
export function imagePixels(
  image: Image,
  into: Levels,
  { first, count, copies = 1, share = 1 }: { first: number; count: number; copies?: number; share?: number },
): Pixels {
  const { width, height, channels, pixels } = image;
  const max = maxLevel(image);
  const alphaAt = hasAlpha(image) ? channels - 1 - first : undefined;
  return {
    width,
    height,
    read(y, left, length, out, at) {
      let from = (y * width + left) * channels + first;
      for (let i = 0; i < length; i++, from += channels)
        for (let copy = 0; copy < copies; copy++)
          for (let c = 0; c < count; c++) out[at++] = pixels[from + c] / max;
    },
    write(y, left, length, values, from) {
      let to = (y * width + left) * channels + first;
      for (let i = 0; i < length; i++, to += channels, from += count * copies) {
        if (alphaAt !== undefined && pixels[to + alphaAt] === 0) continue;
        for (let c = 0; c < count; c++) {
          let sum = values[from + c];
          for (let copy = 1; copy < copies; copy++) sum += values[from + copy * count + c];
          const answer = copies === 1 ? sum : sum / copies;
          const before = pixels[to + c] / max;
          into[to + c] = toLevel(share === 1 ? answer : before + share * (answer - before), max);
        }
      }
    },
  };
}

/** Fills `window` with the rectangle at (top, left), the image being continued by reflection at the bottom and the right. */
export function copyWindow(
  pixels: Pixels,
  channels: number,
  top: number,
  left: number,
  height: number,
  width: number,
  window: Float32Array,
): void {
  const inside = Math.max(0, Math.min(width, pixels.width - left));
  for (let y = 0; y < height; y++) {
    const row = reflected(top + y, pixels.height);
    const to = y * width * channels;
    pixels.read(row, left, inside, window, to);
    for (let x = inside; x < width; x++)
      pixels.read(row, reflected(left + x, pixels.width), 1, window, to + x * channels);
  }
}
