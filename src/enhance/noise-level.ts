// How strong is the Gaussian noise in this picture?
//
// Small patches of a photograph lie near a space of few dimensions, while noise fills all of them alike. So most eigenvalues of
// the patches' covariance are the noise's variance, spread a little and evenly by chance, and the few that are larger are the
// picture's: the largest are left out, one by one, until what remains is spread evenly, its mean equal to its median (Chen, Zhu
// and Heng, "An efficient statistical method for image noise level estimation", ICCV 2015). Fine texture still counts as noise
// then, so patches whose gradients are stronger than noise alone would make them are left out, by the estimate so far, and it is
// made again (Liu, Tanaka and Okutomi, "Single-image noise level estimation for blind denoising", IEEE TIP 2013).
// Near black and white clipping has cut the noise off: there each patch counts for what the noise would have been.
// Noise that a camera or a JPEG has blurred is not white and is estimated too low: see noise.ts.

import { hasAlpha } from "../image/colour.js";
import { maxLevel } from "../image/image.js";
import { isPlane, type Picture } from "../image/plane.js";
import { shareAfterClipping } from "./clipped-noise.js";
import { eigenvaluesOf } from "./eigenvalues.js";

/** Sides of patches, the first that finds enough of them is taken; smaller ones serve small pictures. */
const patchSides = [5, 3];
/** Patches a dimension that a covariance needs to be told from chance. */
const patchesPerDimension = 10;
/** More patches change little. */
const mostPatches = 8_000;
const rounds = 8;
/** Patches whose noise is cut to less of its variance than this tell too little. */
const leastShare = 0.6;
/** What is found of pure noise, on even grounds of 128 to 512 pixels a side: the largest eigenvalues and the roughest patches are left
 * out. */
const foundOfPureNoise = 0.991;

/**
 * The standard deviation of one channel's noise in 8-bit grey levels; 0 for a picture too small to tell (below about 12x12
 * pixels).
 * @param reduction 2 looks at the picture of half the size, a pixel of it the mean of 2x2
 */
export function estimateSigma(picture: Picture, channel = 0, reduction: 1 | 2 = 1): number {
  for (const side of patchSides) {
    const needed = patchesPerDimension * side * side;
    const patches = takePatches(picture, channel, side, reduction);
    if (patches.length < needed) continue;
    let sigma = sigmaOf(side, patches);
    for (let round = 0; round < rounds; round++) {
      const flat = flatPatches(patches, side, sigma, needed, isPlane(picture));
      const next = sigmaOf(side, flat);
      const settled = Math.abs(next - sigma) <= 1e-3 * sigma;
      sigma = next;
      if (settled) break;
    }
    return (255 * sigma) / foundOfPureNoise;
  }
  return 0;
}

interface Patch {
  /** [side, side], less their mean. */
  readonly values: Float32Array;
  readonly mean: number;
  /** Sum of the squared differences of neighbours, across and down. */
  readonly roughness: number;
  /** How much of the noise's variance clipping has left here. */
  share: number;
}

/** Patches evenly over the picture, without those where something is fully transparent. */
function takePatches(picture: Picture, channel: number, side: number, reduction: 1 | 2): Patch[] {
  const { channels } = picture;
  const [width, height] = [Math.floor(picture.width / reduction), Math.floor(picture.height / reduction)];
  const [right, down] = [channels, channels * picture.width];
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
        let at = reduction * ((top + y) * down + left * right) + channel;
        for (let x = 0; x < side; x++, i++, at += reduction * right) {
          patch[i] =
            reduction === 1
              ? values[at] / white
              : (values[at] + values[at + right] + values[at + down] + values[at + down + right]) /
                (4 * white);
          isHidden ||= toAlpha !== undefined && values[at + toAlpha] === 0;
          sum += patch[i];
          if (x > 0) roughness += (patch[i] - patch[i - 1]) ** 2;
          if (y > 0) roughness += (patch[i] - patch[i - side]) ** 2;
        }
      }
      if (isHidden) continue;
      const mean = sum / (side * side);
      for (let i = 0; i < patch.length; i++) patch[i] -= mean;
      patches.push({ values: patch, mean, roughness, share: 1 });
    }
  return patches;
}

/**
 * The patches that noise of this strength could have made from a flat ground; the `atLeast` best ones where there are fewer. Notes
 * in each how much of the noise clipping has left, but for planes, which are not clipped.
 */
function flatPatches(
  patches: readonly Patch[],
  side: number,
  sigma: number,
  atLeast: number,
  unclipped: boolean,
): Patch[] {
  // 2 side (side - 1) differences of variance 2 sigma^2. Each pixel takes part in up to four, so that the sum's relative spread
  // is about sqrt(3 / side^2) (from the fourth moments of the differences' covariance). The limit lies three of them above the
  // mean, which keeps nearly all of what is flat; two where the noise is weak and faint texture looks like it.
  const spreads = 2 + Math.min(1, sigma / (25 / 255));
  const limit = 4 * side * (side - 1) * sigma * sigma * (1 + (spreads * Math.sqrt(3)) / side);
  const shareAt = unclipped ? () => 1 : shareAfterClipping(sigma);
  const excess = (patch: Patch): number => {
    const { roughness, share } = patch;
    if (share >= leastShare) return roughness / (limit * share + 1e-12);
    // Of those that are cut off, even ones speak most against noise.
    return roughness === 0 ? 2 : 1e9 - share;
  };
  for (const patch of patches) patch.share = shareAt(patch.mean);
  const flat = patches.filter((patch) => excess(patch) <= 1);
  if (flat.length >= atLeast) return flat;
  return [...patches].sort((a, b) => excess(a) - excess(b)).slice(0, atLeast);
}

function sigmaOf(side: number, patches: readonly Patch[]): number {
  return Math.sqrt(noiseVariance(eigenvaluesOf(covariance(side * side, patches), side * side)));
}

/** The covariance matrix of patches as vectors of n values, [n, n], as it was before clipping. */
function covariance(n: number, patches: readonly Patch[]): Float64Array {
  const [sums, products] = [new Float64Array(n), new Float64Array(n * n)];
  for (const { values, share } of patches) {
    const scale = 1 / Math.sqrt(Math.max(share, 0.05));
    for (let i = 0; i < n; i++) {
      const value = scale * values[i];
      sums[i] += value;
      for (let j = 0, row = i * n; j <= i; j++) products[row + j] += value * scale * values[j];
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
