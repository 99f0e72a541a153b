// Sobel gradient: how steeply the luma changes, and so where edges are. A grey picture, bright at edges.
//
//       | -1 0 1 |              | -1 -2 -1 |
//   Gx: | -2 0 2 |  * luma, Gy: |  0  0  0 |  * luma,      out = sqrt(Gx^2 + Gy^2), rounded and clipped
//       | -1 0 1 |              |  1  2  1 |
//
// I. Sobel and G. Feldman, 1968. As OpenCV's Sobel to float64 and magnitude. The picture is mirrored at its border pixels.

import { maxLevel, newLevels, type Image } from "../../image/image.js";
import { nearestLevel, withBorder } from "./levels.js";
import { lumaOf } from "./luma.js";

export function sobel(image: Image): Image {
  const [grey, max] = [lumaOf(image), maxLevel(image)];
  const pixels = newLevels(grey.pixels.length, grey.bitDepth);
  forEachGradient(grey, (i, magnitude) => (pixels[i] = nearestLevel(magnitude, max)));
  return { ...grey, pixels };
}

/** Calls back with the number and the gradient's magnitude of each pixel of a grey picture. */
export function forEachGradient(grey: Image, use: (i: number, magnitude: number) => void): void {
  const { width, height } = grey;
  const p = withBorder(grey, [1, 1, 1, 1], "reflected");
  const stride = width + 2;
  for (let y = 0, i = 0; y < height; y++)
    for (let x = 0; x < width; x++, i++) {
      const [a, b, c] = [y * stride + x, (y + 1) * stride + x, (y + 2) * stride + x];
      const gx = p[a + 2] - p[a] + 2 * (p[b + 2] - p[b]) + p[c + 2] - p[c];
      const gy = p[c] - p[a] + 2 * (p[c + 1] - p[a + 1]) + p[c + 2] - p[a + 2];
      use(i, Math.sqrt(gx * gx + gy * gy));
    }
}
