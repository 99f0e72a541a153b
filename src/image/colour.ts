// Colour: grey, YCbCr, alpha apart from colour. All on the sRGB-encoded values of the file, as the image-restoration
// literature does (and OpenCV and Pillow), not on linear light.

import { createImage, type Channels, type Image } from "./image.js";

// ITU-R BT.601 luma. Cb and Cr are JPEG's (JFIF), full range, with 0.5 as their zero.
const RED = 0.299;
const GREEN = 0.587;
const BLUE = 0.114;

export const hasAlpha = (image: Image): boolean => image.channels === 2 || image.channels === 4;
export const isGrey = (image: Image): boolean => image.channels <= 2;

/** BT.601 luma, 0.299 R + 0.587 G + 0.114 B; one channel. Alpha is dropped; a grey image keeps its values. */
export function toGray(image: Image): Image {
  const { width, height, channels, bitDepth } = image;
  const grey = new Float32Array(width * height);
  for (let i = 0, at = 0; i < grey.length; i++, at += channels) {
    grey[i] = isGrey(image)
      ? image.data[at]
      : RED * image.data[at] + GREEN * image.data[at + 1] + BLUE * image.data[at + 2];
  }
  return createImage(width, height, 1, grey, bitDepth);
}

/**
 * The same picture with another number of channels: grey is repeated to RGB, colour goes to luma, a missing alpha is
 * opaque, an alpha too many is dropped.
 */
export function convertChannels(image: Image, channels: Channels): Image {
  if (channels === image.channels) return image;
  const { width, height, bitDepth } = image;
  const source = channels <= 2 && image.channels > 2 ? toGray(image) : image;
  const alphaFrom = hasAlpha(image) ? image.channels - 1 : -1;
  const colours = channels <= 2 ? 1 : 3;
  const data = new Float32Array(width * height * channels);
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < colours; c++) {
      data[i * channels + c] = source.data[i * source.channels + (isGrey(source) ? 0 : c)];
    }
    if (channels > colours)
      data[i * channels + colours] = alphaFrom < 0 ? 1 : image.data[i * image.channels + alphaFrom];
  }
  return createImage(width, height, channels, data, bitDepth);
}

/** RGB to (Y, Cb, Cr), each in [0, 1]: Cb = (B - Y) / 1.772 + 0.5, Cr = (R - Y) / 1.402 + 0.5. Takes three channels. */
export function rgbToYCbCr(image: Image): Image {
  return mapTriples(image, (r, g, b, out, at) => {
    const y = RED * r + GREEN * g + BLUE * b;
    out[at] = y;
    out[at + 1] = (b - y) / (2 * (1 - BLUE)) + 0.5;
    out[at + 2] = (r - y) / (2 * (1 - RED)) + 0.5;
  });
}

/** The inverse of `rgbToYCbCr`; colours outside the RGB cube come out unclipped. */
export function yCbCrToRgb(image: Image): Image {
  return mapTriples(image, (y, cb, cr, out, at) => {
    const r = y + 2 * (1 - RED) * (cr - 0.5);
    const b = y + 2 * (1 - BLUE) * (cb - 0.5);
    out[at] = r;
    out[at + 1] = (y - RED * r - BLUE * b) / GREEN;
    out[at + 2] = b;
  });
}

type Triple = (a: number, b: number, c: number, out: Float32Array, at: number) => void;

function mapTriples(image: Image, write: Triple): Image {
  if (image.channels !== 3)
    throw new RangeError(`${image.channels} channels where RGB or YCbCr has 3; split the alpha first`);
  const { data } = image;
  const out = new Float32Array(data.length);
  for (let at = 0; at < data.length; at += 3) write(data[at], data[at + 1], data[at + 2], out, at);
  return { ...image, data: out };
}

/** Colour (1 or 3 channels) and alpha (one value a pixel, or undefined) apart; `mergeAlpha` is the way back. */
export function splitAlpha(image: Image): { colour: Image; alpha: Float32Array | undefined } {
  if (!hasAlpha(image)) return { colour: image, alpha: undefined };
  const colour = convertChannels(image, (image.channels - 1) as Channels);
  const alpha = new Float32Array(image.width * image.height);
  for (let i = 0; i < alpha.length; i++) alpha[i] = image.data[i * image.channels + image.channels - 1];
  return { colour, alpha };
}

/** Puts an alpha (one value a pixel) back behind the colour; undefined leaves the colour as it is. */
export function mergeAlpha(colour: Image, alpha: Float32Array | undefined): Image {
  if (!alpha) return colour;
  const merged = convertChannels(colour, isGrey(colour) ? 2 : 4);
  if (alpha.length !== colour.width * colour.height) {
    throw new RangeError(`${alpha.length} alpha values for an image of ${colour.width}x${colour.height}`);
  }
  const data = merged.data.slice();
  for (let i = 0; i < alpha.length; i++) data[(i + 1) * merged.channels - 1] = alpha[i];
  return { ...merged, data };
}

/** The picture over a white ground, without alpha: for file formats that have none. */
export function flattenAlpha(image: Image): Image {
  const { colour, alpha } = splitAlpha(image);
  if (!alpha) return image;
  const data = colour.data.map((value, i) => 1 + alpha[Math.floor(i / colour.channels)] * (value - 1));
  return { ...colour, data };
}
