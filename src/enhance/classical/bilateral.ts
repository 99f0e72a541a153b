// Bilateral filter: a Gaussian blur whose weights also fall with the difference in colour, so that it does not blur over edges.
//
//   out(p) = sum over q of  w(p, q) in(q)  /  sum over q of  w(p, q),
//   w(p, q) = exp(-|p - q|^2 / (2 space^2)) exp(-d(p, q)^2 / (2 color^2)),   d = |dR| + |dG| + |dB|,   |p - q| <= round(1.5 space)
//
// C. Tomasi and R. Manduchi, "Bilateral filtering for gray and color images", 1998; d and the float32 sums are those of OpenCV's
// bilateralFilter (which itself rounds a few sums in a million otherwise, in what its vectors leave of a row). The picture is
// mirrored at its border pixels. Colour: all three channels decide and move together.

import { maxLevel, newLevels, type Image } from "../../image/image.js";
import { nearestLevel, withBorder } from "./levels.js";

/** Pixels that a result sees on either side. */
export const bilateralRadius = (space: number): number => Math.max(1, nearestLevel(space * 1.5, Infinity));

/**
 * @param color in 8-bit grey levels
 * @param space in pixels
 */
export function bilateral(image: Image, color: number, space: number): Image {
  const { width, height, channels, bitDepth } = image;
  const max = maxLevel(image);
  const radius = bilateralRadius(space);
  const levels = withBorder(image, [radius, radius, radius, radius], "reflected");
  const stride = (width + 2 * radius) * channels;
  const colorScale = -0.5 / ((color * max) / 255) ** 2;
  const byDifference = Float32Array.from({ length: max * channels + 1 }, (_, d) =>
    Math.exp(d * d * colorScale),
  );

  const pixels = newLevels(image.pixels.length, bitDepth);
  const total = new Float32Array(width);
  const sums = Array.from({ length: channels }, () => new Float32Array(width));
  for (let y = 0; y < height; y++) {
    total.fill(0);
    for (const sum of sums) sum.fill(0);
    const row = levels.subarray((y + radius) * stride + radius * channels);
    for (const { dx, dy, weight } of disc(radius, space)) {
      const other = levels.subarray((y + radius + dy) * stride + (radius + dx) * channels);
      if (channels === 1) addGrey(row, other, weight, byDifference, total, sums[0]);
      else addColour(row, other, weight, byDifference, total, sums);
    }
    for (let x = 0; x < width; x++) {
      const inverse = Math.fround(1 / total[x]);
      for (let c = 0; c < channels; c++) {
        const mean = channels === 1 ? sums[c][x] / total[x] : sums[c][x] * inverse;
        pixels[(y * width + x) * channels + c] = nearestLevel(Math.fround(mean), max);
      }
    }
  }
  return { ...image, pixels };
}

/** The neighbours, with their weights by distance; in the order in which the float32 sums are made. */
function disc(radius: number, space: number): { dx: number; dy: number; weight: number }[] {
  const scale = -0.5 / space ** 2;
  const found = [];
  for (let dy = -radius; dy <= radius; dy++)
    for (let dx = -radius; dx <= radius; dx++) {
      const squared = dx * dx + dy * dy;
      if (squared <= radius * radius) found.push({ dx, dy, weight: Math.fround(Math.exp(squared * scale)) });
    }
  return found;
}

type Row = Image["pixels"];

/** Adds one neighbour of every pixel of a row. */
function addGrey(
  row: Row,
  other: Row,
  weight: number,
  byDifference: Float32Array,
  total: Float32Array,
  sum: Float32Array,
): void {
  for (let x = 0; x < total.length; x++) {
    const w = Math.fround(weight * byDifference[Math.abs(other[x] - row[x])]);
    total[x] += w;
    sum[x] += w * other[x];
  }
}

function addColour(
  row: Row,
  other: Row,
  weight: number,
  byDifference: Float32Array,
  total: Float32Array,
  [red, green, blue]: readonly Float32Array[],
): void {
  for (let x = 0, at = 0; x < total.length; x++, at += 3) {
    const [r, g, b] = [other[at], other[at + 1], other[at + 2]];
    const difference = Math.abs(r - row[at]) + Math.abs(g - row[at + 1]) + Math.abs(b - row[at + 2]);
    const w = Math.fround(weight * byDifference[difference]);
    total[x] += w;
    red[x] += w * r;
    green[x] += w * g;
    blue[x] += w * b;
  }
}
