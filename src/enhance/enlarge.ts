// An image in, a larger one out: what a network that enlarges pictures by a whole factor does with grey, colour, alpha and either bit
// depth. Its answer for a pixel is a block of factor x factor pixels; tiles are those of denoiser.ts.

import { UserError } from "../base/errors.js";
import { hasAlpha, isGrey } from "../image/colour.js";
import { withHiddenFilled } from "../image/hidden.js";
import { type Image, type Levels, maxLevel, newLevels, toLevel } from "../image/image.js";
import type { ImageModel } from "../models/image-model.js";
import { OnnxNetwork } from "../models/onnx-network.js";
import type { Denoiser, RestoreOptions, Sigma } from "./denoiser.js";
import { imagePixels, type Pixels } from "./pixels.js";

/** How many times as large a model's answer is in height and width. */
export const scaleOf = (model: ImageModel): number => (model instanceof OnnxNetwork ? model.use.scale : 1);

/**
 * The image enlarged by the model's factor; depth and metadata stay, alpha is interpolated.
 * @param sigma noise level in grey levels, for models that take one
 * @throws UserError where the model's answer is no number
 */
export async function enlargeImage(
  image: Image,
  denoiser: Denoiser,
  { sigma = 0, ...options }: RestoreOptions & { sigma?: Sigma } = {},
): Promise<Image> {
  const scale = scaleOf(denoiser.model);
  const { channels: taken } = denoiser.model;
  const colours = isGrey(image) ? 1 : 3;
  const count = Math.min(taken, colours);
  const copies = taken > colours ? taken / colours : 1;
  const [width, height] = [image.width * scale, image.height * scale];
  const pixels = newLevels(width * height * image.channels, image.bitDepth);
  const source = await withHiddenFilled(image);
  const runs = colours / count;
  for (let i = 0; i < runs; i++) {
    const onTile = (done: number, total: number) => options.onTile?.(i * total + done, runs * total);
    const part = enlargingPixels(source, pixels, { first: i * count, count, copies, scale });
    await denoiser.restore(part, sigma, { ...options, onTile });
  }
  if (hasAlpha(image)) enlargeAlpha(image, pixels, scale);
  return { ...image, width, height, pixels };
}

/** Reads an image's channels, and writes blocks of scale x scale pixels, (p scale + q) taken + c, into those of a larger one. */
function enlargingPixels(
  image: Image,
  into: Levels,
  { first, count, copies, scale }: { first: number; count: number; copies: number; scale: number },
): Pixels {
  const { width, height, channels } = image;
  const max = maxLevel(image);
  const { read } = imagePixels(image, into, { first, count, copies });
  const taken = count * copies;
  return {
    width,
    height,
    read,
    write(y, left, length, values, from) {
      for (let i = 0; i < length; i++, from += taken * scale * scale)
        for (let p = 0; p < scale; p++)
          for (let q = 0; q < scale; q++) {
            const to = ((y * scale + p) * width * scale + (left + i) * scale + q) * channels + first;
            for (let c = 0; c < count; c++) {
              let sum = 0;
              for (let copy = 0; copy < copies; copy++)
                sum += values[from + (p * scale + q) * taken + copy * count + c];
              if (Number.isNaN(sum))
                throw new UserError("The network's answer is no number for some pixels, so no picture is written; its file or its range is wrong."); // prettier-ignore
              into[to + c] = toLevel(sum / copies, max);
            }
          }
    },
  };
}

/** Alpha between its four neighbours, with centres at half pixels. */
function enlargeAlpha({ width, height, channels, pixels }: Image, into: Levels, scale: number): void {
  const at = (y: number, x: number) => pixels[(y * width + x) * channels + channels - 1];
  const near = (i: number, n: number): [below: number, above: number, share: number] => {
    const x = Math.min(Math.max((i + 0.5) / scale - 0.5, 0), n - 1);
    const below = Math.floor(x);
    return [below, Math.min(below + 1, n - 1), x - below];
  };
  for (let y = 0; y < height * scale; y++) {
    const [top, bottom, v] = near(y, height);
    for (let x = 0; x < width * scale; x++) {
      const [left, right, u] = near(x, width);
      const upper = at(top, left) * (1 - u) + at(top, right) * u;
      const lower = at(bottom, left) * (1 - u) + at(bottom, right) * u;
      into[(y * width * scale + x) * channels + channels - 1] = Math.floor(upper * (1 - v) + lower * v + 0.5);
    }
  }
}
