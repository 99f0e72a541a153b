// What an image is everywhere in Fovea: float pixels in [0, 1], with what is needed to write it back as it came.
// Files and their encodings are left to png-node.ts and files.ts, colour to colour.ts.

import { UserError } from "../base/errors.js";

/** 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha. */
export type Channels = 1 | 2 | 3 | 4;

export interface Image {
  readonly width: number;
  readonly height: number;
  readonly channels: Channels;
  /** Bits a channel of the file it came from or goes to; the pixels are floats either way. */
  readonly bitDepth: 8 | 16;
  /** [height, width, channels], interleaved; sRGB-encoded as in the file, 0 black and 1 white. */
  readonly data: Float32Array;
}

/** The most pixels that are read: 2^28, a square of 16384 by 16384. */
export const MAX_PIXELS = 2 ** 28;

/** An image of the given size; without `data` it is black. Throws RangeError when the data has another length. */
export function createImage(
  width: number,
  height: number,
  channels: Channels,
  data: Float32Array = new Float32Array(width * height * channels),
  bitDepth: 8 | 16 = 8,
): Image {
  if (data.length !== width * height * channels) {
    throw new RangeError(
      `${data.length} values are not the pixels of a ${width}x${height}x${channels} image`,
    );
  }
  return { width, height, channels, bitDepth, data };
}

/** "500x400, RGB, 8 bits": for messages. */
export function describeImage(image: Image): string {
  const kind = ["grey", "grey with alpha", "RGB", "RGB with alpha"][image.channels - 1];
  return `${image.width}x${image.height}, ${kind}, ${image.bitDepth} bits`;
}

/** Clips to [0, 1] and rounds to the nearest of 256 levels: what an 8-bit file would hold. NaN becomes 0. */
export function quantise8(image: Image): Image {
  const data = new Float32Array(image.data.length);
  for (let i = 0; i < data.length; i++) data[i] = toLevel(image.data[i], 255) / 255;
  return { ...image, bitDepth: 8, data };
}

/** A value of [0, 1] as an integer level in [0, max], clipped, halves rounded up; NaN becomes 0. */
export function toLevel(value: number, max: number): number {
  return value > 0 ? (value < 1 ? Math.floor(value * max + 0.5) : max) : 0;
}

/** A rectangle of the image, copied. Throws UserError when it does not lie inside. */
export function crop(image: Image, left: number, top: number, width: number, height: number): Image {
  if (
    left < 0 ||
    top < 0 ||
    width < 1 ||
    height < 1 ||
    left + width > image.width ||
    top + height > image.height
  ) {
    throw new UserError(
      `The rectangle ${width}x${height} at (${left}, ${top}) does not lie inside the image (${describeImage(image)}); choose a smaller one.`,
    );
  }
  const data = new Float32Array(width * height * image.channels);
  const row = width * image.channels;
  for (let y = 0; y < height; y++) {
    const start = ((top + y) * image.width + left) * image.channels;
    data.set(image.data.subarray(start, start + row), y * row);
  }
  return { ...image, width, height, data };
}
