// How quality is measured, for `fovea eval` and for validation while training: Gaussian noise from the project's own generator,
// added in float and neither clipped nor rounded before the network; the network's output clipped to [0, 1] and rounded to 8
// bits; PSNR over the whole image, mean over the images.

import { gaussianNoise } from "../data/degrade.js";
import type { Image } from "../image/image.js";
import { psnr } from "../image/metrics.js";
import { type Plane, toImage } from "../image/plane.js";
import type { Denoiser, DenoiseOptions } from "./denoiser.js";

export interface Trial {
  readonly noisy: Plane;
  /** As an 8-bit file would hold it. */
  readonly restored: Image;
  /** In decibel, against the clean image. */
  readonly psnrNoisy: number;
  readonly psnr: number;
}

/**
 * Adds noise to a clean image and lets the model restore it.
 * @param clean with as many channels as the model
 * @param sigma in 8-bit grey levels
 * @param index the image's number in its set: it gets the same noise in every run of a seed
 */
export async function tryOn(
  denoiser: Denoiser,
  clean: Image,
  sigma: number,
  seed: number,
  index: number,
  options: DenoiseOptions = {},
): Promise<Trial> {
  const noisy = gaussianNoise(clean, sigma, seed, index);
  const data = await denoiser.denoise(noisy, sigma, options);
  const restored = toImage({ ...noisy, data });
  return { noisy, restored, psnrNoisy: psnr(clean, noisy), psnr: psnr(clean, restored) };
}
