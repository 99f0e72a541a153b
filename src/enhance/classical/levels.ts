// What several methods share: rounding as OpenCV rounds, a table for each level, borders. Each method is a file of its own.

import { maxLevel, newLevels, type Image, type Levels } from "../../image/image.js";
import { reflected } from "../tiles.js";

/** The nearest integer in [0, max], halves to the even one: C's rint and OpenCV's saturate_cast. */
export function nearestLevel(value: number, max: number): number {
  if (value <= 0) return 0;
  if (value >= max) return max;
  const below = Math.floor(value);
  const rest = value - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below;
}

/** A new level for each level of the picture, the same for all channels. */
export function mapLevels(image: Image, levelFor: (level: number) => number): Image {
  const table = newLevels(maxLevel(image) + 1, image.bitDepth).map((_, level) => levelFor(level));
  const pixels = newLevels(image.pixels.length, image.bitDepth);
  for (let i = 0; i < pixels.length; i++) pixels[i] = table[image.pixels[i]];
  return { ...image, pixels };
}

/** How many values of all channels have each level. */
export function histogramOf({ bitDepth, pixels }: Image): Uint32Array {
  const counts = new Uint32Array(maxLevel({ bitDepth }) + 1);
  for (let i = 0; i < pixels.length; i++) counts[pixels[i]]++;
  return counts;
}

/** How a picture goes on outside: its border pixel again and again, or the picture mirrored at its border pixels. */
export type Border = "repeated" | "reflected";

/** The pixels with `left`, `top`, `right` and `bottom` more of them around, continued as `border` says. */
export function withBorder(
  { width, height, channels, bitDepth, pixels }: Image,
  [left, top, right, bottom]: readonly [number, number, number, number],
  border: Border,
): Levels {
  const source = (i: number, n: number) =>
    border === "reflected" ? reflected(Math.abs(i), n) : Math.min(Math.max(i, 0), n - 1);
  const columns = Array.from({ length: left + width + right }, (_, x) => source(x - left, width) * channels);
  const out = newLevels(columns.length * (top + height + bottom) * channels, bitDepth);
  for (let y = -top, to = 0; y < height + bottom; y++) {
    const row = source(y, height) * width * channels;
    for (const column of columns) for (let c = 0; c < channels; c++) out[to++] = pixels[row + column + c];
  }
  return out;
}
