// Contrast stretching: the darkest level becomes black, the brightest white, and the rest lies evenly between.
//
//   level' = max (level - low) / (high - low), clipped
//
// low and high leave out the given share of the darkest and brightest values, as a few stray pixels would otherwise hold
// everything back. With clip 0 it is OpenCV's normalize(0, max, NORM_MINMAX), float32 rounding included, but for a picture of one
// level: that one stays (OpenCV makes it black). Colour: one mapping for all channels, so that the balance of colours stays.

import { maxLevel, type Image } from "../../image/image.js";
import { histogramOf, mapLevels, nearestLevel } from "./levels.js";

/** @param clip values that may be clipped at either end, in percent of all */
export function stretch(image: Image, clip: number): Image {
  const [counts, max] = [histogramOf(image), maxLevel(image)];
  const allowed = (image.pixels.length * clip) / 100;
  const low = firstBeyond(counts, allowed);
  const high = max - firstBeyond(counts.slice().reverse(), allowed);
  if (low >= high) return image;
  const scale = max * (1 / (high - low));
  const [slope, offset] = [Math.fround(scale), Math.fround(-low * scale)];
  return mapLevels(image, (level) => nearestLevel(Math.fround(level * slope + offset), max));
}

/** The first level with which more than `allowed` values are passed. */
function firstBeyond(counts: Uint32Array, allowed: number): number {
  let passed = 0;
  return counts.findIndex((count) => (passed += count) > allowed);
}
