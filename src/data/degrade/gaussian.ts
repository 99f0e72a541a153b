// Makes good images bad in known ways, so that a network can be taught and judged. Every draw comes from a counter, so
// that image `index` of seed `seed` gets the same noise in every run. Which images is patches.ts.

import { UserError } from "../../base/errors.js";
import { fillNormal } from "../../base/fill-normal.js";
import { keyOf } from "../../base/philox.js";
import { type Picture, type Plane, toPlane } from "../../image/plane.js";

/** The last counter word of noise on whole images; see STREAM_DOMAIN in random-stream.ts for the idea. */
const IMAGE_NOISE_DOMAIN = 2;

/**
 * The picture with Gaussian noise of standard deviation `sigma` (8-bit grey levels) on every channel, in float: neither
 * clipped nor rounded.
 *
 * @param seed integer in [0, 2^53)
 * @param index which image of a set this is: an integer in [0, 2^32)
 */
export function gaussianNoise(picture: Picture, sigma: number, seed: number, index: number): Plane {
  checkSigma(sigma);
  const [low, high] = keyOf(seed);
  const clean = toPlane(picture);
  const data = new Float32Array(clean.data.length);
  fillNormal(data, sigma / 255, 0, index, IMAGE_NOISE_DOMAIN, low, high);
  for (let i = 0; i < data.length; i++) data[i] += clean.data[i];
  return { ...clean, data };
}

/** Throws UserError for a noise level that is not a number of grey levels. */
export function checkSigma(sigma: number): void {
  if (!(sigma >= 0 && sigma <= 255)) {
    throw new UserError(
      `The noise level sigma ${sigma} is not in 0 to 255; give it in 8-bit grey levels, for example 25.`,
    );
  }
}
