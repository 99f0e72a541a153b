// Gaussian blur: each pixel becomes the mean of its neighbours, weighted by a bell curve of standard deviation sigma pixels.
//
//   out(y, x) = sum over j, i of  w(j) w(i) in(y + j, x + i),      w(i) ~ exp(-i^2 / (2 sigma^2)), adding up to 1
//
// One axis after the other, with weights in 1/256ths (1/65536ths for 16 bits) that add up exactly, so that the sums are whole
// numbers: OpenCV's bit-exact GaussianBlur, whose kernels have 2 round(3 sigma) + 1 weights or so (4 sigma for 16 bits). The
// picture is mirrored at its border pixels. Colour: each channel.

import { maxLevel, newLevels, type Image } from "../../image/image.js";
import { nearestLevel } from "./levels.js";
import { reflected } from "../tiles.js";

/** Pixels that a result sees on either side. */
export function gaussianRadius(sigma: number, bitDepth: 8 | 16): number {
  const size = nearestLevel(sigma * (bitDepth === 8 ? 3 : 4) * 2 + 1, Infinity) | 1;
  return (size - 1) / 2;
}

/** @param sigma in pixels, above 0 */
export function gaussian(image: Image, sigma: number): Image {
  const { width, height, channels, bitDepth } = image;
  const unit = maxLevel(image) + 1;
  const weights = gaussianWeights(sigma, gaussianRadius(sigma, bitDepth), unit);
  const row = width * channels;
  const columns = mirrored(width, weights.length >> 1).map((x) => x * channels);
  const rows = mirrored(height, weights.length >> 1);

  const across = new Float64Array(row * height); // whole numbers below 2^32
  for (let y = 0, to = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let c = 0; c < channels; c++, to++) {
        let sum = 0;
        for (let k = 0; k < weights.length; k++)
          sum += weights[k] * image.pixels[y * row + columns[x + k] + c];
        across[to] = sum;
      }

  const pixels = newLevels(row * height, bitDepth);
  const sums = new Float64Array(row);
  for (let y = 0; y < height; y++) {
    sums.fill(0);
    for (let k = 0; k < weights.length; k++) {
      const from = rows[y + k] * row;
      for (let i = 0; i < row; i++) sums[i] += weights[k] * across[from + i];
    }
    for (let i = 0; i < row; i++) pixels[y * row + i] = Math.floor(sums[i] / unit / unit + 0.5);
  }
  return { ...image, pixels };
}

/** Whole weights that add up to `unit`: each side is rounded with what the one before it lost, the middle takes the rest. */
function gaussianWeights(sigma: number, radius: number, unit: number): Float64Array {
  const exact = Array.from({ length: radius }, (_, i) =>
    Math.exp(-((radius - i) ** 2) / (2 * sigma * sigma)),
  );
  const total = 2 * exact.reduce((sum, weight) => sum + weight, 0) + 1;
  const weights = new Float64Array(2 * radius + 1);
  let [lost, given] = [0, 0];
  for (const [i, weight] of exact.entries()) {
    const wanted = weight * (1 / total) * unit + lost;
    const whole = nearestLevel(wanted, unit);
    lost = wanted - whole;
    given += 2 * whole;
    weights[i] = weights[2 * radius - i] = whole;
  }
  weights[radius] = unit - given;
  return weights;
}

/** Where the pixels -radius to n + radius of an axis of n come from. */
const mirrored = (n: number, radius: number): Int32Array =>
  Int32Array.from({ length: n + 2 * radius }, (_, i) => reflected(Math.abs(i - radius), n));
