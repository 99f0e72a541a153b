// Walks a PNG's chunks without decoding any pixel: refuses what cannot be decoded before memory is spent on it, and gathers what
// the file says. Pixels are left to png-decode.ts. W3C Portable Network Graphics (PNG) Specification, third edition.
// As libpng does, it reads files with small faults (a wrong checksum of something inessential, a missing end) and warns.

import { UserError } from "../base/errors.js";
import { machine } from "./deflate.js";
import { MAX_PIXELS, type Channels } from "./image.js";
import type { KeptChunk } from "./metadata.js";

export interface PngContent {
  readonly width: number;
  readonly height: number;
  /** Bits a sample in the file: 1, 2, 4, 8 or 16. */
  readonly depth: number;
  /** 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGB and alpha. */
  readonly colorType: number;
  readonly interlaced: boolean;
  /** Channels of the decoded image, with the alpha that a tRNS chunk adds. */
  readonly channels: Channels;
  /** Samples a pixel in the file. */
  readonly samples: number;
  /** The parts of the compressed pixels. */
  readonly compressed: readonly Uint8Array[];
  /** How many bytes they make when inflated: rows of packed samples, each behind a filter byte. */
  readonly inflatedBytes: number;
  readonly palette?: Uint8Array;
  readonly transparency?: Uint8Array;
  /** The other chunks, in order. */
  readonly chunks: readonly KeptChunk[];
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

/** A chunk as it stands in a file: length, name, data, checksum. */
export function encodeChunk(name: string, data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(12 + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  for (let i = 0; i < 4; i++) bytes[4 + i] = name.charCodeAt(i);
  bytes.set(data, 8);
  view.setUint32(8 + data.length, machine.deflate.crc32(bytes.subarray(4, 8 + data.length)));
  return bytes;
}

/** What a PNG begins with: signature and header. */
export function encodePngStart({ width, height, depth, colorType, interlaced }: Ihdr): Uint8Array {
  const data = new Uint8Array(13);
  const view = new DataView(data.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  data.set([depth, colorType, 0, 0, interlaced ? 1 : 0], 8);
  const chunk = encodeChunk("IHDR", data);
  const bytes = new Uint8Array(SIGNATURE.length + chunk.length);
  bytes.set(SIGNATURE);
  bytes.set(chunk, SIGNATURE.length);
  return bytes;
}

/** Whether the bytes begin as a PNG does. */
export function isPng(bytes: Uint8Array): boolean {
  return SIGNATURE.every((byte, i) => bytes[i] === byte);
}

/**
 * What a PNG holds whose chunks are sound and whose claims are plausible.
 * @param source names the file in messages
 * @param warn is told of faults that do not keep the file from being read
 * @throws UserError otherwise
 */
export function readPngChunks(bytes: Uint8Array, source: string, warn: (text: string) => void): PngContent {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const damaged = (what: string) => new UserError(`${source} is a damaged PNG: ${what}; get the file again.`);
  const cutShort = () =>
    new UserError(`${source} is a PNG cut short at ${bytes.length} bytes; get the whole file again.`);
  if (!isPng(bytes)) throw new UserError(`${source} is not a PNG image; give a PNG file.`);
  if (bytes.length < 33) throw cutShort();
  if (chunkName(view, 8) !== "IHDR" || view.getUint32(8) !== 13)
    throw damaged("it does not begin with its header (IHDR)");
  if (!hasRightChecksum(bytes, view, 8)) throw damaged("its header's checksum is wrong");
  const header = readIhdr(view, source);

  let [palette, transparency]: (Uint8Array | undefined)[] = [];
  const compressed: Uint8Array[] = [];
  const chunks: KeptChunk[] = [];
  for (let at = 33; ;) {
    // A file may end after its pixels as far as they are concerned; whether they are whole, inflating them tells.
    const isCut = at + 12 > bytes.length || at + 12 + view.getUint32(at) > bytes.length;
    if (isCut && compressed.length === 0) throw cutShort();
    if (isCut) {
      if (at + 12 <= bytes.length && chunkName(view, at) === "IDAT") compressed.push(bytes.subarray(at + 8));
      warn(`${source} lacks its end.`);
      break;
    }
    const length = view.getUint32(at);
    const name = chunkName(view, at);
    const data = bytes.subarray(at + 8, at + 8 + length);
    const isEssential = /^[A-Z]/.test(name);
    const isSound = hasRightChecksum(bytes, view, at);
    at += 12 + length;
    if (!isSound && isEssential && name !== "IEND")
      throw damaged(`the checksum of its part ${printable(name)} is wrong`);
    if (!isSound) warn(`${source}: the checksum of its part ${printable(name)} is wrong; it is left out.`);
    if (name === "IEND") break;
    else if (name === "IDAT") compressed.push(data);
    else if (name === "PLTE") palette = data;
    else if (name === "acTL") throw moving(data, source);
    else if (isEssential) throw damaged(`it has a part ${printable(name)} that is not known`);
    else if (!isSound) continue;
    else if (name === "tRNS") transparency = data;
    else {
      const place = compressed.length > 0 ? "last" : palette ? "middle" : "first";
      chunks.push({ name, data: new Uint8Array(data), place });
    }
  }
  if (header.colorType === 3) palette = checkedPalette(palette, header.depth, source, warn);
  else palette = undefined; // a suggestion at most
  transparency = checkedTransparency(transparency, header.colorType, palette, source, warn);
  return {
    ...header,
    samples: SAMPLES[header.colorType],
    channels: channelsOf(header.colorType, transparency !== undefined),
    compressed,
    inflatedBytes: checkPlausible(header, compressed, source),
    palette: palette && new Uint8Array(palette),
    transparency: transparency && new Uint8Array(transparency),
    chunks,
  };
}

type Ihdr = Pick<PngContent, "width" | "height" | "depth" | "colorType" | "interlaced">;

function readIhdr(view: DataView, source: string): Ihdr {
  const [width, height] = [view.getUint32(16), view.getUint32(20)];
  const [depth, colorType] = [view.getUint8(24), view.getUint8(25)];
  const methods = [view.getUint8(26), view.getUint8(27), view.getUint8(28)];
  const damaged = (what: string) =>
    new UserError(`${source} is a damaged PNG: ${what} does not exist; get the file again.`);
  if (width === 0 || height === 0)
    throw new UserError(`${source} claims a size of ${width}x${height} pixels; get the file again.`);
  if (width * height > MAX_PIXELS)
    throw new UserError(
      `${source} claims ${width}x${height} pixels, more than the ${MAX_PIXELS} that are read; cut the image into parts.`,
    );
  if (!DEPTHS[colorType]?.includes(depth)) throw damaged(`colour type ${colorType} with ${depth} bits`);
  if (methods[0] !== 0) throw damaged(`compression method ${methods[0]}`);
  if (methods[1] !== 0) throw damaged(`filter method ${methods[1]}`);
  if (methods[2] > 1) throw damaged(`interlace method ${methods[2]}`);
  return { width, height, depth, colorType, interlaced: methods[2] === 1 };
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
  if (held * DEFLATE_MAX_RATIO < inflated)
    throw new UserError(
      `${source} claims ${width}x${height} pixels but holds only ${held} bytes of them; get the whole file again.`,
    );
  return inflated;
}

function checkedPalette(
  palette: Uint8Array | undefined,
  depth: number,
  source: string,
  warn: (text: string) => void,
): Uint8Array {
  const colours = (palette?.length ?? 0) / 3;
  if (!palette || colours < 1 || colours % 1 !== 0)
    throw new UserError(`${source} is a damaged PNG: its palette is missing or broken; get the file again.`);
  if (colours <= 2 ** depth) return palette;
  warn(
    `${source} has more colours in its palette than its pixels can name; the first ${2 ** depth} are used.`,
  );
  return palette.subarray(0, 3 * 2 ** depth);
}

/** tRNS: an alpha for each of the palette's first colours, or the one grey or RGB colour that is transparent. */
function checkedTransparency(
  transparency: Uint8Array | undefined,
  colorType: number,
  palette: Uint8Array | undefined,
  source: string,
  warn: (text: string) => void,
): Uint8Array | undefined {
  if (!transparency) return undefined;
  if (palette) return transparency.subarray(0, palette.length / 3);
  const wanted = colorType === 0 ? 2 : colorType === 2 ? 6 : 0;
  if (wanted > 0 && transparency.length >= wanted) return transparency.subarray(0, wanted);
  warn(`${source} names a transparent colour where it may not, or half of one; it is left out.`);
  return undefined;
}

function channelsOf(colorType: number, hasTransparency: boolean): Channels {
  if (colorType === 4 || (colorType === 0 && hasTransparency)) return 2;
  if (colorType === 6 || hasTransparency) return 4;
  return colorType === 0 ? 1 : 3;
}

function moving(control: Uint8Array, source: string): UserError {
  const frames = control.length >= 4 ? new DataView(control.buffer, control.byteOffset).getUint32(0) : 0;
  return new UserError(
    `${source} is an animation of ${frames} pictures, and only single ones are read; take it apart first.`,
  );
}

function hasRightChecksum(bytes: Uint8Array, view: DataView, at: number): boolean {
  const end = at + 8 + view.getUint32(at);
  return machine.deflate.crc32(bytes.subarray(at + 4, end)) === view.getUint32(end);
}

/** The four letters after the length of the chunk at `at`. */
function chunkName(view: DataView, at: number): string {
  return String.fromCharCode(...[4, 5, 6, 7].map((i) => view.getUint8(at + i)));
}

const printable = (name: string): string => (/^[A-Za-z]{4}$/.test(name) ? name : "without a name");
