// Sharpening as this project's first version did it, with OpenCV, kept to compare with: the gradient of a smoothed picture is
// added to the picture, so that everything near an edge becomes brighter.
//
//   smoothed = filter2D(luma, getGaussianKernel(3, 0))      the kernel is one column, 1/4 1/2 1/4: it smooths down, not across
//   out = luma + sqrt(Sobel_x(smoothed)^2 + Sobel_y(smoothed)^2), clipped, fractions cut off
//
// A grey picture. For sharpening that keeps brightness and colour see unsharp.ts.

import { maxLevel, newLevels, type Image } from "../../image/image.js";
import { nearestLevel, withBorder } from "./levels.js";
import { lumaOf } from "./luma.js";
import { forEachGradient } from "./sobel.js";

export function sharpen(image: Image): Image {
  const [grey, max] = [lumaOf(image), maxLevel(image)];
  const { width, height, bitDepth } = grey;
  const levels = withBorder(grey, [0, 1, 0, 1], "reflected");
  const smoothed = newLevels(width * height, bitDepth);
  for (let i = 0; i < smoothed.length; i++)
    smoothed[i] = nearestLevel((levels[i] + 2 * levels[i + width] + levels[i + 2 * width]) / 4, max);
  const pixels = newLevels(width * height, bitDepth);
  forEachGradient({ ...grey, pixels: smoothed }, (i, magnitude) => {
    pixels[i] = Math.min(max, Math.floor(grey.pixels[i] + magnitude));
  });
  return { ...grey, pixels };
}
