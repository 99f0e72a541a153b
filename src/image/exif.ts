// Which way up a picture is: EXIF's orientation, and turning pixels by it. EXIF is a TIFF structure (ifd.ts).

import { littleEndian, readIfd } from "./ifd.js";
import { newLevels, type Image } from "./image.js";

const orientationTag = 274;

/** 1 (upright) to 8, as EXIF numbers them; 1 where nothing sound is said. */
export function orientationOf(exif: Uint8Array | undefined): number {
  const entry = exif && readIfd(exif).find(({ tag }) => tag === orientationTag);
  const value = entry?.numbers[0] ?? 1;
  return value >= 1 && value <= 8 ? value : 1;
}

/** The same EXIF for pixels that have been turned upright. */
export function uprightExif(exif: Uint8Array | undefined): Uint8Array | undefined {
  if (orientationOf(exif) === 1) return exif;
  const upright = new Uint8Array(exif!);
  const entry = readIfd(exif!).find(({ tag }) => tag === orientationTag)!;
  new DataView(upright.buffer).setUint16(entry.valueAt, 1, littleEndian(exif!));
  return upright;
}

/** The keyword of XMP among a PNG's texts. */
export const xmpKeyword = "XML:com.adobe.xmp";

export const isXmpKeyword = (bytes: Uint8Array): boolean =>
  bytes[xmpKeyword.length] === 0 && latin(bytes.subarray(0, xmpKeyword.length)) === xmpKeyword;

/** XMP (or anything that holds it as plain text) with tiff:Orientation, if it is said there, as 1. */
export function withOrientationOne<T extends Uint8Array | undefined>(xmp: T): T {
  if (!xmp) return xmp;
  const at = /tiff:Orientation(?:\s*=\s*["']|>)(?=[2-8]\b)/.exec(latin(xmp));
  if (!at) return xmp;
  const upright = new Uint8Array(xmp);
  upright[at.index + at[0].length] = "1".charCodeAt(0);
  return upright as T;
}

function latin(bytes: Uint8Array): string {
  return new TextDecoder("latin1").decode(bytes);
}

/**
 * The picture turned and mirrored so that it is upright.
 * @param orientation as EXIF numbers them: 2 mirrored, 3 turned by 180 degrees, 4 upside down, 5 to 8 with rows for columns
 */
export function turned(image: Image, orientation: number): Image {
  if (orientation === 1) return image;
  const { width, height, channels, bitDepth, pixels } = image;
  const swaps = orientation >= 5;
  const [newWidth, newHeight] = swaps ? [height, width] : [width, height];
  // Where the new picture's first pixel comes from, and how far its neighbours to the right and below are.
  const fromRight = [2, 3, 7, 8].includes(orientation);
  const fromBelow = [3, 4, 6, 7].includes(orientation);
  const [alongRow, alongColumn] = [fromRight ? -channels : channels, (fromBelow ? -width : width) * channels];
  const [stepX, stepY] = swaps ? [alongColumn, alongRow] : [alongRow, alongColumn];
  const first = ((fromBelow ? height - 1 : 0) * width + (fromRight ? width - 1 : 0)) * channels;
  const out = newLevels(pixels.length, bitDepth);
  for (let y = 0, to = 0; y < newHeight; y++)
    for (let x = 0, from = first + y * stepY; x < newWidth; x++, from += stepX)
      for (let c = 0; c < channels; c++) out[to++] = pixels[from + c];
  return { ...image, width: newWidth, height: newHeight, pixels: out };
}
