// What an image is everywhere in Fovea: the integer levels that its file holds. Arithmetic on pixels is done on floats, a tile
// or a patch at a time, or on a plane (plane.ts) where values may lie between and beyond the levels.
// Files and their encodings are left to png-node.ts and files.ts, colour to colour.ts.

import { UserError } from "../base/errors.js";
import type { Metadata } from "./metadata.js";

/** 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha. */
export type Channels = 1 | 2 | 3 | 4;

/** 8 bits or 16 a value. */
export type Levels = Uint8Array | Uint16Array;

/** A picture of 8- or 16-bit levels, row-major, channels last: 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA; with what its file said of it. */
export interface Image {
  readonly width: number;
  readonly height: number;
  readonly channels: Channels;
  /** Bits a value; fewer in a file are brought to the full range of 8, as in PNG. */
  readonly bitDepth: 8 | 16;
  /** [height, width, channels], interleaved; encoded as in the file, 0 black and `maxLevel` white or opaque. */
  readonly pixels: Levels;
  /** What its file says beside the pixels. */
  readonly metadata?: Metadata;
}

/** The most pixels that are read: 2^28, a square of 16384 by 16384. */
export const MAX_PIXELS = 2 ** 28;

/**
 * An image of the given size, of as many bits as the array's elements; without `pixels` it is black, 8 bits.
 * Throws RangeError when the array has another length.
 */
export function createImage(
  width: number,
  height: number,
  channels: Channels,
  pixels: Levels = new Uint8Array(width * height * channels),
): Image {
  if (pixels.length !== width * height * channels) {
    throw new RangeError(
      `${pixels.length} values are not the pixels of a ${width}x${height}x${channels} image`,
    );
  }
  return { width, height, channels, bitDepth: pixels instanceof Uint16Array ? 16 : 8, pixels };
}

/** The level of white: 255 or 65535. */
export const maxLevel = ({ bitDepth }: { readonly bitDepth: 8 | 16 }): number =>
  bitDepth === 16 ? 65535 : 255;

/** An array for so many levels, zeros. */
export const newLevels = (length: number, bitDepth: 8 | 16): Levels =>
  bitDepth === 16 ? new Uint16Array(length) : new Uint8Array(length);

/** "500x400, RGB, 8 bits": for messages. */
export function describeImage({ width, height, channels, bitDepth }: Image): string {
  const kind = ["grey", "grey with alpha", "RGB", "RGB with alpha"][channels - 1];
  return `${width}x${height}, ${kind}, ${bitDepth} bits`;
}

/** A value of [0, 1] as an integer level in [0, max], clipped, halves rounded up; NaN becomes 0. */
export function toLevel(value: number, max: number): number {
  return value > 0 ? (value < 1 ? Math.floor(value * max + 0.5) : max) : 0;
}

/** The same picture with another number of bits a value; from 16 to 8 it is rounded to the nearest level. */
export function convertBitDepth(image: Image, bitDepth: 8 | 16): Image {
  if (image.bitDepth === bitDepth) return image;
  const pixels = newLevels(image.pixels.length, bitDepth);
  for (let i = 0; i < pixels.length; i++)
    pixels[i] = bitDepth === 16 ? image.pixels[i] * 257 : Math.floor(image.pixels[i] / 257 + 0.5);
  return { ...image, bitDepth, pixels };
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
  const row = width * image.channels;
  const pixels = newLevels(row * height, image.bitDepth);
  for (let y = 0; y < height; y++) {
    const start = ((top + y) * image.width + left) * image.channels;
    pixels.set(image.pixels.subarray(start, start + row), y * row);
  }
  return { ...image, width, height, pixels };
}
