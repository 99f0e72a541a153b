// What a camera's own noise reduction and sharpening leave of the noise: smooth, alike in neighbouring pixels, in large spots of
// colour, and less of it gone where the picture has detail. The picture itself stays as it is: a network shall learn to remove what
// is left of the noise, not to invent what smoothing took away.

import type { RandomStream } from "../../base/random-stream.js";
import type { Plane } from "../../image/plane.js";
import { blurPlane, boxBlurPlane } from "./blur.js";
import { between, happens, logBetween } from "./draws.js";

/** What is left of one plane of noise n: (1 - share) n + share blur(n, sigma) + coarse box(n, radius). */
export interface Smoothing {
  /** Share that is smoothed, and the Gaussian's deviation in pixels. */
  readonly share: number;
  readonly sigma: number;
  /**
   * Noise reduction works by scales and spares the coarse ones, so that spots stay which are far larger than the fine noise
   * beside them: how many times they are there, and how far the box reaches that makes them, in pixels.
   */
  readonly coarse: number;
  readonly radius: number;
}

export interface NoiseReduction {
  /** Of brightness noise. */
  readonly luma: Smoothing;
  /** Of colour noise. */
  readonly chroma: Smoothing;
  /** How much smoothing spares detail: 0 not at all; at 1 an edge of 10 grey levels halves it. */
  readonly sparing: number;
  /** Unsharp masking afterwards: noise + sharpening (noise - its blur of deviation 1). */
  readonly sharpening: number;
}

/**
 * From cameras that hardly smooth to some that leave only spots. On flat grounds of cameras' JPEG files neighbours share about two
 * thirds of their brightness noise, the next but one a quarter. Of colour noise cameras take away far more, as eyes miss no detail
 * there: what stays deviates by half to all of what brightness does, and neighbours share nine tenths of it.
 */
export function drawNoiseReduction(random: RandomStream): NoiseReduction {
  const [least, most] = happens(random, 0.8) ? [0.7, 1.4] : [0.3, 1];
  return {
    luma: {
      share: between(random, least, 1),
      sigma: between(random, least, most),
      coarse: happens(random, 0.25) ? between(random, 0, 0.8) : 0,
      radius: 2 + random.integer(4),
    },
    chroma: {
      share: between(random, 0.9, 1),
      sigma: logBetween(random, 1.6, 8),
      coarse: happens(random, 0.2) ? between(random, 0, 0.8) : 0,
      radius: 2 + random.integer(5),
    },
    sparing: happens(random, 0.5) ? random.uniform() : 0,
    sharpening: happens(random, 0.3) ? between(random, 0, 0.6) : 0,
  };
}

const [RED, GREEN, BLUE] = [0.299, 0.587, 0.114];

/** @param noise [height, width, 3], the difference that it makes to `clean`; smoothed in place */
export function reduceNoise(noise: Float32Array, clean: Plane, reduction: NoiseReduction): void {
  const { width, height } = clean;
  const size = width * height;
  const [y, u, v] = [new Float32Array(size), new Float32Array(size), new Float32Array(size)];
  for (let i = 0, at = 0; i < size; i++, at += 3) {
    y[i] = RED * noise[at] + GREEN * noise[at + 1] + BLUE * noise[at + 2];
    u[i] = noise[at + 2] - y[i];
    v[i] = noise[at] - y[i];
  }
  const { luma, chroma, sparing, sharpening } = reduction;
  const kept = sparing > 0 ? smoothnessOf(clean, sparing) : undefined;
  smooth(y, width, height, luma, kept);
  for (const plane of [u, v]) smooth(plane, width, height, chroma);
  if (sharpening > 0) mix(y, blurPlane(y, width, height, 1), -sharpening);
  for (let i = 0, at = 0; i < size; i++, at += 3) {
    noise[at] = y[i] + v[i];
    noise[at + 1] = y[i] - (RED * v[i] + BLUE * u[i]) / GREEN;
    noise[at + 2] = y[i] + u[i];
  }
}

/** In place. `weights`, if given: how much of the fine smoothing each pixel has. */
function smooth(
  plane: Float32Array,
  width: number,
  height: number,
  { share, sigma, coarse, radius }: Smoothing,
  weights?: Float32Array,
): void {
  const spots = coarse > 0 ? boxBlurPlane(plane, width, height, radius) : undefined;
  mix(plane, blurPlane(plane, width, height, sigma), share, weights);
  if (spots) for (let i = 0; i < plane.length; i++) plane[i] += coarse * spots[i];
}

/** plane + share (other - plane), in place; with `weights` times those of each pixel. */
function mix(plane: Float32Array, other: Float32Array, share: number, weights?: Float32Array): void {
  for (let i = 0; i < plane.length; i++)
    plane[i] += share * (weights ? weights[i] : 1) * (other[i] - plane[i]);
}

/** 1 where the picture is flat, towards 0 where its green changes from pixel to pixel. */
function smoothnessOf({ data, width, height }: Plane, sparing: number): Float32Array {
  const out = new Float32Array(width * height);
  const green = (x: number, y: number) =>
    data[3 * (Math.min(height - 1, Math.max(0, y)) * width + Math.min(width - 1, Math.max(0, x))) + 1];
  for (let y = 0, i = 0; y < height; y++)
    for (let x = 0; x < width; x++, i++) {
      const change =
        Math.abs(green(x + 1, y) - green(x - 1, y)) + Math.abs(green(x, y + 1) - green(x, y - 1));
      out[i] = 1 / (1 + sparing * change * 25.5);
    }
  return out;
}
