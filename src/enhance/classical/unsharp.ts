// Unsharp mask: what a blur takes away is added once more, which makes edges steeper.
//
//   out = in + amount (in - gaussian(in, sigma))   where the blur changes the level by more than threshold, else in; clipped
//
// Named after the blurred negative that was laid over the print in the darkroom. With threshold 0 it is OpenCV's
// addWeighted(in, 1 + amount, GaussianBlur(in), -amount, 0). Colour: the luma is sharpened, so that edges get no coloured seams.

import { maxLevel, newLevels, type Image } from "../../image/image.js";
import { gaussian } from "./gaussian.js";
import { nearestLevel } from "./levels.js";
import { onLuma } from "./luma.js";

/**
 * @param sigma of the blur, in pixels
 * @param amount 0 changes nothing
 * @param threshold in 8-bit grey levels: smaller differences, such as grain, are left alone
 */
export function unsharp(image: Image, sigma: number, amount: number, threshold: number): Image {
  const max = maxLevel(image);
  const least = (threshold * max) / 255;
  const [gain, loss] = [Math.fround(1 + amount), Math.fround(amount)];
  return onLuma(image, (grey) => {
    const blurred = gaussian(grey, sigma).pixels;
    const pixels = newLevels(blurred.length, grey.bitDepth);
    for (let i = 0; i < pixels.length; i++) {
      const level = grey.pixels[i];
      const isEdge = Math.abs(level - blurred[i]) > least;
      pixels[i] = isEdge
        ? nearestLevel(Math.fround(level * gain - Math.fround(blurred[i] * loss)), max)
        : level;
    }
    return { ...grey, pixels };
  });
}
