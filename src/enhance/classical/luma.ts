// Grey conversion, and how a method for brightness is applied to colour: to the luma alone.
//
//   Y = 0.299 R + 0.587 G + 0.114 B      (ITU-R BT.601), the weights in 1/32768ths as in OpenCV's cvtColor, so that grey
//                                        levels are the same on every machine
//
// A picture whose luma goes from Y to Y' keeps its chroma (R - Y, B - Y) when Y' - Y is added to R, G and B: that is what a
// change of Y in YCbCr does, without the rounding of going there and back.

import { maxLevel, newLevels, type Image } from "../../image/image.js";

/** The luma of a picture without alpha, one channel; a grey picture is handed back as it is. */
export function lumaOf(image: Image): Image {
  if (image.channels === 1) return image;
  const { width, height, bitDepth, pixels: rgb } = image;
  const pixels = newLevels(width * height, bitDepth);
  for (let i = 0, at = 0; i < pixels.length; i++, at += 3)
    pixels[i] = (9798 * rgb[at] + 19235 * rgb[at + 1] + 3735 * rgb[at + 2] + 16384) >>> 15;
  return { ...image, channels: 1, pixels };
}

/** Applies a method for grey pictures to the luma, and adds what it changed to red, green and blue (clipped). */
export function onLuma(image: Image, method: (luma: Image) => Image): Image {
  const luma = lumaOf(image);
  const changed = method(luma);
  if (image.channels === 1) return changed;
  const max = maxLevel(image);
  const pixels = newLevels(image.pixels.length, image.bitDepth);
  for (let i = 0, at = 0; i < luma.pixels.length; i++) {
    const change = changed.pixels[i] - luma.pixels[i];
    for (let c = 0; c < 3; c++, at++) {
      const level = image.pixels[at] + change;
      pixels[at] = level < 0 ? 0 : level > max ? max : level;
    }
  }
  return { ...image, pixels };
}
