// An image in, a better image out: what a model of one or three channels does with grey, colour, alpha and either bit depth.
// Running the model is denoiser.ts, the noise level noise-level.ts, files files.ts.

import { mergeAlpha, splitAlpha } from "../image/colour.js";
import { createImage, type Image } from "../image/image.js";
import type { Denoiser } from "./denoiser.js";
import { estimateSigma } from "./noise-level.js";

export interface EnhanceOptions {
  /** Standard deviation of the noise in 8-bit grey levels, or "auto" to estimate it for each channel (default). */
  sigma?: number | "auto";
  /** Told after each tile: done and total count the whole image's tiles. */
  onTile?(done: number, total: number): void;
  signal?: AbortSignal;
}

export interface Enhanced {
  /** Size, channels and bit depth of the input; alpha untouched. Not clipped. */
  readonly image: Image;
  /** The noise level that was given to the model, for each channel it was called on; empty when it takes none. */
  readonly sigmas: readonly number[];
}

/**
 * Restores an image. A grey model is called on each channel of a colour image; a colour model sees a grey image three times and
 * its answers are averaged.
 */
export async function enhanceImage(
  image: Image,
  denoiser: Denoiser,
  options: EnhanceOptions = {},
): Promise<Enhanced> {
  const { colour, alpha } = splitAlpha(image);
  const planes = planesFor(denoiser.model.channels, colour);
  const sigmas = denoiser.model.takesSigma
    ? planes.map((plane) => sigmaFor(plane, options.sigma ?? "auto"))
    : [];
  const restored: Float32Array[] = [];
  for (const [i, plane] of planes.entries()) {
    const onTile = (done: number, total: number) => options.onTile?.(i * total + done, planes.length * total);
    restored.push(await denoiser.denoise(plane, sigmas[i] ?? 0, { onTile, signal: options.signal }));
  }
  const joined = createImage(
    colour.width,
    colour.height,
    colour.channels,
    join(restored, colour),
    colour.bitDepth,
  );
  return { image: mergeAlpha(joined, alpha), sigmas };
}

/** What the model is called on: each channel by itself, or all together. */
function planesFor(modelChannels: number, colour: Image): Image[] {
  if (modelChannels === colour.channels) return [colour];
  const { width, height, channels, bitDepth, data } = colour;
  const take = (wanted: number, channelOf: (c: number) => number): Image => {
    const out = new Float32Array(width * height * wanted);
    for (let i = 0, to = 0; i < width * height; i++)
      for (let c = 0; c < wanted; c++) out[to++] = data[i * channels + channelOf(c)];
    return createImage(width, height, wanted as 1 | 3, out, bitDepth);
  };
  if (modelChannels === 1) return Array.from({ length: channels }, (_, channel) => take(1, () => channel));
  return [take(modelChannels, () => 0)];
}

/** The inverse of `planesFor`, by averaging where a channel was repeated. */
function join(planes: readonly Float32Array[], { channels, width, height }: Image): Float32Array {
  const pixels = width * height;
  const inPlane = planes[0].length / pixels;
  if (inPlane === channels) return planes[0];
  const out = new Float32Array(pixels * channels);
  if (inPlane === 1) {
    for (let i = 0, to = 0; i < pixels; i++) for (const plane of planes) out[to++] = plane[i];
    return out;
  }
  for (let i = 0; i < pixels; i++) {
    let sum = 0;
    for (let c = 0; c < inPlane; c++) sum += planes[0][i * inPlane + c];
    out[i] = sum / inPlane;
  }
  return out;
}

/** Channels differ in noise; a model that takes one level for all gets their root mean square. */
function sigmaFor(plane: Image, sigma: number | "auto"): number {
  if (sigma !== "auto") return sigma;
  const { width, height, channels, data } = plane;
  const variances = Array.from({ length: channels }, (_, channel) => {
    const one = data.filter((_value, i) => i % channels === channel);
    return estimateSigma({ width, height, data: one }) ** 2;
  });
  return Math.sqrt(variances.reduce((a, b) => a + b, 0) / channels);
}
