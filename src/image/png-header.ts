// Walks a PNG's chunks without decoding any pixel, to refuse what cannot be decoded before memory is spent on it:
// files cut short, and headers that claim more than the file can hold. Pixels are left to png-node.ts.
// W3C Portable Network Graphics (PNG) Specification, third edition.

import { UserError } from "../base/errors.js";
import { MAX_PIXELS, type Channels } from "./image.js";

export interface PngHeader {
  readonly width: number;
  readonly height: number;
  /** Bits a sample in the file: 1, 2, 4, 8 or 16. */
  readonly depth: number;
  /** 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGB and alpha. */
  readonly colorType: number;
  /** Channels of the decoded image, with the alpha that a tRNS chunk adds. */
  readonly channels: Channels;
  /** Where the PNG ends in the bytes; some programs append data of their own. */
  readonly end: number;
  /** The parts of the compressed pixels. */
  readonly compressed: readonly Uint8Array[];
  /** How many bytes they make when inflated: rows of packed samples, each behind a filter byte. */
  readonly inflatedBytes: number;
}

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const DEPTHS: Record<number, readonly number[]> = {
  0: [1, 2, 4, 8, 16],
  2: [8, 16],
  3: [1, 2, 4, 8],
  4: [8, 16],
  6: [8, 16],
};
const SAMPLES: Record<number, number> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
/** Deflate makes at most 1032 bytes of one; see zlib's technical details. */
const DEFLATE_MAX_RATIO = 1032;

/** First column and row and steps of the passes of an interlaced image. */
const ADAM7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
];

/** Whether the bytes begin as a PNG does. */
export function isPng(bytes: Uint8Array): boolean {
  return SIGNATURE.every((byte, i) => bytes[i] === byte);
}

/**
 * The header of a PNG whose chunks are whole and whose claims are plausible; `source` names the file in messages.
 * Throws UserError otherwise.
 */
export function readPngHeader(bytes: Uint8Array, source: string): PngHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (!isPng(bytes)) throw new UserError(`${source} is not a PNG image; give a PNG file.`);
  const cutShort = () =>
    new UserError(`${source} is a PNG cut short at ${bytes.length} bytes; get the whole file again.`);
  if (bytes.length < 33) throw cutShort();
  if (chunkName(view, 8) !== "IHDR" || view.getUint32(8) !== 13) {
    throw new UserError(
      `${source} is a damaged PNG: it does not begin with its header (IHDR); get the file again.`,
    );
  }
  const header = readIhdr(view, source);

  let hasTransparency = false;
  const compressed: Uint8Array[] = [];
  for (let at = 33; ;) {
    if (at + 12 > bytes.length) throw cutShort();
    const length = view.getUint32(at);
    const name = chunkName(view, at);
    if (at + 12 + length > bytes.length) throw cutShort();
    if (name === "tRNS") hasTransparency = true;
    if (name === "IDAT") compressed.push(bytes.subarray(at + 8, at + 8 + length));
    at += 12 + length;
    if (name === "IEND") {
      const inflatedBytes = checkPlausible(header, compressed, source);
      return {
        ...header,
        channels: channelsOf(header.colorType, hasTransparency),
        end: at,
        compressed,
        inflatedBytes,
      };
    }
  }
}

type Ihdr = Pick<PngHeader, "width" | "height" | "depth" | "colorType"> & { interlaced: boolean };

function readIhdr(view: DataView, source: string): Ihdr {
  const [width, height] = [view.getUint32(16), view.getUint32(20)];
  const [depth, colorType] = [view.getUint8(24), view.getUint8(25)];
  if (width === 0 || height === 0)
    throw new UserError(`${source} claims a size of ${width}x${height} pixels; get the file again.`);
  if (width * height > MAX_PIXELS) {
    throw new UserError(
      `${source} claims ${width}x${height} pixels, more than the ${MAX_PIXELS} that are read; cut the image into parts.`,
    );
  }
  if (!DEPTHS[colorType]?.includes(depth)) {
    throw new UserError(
      `${source} is a damaged PNG: colour type ${colorType} with ${depth} bits does not exist; get the file again.`,
    );
  }
  return { width, height, depth, colorType, interlaced: view.getUint8(28) === 1 };
}

/** The bytes that the pixels take when inflated. Throws UserError when the compressed ones cannot make as many. */
function checkPlausible(header: Ihdr, compressed: readonly Uint8Array[], source: string): number {
  const { width, height, depth, colorType, interlaced } = header;
  const passes = interlaced ? ADAM7 : [[0, 0, 1, 1]];
  let inflated = 0;
  for (const [left, top, stepX, stepY] of passes) {
    const columns = Math.ceil((width - left) / stepX);
    const rows = Math.ceil((height - top) / stepY);
    if (columns > 0 && rows > 0)
      inflated += (Math.ceil((columns * SAMPLES[colorType] * depth) / 8) + 1) * rows;
  }
  const held = compressed.reduce((sum, part) => sum + part.length, 0);
  if (held * DEFLATE_MAX_RATIO < inflated) {
    throw new UserError(
      `${source} claims ${width}x${height} pixels but holds only ${held} bytes of them; get the whole file again.`,
    );
  }
  return inflated;
}

function channelsOf(colorType: number, hasTransparency: boolean): Channels {
  if (colorType === 4 || (colorType === 0 && hasTransparency)) return 2;
  if (colorType === 6 || hasTransparency) return 4;
  return colorType === 0 ? 1 : 3;
}

/** The four letters after the length of the chunk at `at`. */
function chunkName(view: DataView, at: number): string {
  return String.fromCharCode(...[4, 5, 6, 7].map((i) => view.getUint8(at + i)));
}
