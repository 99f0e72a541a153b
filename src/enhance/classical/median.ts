// Median filter: each pixel becomes the middle one of the size x size levels around it, which drops single wrong pixels and keeps
// edges. The picture's border pixels are repeated outside. Colour: each channel. As OpenCV's medianBlur.
//
// The window slides along a row and its histogram with it (T. S. Huang and others, "A fast two-dimensional median filtering
// algorithm", 1979): a step removes one column and adds one, and the median moves on from where it was. Counts of 256 levels at
// a time carry it over long ways in 16 bits.

import { maxLevel, newLevels, type Image } from "../../image/image.js";
import { withBorder } from "./levels.js";

/** @param size odd, in pixels */
export function median(image: Image, size: number): Image {
  const { width, height, channels, bitDepth } = image;
  const radius = (size - 1) / 2;
  const levels = withBorder(image, [radius, radius, radius, radius], "repeated");
  const stride = (width + 2 * radius) * channels;
  const pixels = newLevels(image.pixels.length, bitDepth);
  const fine = new Uint32Array(maxLevel(image) + 1);
  const coarse = new Uint32Array(fine.length >> 8);
  const half = (size * size - 1) / 2;
  for (let c = 0; c < channels; c++)
    for (let y = 0; y < height; y++) {
      // `below` of the window's levels are smaller than `level`.
      let [level, below] = [0, 0];
      const count = (column: number, change: 1 | -1) => {
        for (let k = 0, at = y * stride + column * channels + c; k < size; k++, at += stride) {
          const value = levels[at];
          fine[value] += change;
          coarse[value >> 8] += change;
          if (value < level) below += change;
        }
      };
      for (let column = 0; column < size - 1; column++) count(column, 1);
      for (let x = 0; x < width; x++) {
        count(x + size - 1, 1);
        while (below > half) {
          if ((level & 255) === 0 && below - coarse[(level >> 8) - 1] > half) {
            level -= 256;
            below -= coarse[level >> 8];
          } else below -= fine[--level];
        }
        while (below + fine[level] <= half) {
          if ((level & 255) === 0 && below + coarse[level >> 8] <= half) {
            below += coarse[level >> 8];
            level += 256;
          } else below += fine[level++];
        }
        pixels[(y * width + x) * channels + c] = level;
        count(x, -1);
      }
      for (let column = width; column < width + size - 1; column++) count(column, -1);
    }
  return { ...image, pixels };
}
