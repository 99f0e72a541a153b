// Bad photographs of many kinds, as the blind network of `--task photo` learns from them: noise of a camera at any ISO, developed and
// mostly smoothed by it, sometimes plain white noise, sometimes next to none; then mostly JPEG. The parts are the other files here.

import type { RandomStream } from "../../base/random-stream.js";
import { toLevel } from "../../image/image.js";
import type { Plane } from "../../image/plane.js";
import { cameraNoise, drawCamera } from "./camera.js";
import { enlargedMiddle } from "./enlarge.js";
import { jpegCut, samplings } from "./jpeg.js";
import { drawNoiseReduction, reduceNoise } from "./noise-reduction.js";
import { between, type Degradation, happens, logBetween, oneOf } from "./draws.js";

/** Shot noise of ordinary pictures, from base ISO to far beyond what looks good, and of nearly clean ones. */
const SHOT: readonly [number, number] = [1e-4, 2e-2];
const HARDLY_ANY: readonly [number, number] = [2e-6, 1e-4];
/**
 * How much larger than ours the pictures are that cameras write, pixel for pixel of detail. Half of the places in full-size
 * photographs of indoor scenes differ from their neighbours' mean by less than 0.3 to 0.9 grey levels; in ours by 2 to 16,
 * enlarged twice still by 2.
 */
const SOFTNESS: readonly [number, number] = [1.4, 6];

/**
 * Clean pictures as sharp as photographs are: many in full size are soft, pixel for pixel, as lens, mosaic and the camera's
 * processing left them. Pictures to learn from are reduced ones, sharp to the last pixel, where smooth noise looks like detail; a
 * network that saw them alone leaves it.
 */
export const softenPhoto: Degradation = (clean, random) =>
  happens(random, 0.5) ? clean : enlargedMiddle(clean, logBetween(random, ...SOFTNESS));

/** @param clean three channels, 8-bit levels or finer */
export const degradePhoto: Degradation = (clean, random) => {
  const { width, height } = clean;
  const kind = random.uniform();
  const data =
    kind < 0.12 ? whiteNoise(clean, random) : developedNoise(clean, random, kind < 0.25 ? HARDLY_ANY : SHOT);
  for (let i = 0; i < data.length; i++) data[i] += clean.data[i];
  for (let i = 0; i < data.length; i++) data[i] = toLevel(data[i], 255) / 255; // as a file of 8 bits holds it
  const noisy: Plane = { width, height, channels: 3, data };
  if (happens(random, 0.25)) return noisy;
  const saved = savedAsJpeg(noisy, random, 0, 0);
  return happens(random, 0.15) ? savedAsJpeg(saved, random, random.integer(16), random.integer(16)) : saved;
};

/** Half of them as cameras save, half as phones and web pages do. */
function savedAsJpeg(picture: Plane, random: RandomStream, left: number, top: number): Plane {
  const quality = Math.floor(happens(random, 0.5) ? between(random, 88, 99) : between(random, 60, 95));
  return jpegCut(picture, quality, oneOf(random, samplings), left, top);
}

function developedNoise(clean: Plane, random: RandomStream, shot: readonly [number, number]): Float32Array {
  const noise = cameraNoise(clean, drawCamera(random, shot), random);
  if (happens(random, 0.9)) reduceNoise(noise, clean, drawNoiseReduction(random));
  return noise;
}

/** As from scans, old files and other programs: the same everywhere, deviation 1 to 40 grey levels. */
function whiteNoise(clean: Plane, random: RandomStream): Float32Array {
  const noise = new Float32Array(clean.data.length);
  const sigma = logBetween(random, 1, 40);
  random.fillNormal(noise, sigma / 255);
  if (happens(random, 0.3)) reduceNoise(noise, clean, drawNoiseReduction(random));
  return noise;
}
