// What a picture becomes by different methods, beside each other: how near each comes to the clean picture, where there is one.
// Applying methods is left to the caller, sheets to contact-sheet.ts, pages to compare-page.ts.

import { OptionError } from "../base/errors.js";
import { convertChannels, isGrey, splitAlpha } from "../image/colour.js";
import { describeImage, type Image } from "../image/image.js";
import { psnr, ssim } from "../image/metrics.js";
import type { Zoom } from "./contact-sheet.js";

export interface Nearness {
  /** In decibel. */
  readonly psnr: number;
  /** Left out for pictures of less than 11 pixels a side, which SSIM's window does not fit in. */
  readonly ssim?: number;
}

/** How near a picture comes to the clean one, in the clean one's colours, without alpha. */
export function nearness(image: Image, clean: Image): Nearness {
  const reference = splitAlpha(clean).colour;
  const colour = convertChannels(splitAlpha(image).colour, isGrey(reference) ? 1 : 3);
  const fits = Math.min(image.width, image.height) >= 11;
  return { psnr: psnr(reference, colour), ssim: fits ? ssim(reference, colour) : undefined };
}

/** "31.20 dB, SSIM 0.873". */
export function describeNearness({ psnr: decibel, ssim: similarity }: Nearness): string {
  if (decibel === Infinity) return "the same";
  return `${decibel.toFixed(2)} dB${similarity === undefined ? "" : `, SSIM ${similarity.toFixed(3)}`}`;
}

/** Throws an OptionError, which names the files, for a clean picture of another size. */
export function checkSameSize(image: Image, file: string, clean: Image, cleanFile: string): void {
  if (image.width !== clean.width || image.height !== clean.height)
    throw new OptionError(
      "clean",
      `${cleanFile} (${describeImage(clean)}) is not of the size of ${file} (${describeImage(image)}); give the same picture without its faults.`,
    );
}

/** Throws an OptionError for a square that does not lie in the picture. */
export function checkZoom({ x, y, side }: Zoom, { width, height }: Image): void {
  if (x + side > width || y + side > height)
    throw new OptionError(
      "zoom",
      `${x},${y},${side} does not lie in the picture of ${width}x${height} pixels; give the left and top of a square and its side.`,
    );
}
