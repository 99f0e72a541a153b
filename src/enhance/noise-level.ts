// How strong is the Gaussian noise in this picture?
//
// Small patches of a photograph lie near a space of few dimensions, while noise fills all of them alike. So most eigenvalues of
// the patches' covariance are the noise's variance, spread a little and evenly by chance, and the few that are larger are the
// picture's: the largest are left out, one by one, until what remains is spread evenly, its mean equal to its median (Chen, Zhu
// and Heng, "An efficient statistical method for image noise level estimation", ICCV 2015). Fine texture still counts as noise
// then, so patches whose gradients are stronger than noise alone would make them are left out, by the estimate so far, and it is
// made again (Liu, Tanaka and Okutomi, "Single-image noise level estimation for blind denoising", IEEE TIP 2013).
// Noise that a camera or a JPEG has blurred is not white and is estimated too low.

import { hasAlpha } from "../image/colour.js";
import { maxLevel } from "../image/image.js";
import { isPlane, type Picture } from "../image/plane.js";
import { eigenvaluesOf } from "./eigenvalues.js";

/** Sides of patches, the first that finds enough of them is taken; smaller ones serve small pictures. */
const patchSides = [7, 5, 3];
/** Patches a dimension that a covariance needs to be told from chance. */
const patchesPerDimension = 10;
/** More patches change little. */
const mostPatches = 12_000;
const rounds = 4;

/**
 * The standard deviation of one channel's noise in 8-bit grey levels; 0 for a picture too small to tell (below about 12x12
 * pixels).
 */
export function estimateSigma(picture: Picture, channel = 0): number {
  for (const side of patchSides) {
    const needed = patchesPerDimension * side * side;
    const patches = takePatches(picture, channel, side);
    if (patches.length < needed) continue;
    let sigma = sigmaOf(side, patches);
    for (let round = 0; round < rounds; round++) {
      const flat = flatPatches(patches, side, sigma, needed);
      const next = sigmaOf(side, flat);
      const settled = Math.abs(next - sigma) <= 1e-3 * sigma;
      sigma = Math.min(sigma, next);
      if (settled) break;
    }
    return 255 * sigma;
  }
  return 0;
}

interface Patch {
  /** [side, side], less their mean. */
  readonly values: Float32Array;
  readonly mean: number;
  /** Sum of the squared differences of neighbours, across and down. */
  readonly roughness: number;
}

/** Patches evenly over the picture, without those where something is fully transparent. */
function takePatches(picture: Picture, channel: number, side: number): Patch[] {
  const { width, height, channels } = picture;
  const toAlpha = hasAlpha(picture) ? channels - 1 - channel : undefined;
  const [values, white] = isPlane(picture) ? [picture.data, 1] : [picture.pixels, maxLevel(picture)];
  const [columns, rows] = [width - side + 1, height - side + 1];
  const stride = Math.max(1, Math.round(Math.sqrt(Math.max(0, columns * rows) / mostPatches)));
  const patches: Patch[] = [];
  for (let top = 0; top < rows; top += stride)
    for (let left = 0; left < columns; left += stride) {
      const patch = new Float32Array(side * side);
      let [sum, roughness, isHidden] = [0, 0, false];
      for (let y = 0, i = 0; y < side; y++) {
        let at = ((top + y) * width + left) * channels + channel;
        for (let x = 0; x < side; x++, i++, at += channels) {
          patch[i] = values[at] / white;
          isHidden ||= toAlpha !== undefined && values[at + toAlpha] === 0;
          sum += patch[i];
          if (x > 0) roughness += (patch[i] - patch[i - 1]) ** 2;
          if (y > 0) roughness += (patch[i] - patch[i - side]) ** 2;
        }
      }
      if (isHidden) continue;
      const mean = sum / (side * side);
      for (let i = 0; i < patch.length; i++) patch[i] -= mean;
      patches.push({ values: patch, mean, roughness });
    }
  return patches;
}

/**
 * The patches that noise of this strength could have made from a flat ground, away from black and white, where clipping has cut
 * the noise off; the `atLeast` best ones where there are fewer.
 */
function flatPatches(patches: readonly Patch[], side: number, sigma: number, atLeast: number): Patch[] {
  // 2 side (side - 1) differences of variance 2 sigma^2. Each pixel takes part in up to four, so that the sum's relative spread
  // is about sqrt(3 / side^2) (from the fourth moments of the differences' covariance); two of them above the mean is the limit.
  const limit = 4 * side * (side - 1) * sigma * sigma * (1 + (2 * Math.sqrt(3)) / side);
  const brightness = Math.max(0.5 - 2.5 * sigma, 0.1);
  const excess = ({ mean, roughness }: Patch): number =>
    Math.max(roughness / (limit + 1e-12), Math.abs(mean - 0.5) / brightness);
  const flat = patches.filter((patch) => excess(patch) <= 1);
  return flat.length >= atLeast ? flat : [...patches].sort((a, b) => excess(a) - excess(b)).slice(0, atLeast);
}

function sigmaOf(side: number, patches: readonly Patch[]): number {
  return Math.sqrt(noiseVariance(eigenvaluesOf(covariance(side * side, patches), side * side)));
}

/** The covariance matrix of patches as vectors of n values, [n, n]. */
function covariance(n: number, patches: readonly Patch[]): Float64Array {
  const [sums, products] = [new Float64Array(n), new Float64Array(n * n)];
  for (const { values: patch } of patches) {
    for (let i = 0; i < n; i++) {
      sums[i] += patch[i];
      for (let j = 0, row = i * n; j <= i; j++) products[row + j] += patch[i] * patch[j];
    }
  }
  const count = patches.length;
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++)
      products[i * n + j] = products[j * n + i] =
        products[i * n + j] / count - (sums[i] / count) * (sums[j] / count);
  return products;
}

/** Drops the largest eigenvalues until the mean of the others is not above their median. */
function noiseVariance(eigenvalues: Float64Array): number {
  const sorted = eigenvalues.slice().sort().slice(1); // patches have mean 0, so the smallest is 0
  let sum = sorted.reduce((a, b) => a + b, 0);
  for (let count = sorted.length; count > 1; count--) {
    const mean = sum / count;
    const middle = count >> 1;
    const median = count % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    if (mean <= median) return Math.max(0, mean);
    sum -= sorted[count - 1];
  }
  return Math.max(0, sorted[0]);
}
