// How quality is measured, for `fovea eval` and for validation while training: Gaussian noise from the project's own generator,
// added in float and neither clipped nor rounded before the network, or a bad picture as it is; the network's output clipped to [0, 1]
// and rounded to 8 bits; PSNR over the whole image, mean over the images.

import { gaussianNoise } from "../data/degrade/gaussian.js";
import type { Image } from "../image/image.js";
import { psnr } from "../image/metrics.js";
import { type Picture, type Plane, toImage, toPlane } from "../image/plane.js";
import type { Denoiser, DenoiseOptions } from "./denoiser.js";

export interface Trial {
  readonly input: Picture;
  /** As an 8-bit file would hold it. */
  readonly restored: Image;
  /** In decibel, against the clean image. */
  readonly psnrInput: number;
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
  return restoreAndCompare(denoiser, gaussianNoise(clean, sigma, seed, index), clean, sigma, options);
}

/**
 * Lets the model restore a picture of which the clean one is there; both of one size, and of the model's channels or grey: a colour
 * model sees a grey picture three times, and its answers are averaged.
 */
export async function restoreAndCompare(
  denoiser: Denoiser,
  input: Picture,
  clean: Image,
  sigma: number,
  options: DenoiseOptions = {},
): Promise<Trial> {
  const plane = toPlane(input);
  const copies = denoiser.model.channels / plane.channels;
  const data = await denoiser.denoise(copies > 1 ? tripled(plane) : plane, sigma, options);
  const restored = toImage({ ...plane, data: copies > 1 ? averaged(data) : data });
  return { input, restored, psnrInput: psnr(clean, input), psnr: psnr(clean, restored) };
}

function tripled({ width, height, data }: Plane): Plane {
  return {
    width,
    height,
    channels: 3,
    data: Float32Array.from({ length: 3 * data.length }, (_, i) => data[Math.floor(i / 3)]),
  };
}

const averaged = (data: Float32Array): Float32Array =>
  Float32Array.from(
    { length: data.length / 3 },
    (_, i) => (data[3 * i] + data[3 * i + 1] + data[3 * i + 2]) / 3,
  );
