// PNG bytes to an Image and back, through pngjs: grey, grey with alpha, RGB, RGB with alpha, 8 and 16 bits, exactly.
// Palettes and 1, 2 and 4 bits are read as 8 bits. Checking the header is png-header.ts; files are files.ts.
// Needs Node, as pngjs does (Buffer, zlib); a browser decodes PNG itself.

import zlib from "node:zlib";
import { PNG } from "pngjs";
import { UserError } from "../base/errors.js";
import { createImage, newLevels, type Image } from "./image.js";
import { readPngHeader, type PngHeader } from "./png-header.js";

/** pngjs names the colour types by the PNG specification's numbers. */
const COLOR_TYPE = { 1: 0, 2: 4, 3: 2, 4: 6 } as const;

/**
 * Decodes a PNG. `source` names the file in messages. Throws UserError for bytes that are not a whole, sound PNG of
 * at most `MAX_PIXELS` pixels. Colour-space chunks (gAMA, iCCP) are not applied.
 */
export function decodePng(bytes: Uint8Array, source: string): Image {
  const header = readPngHeader(bytes, source);
  const bitDepth = header.depth === 16 ? 16 : 8;
  // pngjs always hands out RGBA. Without `skipRescale` it would bring 16 bits down to 8; with it, it would leave 1, 2
  // and 4 bits unscaled. For 16 bits the data is a Uint16Array, which pngjs's types do not say.
  let rgba: ArrayLike<number>;
  try {
    checkCompressed(header);
    rgba = PNG.sync.read(Buffer.from(bytes.buffer, bytes.byteOffset, header.end), {
      skipRescale: bitDepth === 16,
    }).data;
  } catch (error) {
    throw new UserError(`${source} is a damaged PNG (${reasonOf(error)}); get the file again.`);
  }
  const { width, height, channels } = header;
  const pixels = newLevels(width * height * channels, bitDepth);
  const colours = channels <= 2 ? 1 : 3;
  for (let i = 0, at = 0; at < pixels.length; i += 4) {
    for (let c = 0; c < colours; c++) pixels[at++] = rgba[i + c];
    if (channels > colours) pixels[at++] = rgba[i + 3];
  }
  return createImage(width, height, channels, pixels);
}

/**
 * pngjs 7 takes memory that nobody wrote for pixels when the data inflates to less than the header says, and inflates
 * interlaced images without a bound. So the data is inflated once beforehand, to exactly what it must be.
 */
function checkCompressed({ compressed, inflatedBytes }: PngHeader): void {
  const found = zlib.inflateSync(Buffer.concat(compressed), { maxOutputLength: inflatedBytes }).length;
  if (found !== inflatedBytes) throw new Error(`${found} bytes of pixels where ${inflatedBytes} belong`);
}

/** Encodes an image as PNG with its own channels and bit depth. */
export function encodePng(image: Image): Uint8Array {
  const { width, height, channels, bitDepth, pixels } = image;
  const png = new PNG({ width: 1, height: 1 });
  Object.assign(png, {
    width,
    height,
    data: Buffer.from(pixels.buffer, pixels.byteOffset, pixels.byteLength),
  });
  return PNG.sync.write(png, {
    colorType: COLOR_TYPE[channels],
    inputColorType: COLOR_TYPE[channels],
    inputHasAlpha: channels === 2 || channels === 4,
    bitDepth,
    deflateLevel: 6,
    deflateStrategy: 0,
  });
}

/** pngjs's own words, on one line and short. */
function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split("\n")[0].trim().slice(0, 80);
}
