// Contrast-limited adaptive histogram equalisation: the picture is cut into tiles x tiles rectangles, each equalised by its own
// histogram, and each pixel takes the bilinear mean of what the four nearest tiles make of its level.
//
//   counts above  limit = clip * (pixels of a tile) / (number of levels)  are cut off and shared out evenly over all levels,
//
// which bounds the slope of the mapping, and so how much noise in flat places is amplified. K. Zuiderveld, "Contrast limited
// adaptive histogram equalization", Graphics Gems IV, 1994; sizes, leftovers and rounding are those of OpenCV's createCLAHE.
// Colour: applied to the luma.

import { maxLevel, newLevels, type Image, type Levels } from "../../image/image.js";
import { nearestLevel, withBorder } from "./levels.js";
import { onLuma } from "./luma.js";

/**
 * @param clip largest slope of the mapping, about, as a multiple of an even histogram's; 1 hardly changes the picture
 * @param tiles along each side
 */
export const clahe = (image: Image, clip: number, tiles: number): Image =>
  onLuma(image, (grey) => claheGrey(grey, clip, tiles));

function claheGrey(grey: Image, clip: number, tiles: number): Image {
  const { width, height, bitDepth } = grey;
  // As OpenCV does: a picture that cannot be cut evenly is continued on both axes, by a whole tile where one needs nothing.
  const even = width % tiles === 0 && height % tiles === 0;
  const [right, bottom] = even ? [0, 0] : [tiles - (width % tiles), tiles - (height % tiles)];
  const stride = width + right;
  const [tileWidth, tileHeight] = [stride / tiles, (height + bottom) / tiles];
  const cut = { levels: withBorder(grey, [0, 0, right, bottom], "reflected"), stride, tileWidth, tileHeight };
  const tables = Array.from({ length: tiles * tiles }, (_, i) =>
    tableOf(cut, i % tiles, Math.floor(i / tiles), clip, bitDepth),
  );

  const across = neighbours(width, tileWidth, tiles);
  const down = neighbours(height, tileHeight, tiles);
  const max = maxLevel(grey);
  const pixels = newLevels(width * height, bitDepth);
  const { fround } = Math;
  for (let y = 0, i = 0; y < height; y++) {
    const { first: upper, second: lower, share: downShare } = down[y];
    for (let x = 0; x < width; x++, i++) {
      const { first, second, share } = across[x];
      const level = grey.pixels[i];
      const mix = (row: number) =>
        fround(
          fround(tables[row * tiles + first][level] * fround(1 - share)) +
            fround(tables[row * tiles + second][level] * share),
        );
      const value = fround(fround(mix(upper) * fround(1 - downShare)) + fround(mix(lower) * downShare));
      pixels[i] = nearestLevel(value, max);
    }
  }
  return { ...grey, pixels };
}

interface Cut {
  readonly levels: Levels;
  readonly stride: number;
  readonly tileWidth: number;
  readonly tileHeight: number;
}

/** What a tile makes of each level. */
function tableOf(cut: Cut, column: number, row: number, clip: number, bitDepth: 8 | 16): Levels {
  const { levels, stride, tileWidth, tileHeight } = cut;
  const max = maxLevel({ bitDepth });
  const counts = new Int32Array(max + 1);
  for (let y = row * tileHeight; y < (row + 1) * tileHeight; y++) {
    const start = y * stride + column * tileWidth;
    for (let i = start; i < start + tileWidth; i++) counts[levels[i]]++;
  }
  const area = tileWidth * tileHeight;
  limitCounts(counts, Math.max(1, Math.floor((clip * area) / counts.length)));
  const scale = Math.fround(max / Math.fround(area));
  const table = newLevels(counts.length, bitDepth);
  for (let level = 0, sum = 0; level <= max; level++) {
    sum += counts[level];
    table[level] = nearestLevel(Math.fround(sum * scale), max);
  }
  return table;
}

/** Cuts counts at the limit and shares out what was cut off; the leftover of the division goes to levels at even distances. */
function limitCounts(counts: Int32Array, limit: number): void {
  let excess = 0;
  for (let level = 0; level < counts.length; level++) {
    if (counts[level] <= limit) continue;
    excess += counts[level] - limit;
    counts[level] = limit;
  }
  const each = Math.floor(excess / counts.length);
  for (let level = 0; level < counts.length; level++) counts[level] += each;
  let left = excess - each * counts.length;
  const step = left > 0 ? Math.max(1, Math.floor(counts.length / left)) : 0;
  for (let level = 0; level < counts.length && left > 0; level += step, left--) counts[level]++;
}

/** For each pixel of an axis the two tiles whose centres it lies between, and the second one's share. */
function neighbours(length: number, tile: number, tiles: number) {
  const inverse = Math.fround(1 / tile);
  return Array.from({ length }, (_, i) => {
    const place = Math.fround(Math.fround(i * inverse) - 0.5);
    const before = Math.floor(place);
    return {
      first: Math.max(before, 0),
      second: Math.min(before + 1, tiles - 1),
      share: Math.fround(place - before),
    };
  });
}
