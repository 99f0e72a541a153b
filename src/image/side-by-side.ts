// Puts images next to each other in one picture, to be looked at: before and after. Measuring is metrics.ts.

import { convertChannels, hasAlpha, isGrey } from "./colour.js";
import { convertBitDepth, createImage, maxLevel, newLevels, type Channels, type Image } from "./image.js";

/**
 * One row of images from left to right, tops aligned, with `gap` white pixels between them; white fills what shorter
 * images leave. Grey ones become colour, opaque ones get an alpha, and 8 bits become 16 where any of them needs it.
 * Throws RangeError for no images.
 */
export function sideBySide(images: readonly Image[], gap = 8): Image {
  if (images.length === 0) throw new RangeError("no images to put side by side");
  const colours = images.every(isGrey) ? 1 : 3;
  const channels = (colours + (images.some(hasAlpha) ? 1 : 0)) as Channels;
  const width = images.reduce((sum, image) => sum + image.width, 0) + gap * (images.length - 1);
  const height = Math.max(...images.map((image) => image.height));
  const bitDepth = images.some((image) => image.bitDepth === 16) ? 16 : 8;
  const pixels = newLevels(width * height * channels, bitDepth).fill(maxLevel({ bitDepth }));
  let left = 0;
  for (const image of images) {
    const source = convertBitDepth(convertChannels(image, channels), bitDepth);
    const row = image.width * channels;
    for (let y = 0; y < image.height; y++) {
      pixels.set(source.pixels.subarray(y * row, (y + 1) * row), (y * width + left) * channels);
    }
    left += image.width + gap;
  }
  return createImage(width, height, channels, pixels);
}
