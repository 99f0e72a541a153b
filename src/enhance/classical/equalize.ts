// Histogram equalisation: levels are spread so that each is about as frequent as any other.
//
//   level' = max (C(level) - C(darkest)) / (N - C(darkest))
//
// with C(level) the number of pixels of at most that level, N of all, darkest the lowest level that occurs. Gonzalez and Woods,
// "Digital Image Processing", section 3.3; the rounding is that of OpenCV's equalizeHist (float32, halves to even). A picture of
// one level stays. Colour: the luma is equalised.

import { maxLevel, type Image } from "../../image/image.js";
import { histogramOf, mapLevels, nearestLevel } from "./levels.js";
import { onLuma } from "./luma.js";

export const equalize = (image: Image): Image => onLuma(image, equalizeGrey);

function equalizeGrey(grey: Image): Image {
  const [counts, total, max] = [histogramOf(grey), grey.pixels.length, maxLevel(grey)];
  const darkest = counts.findIndex((count) => count > 0);
  if (counts[darkest] === total) return grey;
  const scale = Math.fround(max / Math.fround(total - counts[darkest]));
  const levels = new Uint16Array(counts.length);
  for (let level = darkest + 1, below = 0; level <= max; level++) {
    below += counts[level];
    levels[level] = nearestLevel(Math.fround(below * scale), max);
  }
  return mapLevels(grey, (level) => levels[level]);
}
