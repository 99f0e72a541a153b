// Colour: grey, YCbCr, alpha apart from colour. All on the encoded values of the file, as the image-restoration
// literature does (and OpenCV and Pillow), not on linear light.

import { maxLevel, newLevels, type Channels, type Image, type Levels } from "./image.js";
import type { Plane } from "./plane.js";

// ITU-R BT.601 luma. Cb and Cr are JPEG's (JFIF), full range, with 0.5 as their zero.
const RED = 0.299;
const GREEN = 0.587;
const BLUE = 0.114;

interface WithChannels {
  readonly channels: Channels;
}
export const hasAlpha = ({ channels }: WithChannels): boolean => channels === 2 || channels === 4;
export const isGrey = ({ channels }: WithChannels): boolean => channels <= 2;

/** BT.601 luma, 0.299 R + 0.587 G + 0.114 B, rounded; one channel. Alpha is dropped; a grey image keeps its values. */
export const toGray = (image: Image): Image => convertChannels(image, 1);

/**
 * The same picture with another number of channels: grey is repeated to RGB, colour goes to luma, a missing alpha is
 * opaque, an alpha too many is dropped.
 */
export function convertChannels(image: Image, channels: Channels): Image {
  if (channels === image.channels) return image;
  const { width, height, bitDepth, pixels: from } = image;
  const step = image.channels;
  const [colours, greyFrom] = [channels <= 2 ? 1 : 3, isGrey(image)];
  const alphaFrom = hasAlpha(image) ? step - 1 : -1;
  const opaque = maxLevel(image);
  const pixels = newLevels(width * height * channels, bitDepth);
  for (let at = 0, to = 0; at < from.length; at += step) {
    if (greyFrom) for (let c = 0; c < colours; c++) pixels[to++] = from[at];
    else if (colours === 1)
      pixels[to++] = Math.floor(RED * from[at] + GREEN * from[at + 1] + BLUE * from[at + 2] + 0.5);
    else for (let c = 0; c < 3; c++) pixels[to++] = from[at + c];
    if (channels > colours) pixels[to++] = alphaFrom < 0 ? opaque : from[at + alphaFrom];
  }
  return { ...image, channels, pixels };
}

/** RGB to (Y, Cb, Cr), each in [0, 1]: Cb = (B - Y) / 1.772 + 0.5, Cr = (R - Y) / 1.402 + 0.5. Takes three channels. */
export function rgbToYCbCr(plane: Plane): Plane {
  return mapTriples(plane, (r, g, b, out, at) => {
    const y = RED * r + GREEN * g + BLUE * b;
    out[at] = y;
    out[at + 1] = (b - y) / (2 * (1 - BLUE)) + 0.5;
    out[at + 2] = (r - y) / (2 * (1 - RED)) + 0.5;
  });
}

/** The inverse of `rgbToYCbCr`; colours outside the RGB cube come out unclipped. */
export function yCbCrToRgb(plane: Plane): Plane {
  return mapTriples(plane, (y, cb, cr, out, at) => {
    const r = y + 2 * (1 - RED) * (cr - 0.5);
    const b = y + 2 * (1 - BLUE) * (cb - 0.5);
    out[at] = r;
    out[at + 1] = (y - RED * r - BLUE * b) / GREEN;
    out[at + 2] = b;
  });
}

type Triple = (a: number, b: number, c: number, out: Float32Array, at: number) => void;

function mapTriples(plane: Plane, write: Triple): Plane {
  if (plane.channels !== 3)
    throw new RangeError(`${plane.channels} channels where RGB or YCbCr has 3; split the alpha first`);
  const { data } = plane;
  const out = new Float32Array(data.length);
  for (let at = 0; at < data.length; at += 3) write(data[at], data[at + 1], data[at + 2], out, at);
  return { ...plane, data: out };
}

/** Colour (1 or 3 channels) and alpha (one level a pixel, or undefined) apart; `mergeAlpha` is the way back. */
export function splitAlpha(image: Image): { colour: Image; alpha: Levels | undefined } {
  if (!hasAlpha(image)) return { colour: image, alpha: undefined };
  const { width, height, channels, bitDepth, pixels } = image;
  const alpha = newLevels(width * height, bitDepth);
  for (let i = 0; i < alpha.length; i++) alpha[i] = pixels[i * channels + channels - 1];
  return { colour: convertChannels(image, (channels - 1) as Channels), alpha };
}

/** Puts an alpha (one level a pixel, of the colour's bit depth) back behind the colour; undefined leaves the colour as it is. */
export function mergeAlpha(colour: Image, alpha: Levels | undefined): Image {
  if (!alpha) return colour;
  if (alpha.length !== colour.width * colour.height) {
    throw new RangeError(`${alpha.length} alpha values for an image of ${colour.width}x${colour.height}`);
  }
  const merged = convertChannels(colour, isGrey(colour) ? 2 : 4);
  const { pixels, channels } = merged;
  for (let i = 0; i < alpha.length; i++) pixels[(i + 1) * channels - 1] = alpha[i];
  return merged;
}

/** The picture over a white ground, without alpha: for file formats that have none. */
export function flattenAlpha(image: Image): Image {
  const { colour, alpha } = splitAlpha(image);
  if (!alpha) return image;
  const [max, { channels, pixels }] = [maxLevel(image), colour];
  for (let i = 0; i < pixels.length; i++) {
    const opacity = alpha[Math.floor(i / channels)] / max;
    pixels[i] = Math.floor(max + opacity * (pixels[i] - max) + 0.5);
  }
  return colour;
}
