// PNG bytes to an Image: every colour type and depth, a row at a time, so that beside the pixels little memory is needed and
// nothing waits long. What the chunks say is png-chunks.ts, what inflates them deflate.ts.

import { UserError } from "../base/errors.js";
import { joined } from "./bytes.js";
import { machine } from "./deflate.js";
import { orientationOf, turned, uprightExif, withOrientationOne } from "./exif.js";
import { createImage, newLevels, type Image, type Levels } from "./image.js";
import { readPngChunks, type PngContent } from "./png-chunks.js";
import { pngMetadata } from "./png-metadata.js";
import type { ReadOptions } from "./read-options.js";
import { readSixteen, unfilter, unpackSamples } from "./png-rows.js";

/** What Node lends beside zlib (png-node.ts). */
export const decoding: {
  /** Throws UserError when the machine has not so much memory. */
  checkMemory?(content: PngContent, bytes: number, source: string, more: number): void;
  readInterlaced?(content: PngContent, pixels: Levels): void;
} = {};

/**
 * Decodes a PNG with its metadata, the right way up.
 * @param source names the file in messages
 * @throws UserError for bytes that are not a sound PNG of at most `MAX_PIXELS` pixels, and for animations
 */
export async function decodePng(
  bytes: Uint8Array,
  source: string,
  { warn = () => {}, signal }: ReadOptions = {},
): Promise<Image> {
  const faults: string[] = []; // told once the pixels are there: a file that is refused gets one sentence
  const note = (text: string) => void faults.push(text);
  const content = readPngChunks(bytes, source, note);
  const { width, height, channels, depth, interlaced } = content;
  const bytesAValue = depth === 16 ? 2 : 1;
  // pngjs takes the rows inflated, and twice RGBA.
  const more = interlaced ? content.inflatedBytes + 8 * width * height * bytesAValue : 0;
  decoding.checkMemory?.(content, width * height * channels * bytesAValue, source, more);
  const pixels = newLevels(width * height * channels, depth === 16 ? 16 : 8);
  await (interlaced ? readInterlaced : readRows)(content, pixels, source, note, signal);
  for (const text of faults) warn(text);
  const metadata = pngMetadata(content);
  const { exif, xmp } = metadata;
  const image = turned(createImage(width, height, channels, pixels), orientationOf(exif));
  return { ...image, metadata: { ...metadata, exif: uprightExif(exif), xmp: withOrientationOne(xmp) } };
}

/** Inflates as much at once; small pieces let the event loop turn between them. */
const pieceBytes = 2 ** 18;

async function readRows(
  content: PngContent,
  pixels: Levels,
  source: string,
  warn: (text: string) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { width, height, depth, samples, channels, compressed } = content;
  const rowBytes = Math.ceil((width * samples * depth) / 8);
  const step = Math.max(1, (samples * depth) / 8);
  const write = rowWriter(content);
  let [row, above] = [new Uint8Array(rowBytes), new Uint8Array(rowBytes)];
  let [filter, filled, y, excess] = [-1, 0, 0, 0];
  const chunkSize = Math.min(pieceBytes, Math.max(64, content.inflatedBytes + 1));
  const inflated = machine.deflate.inflateRaw(withoutStart(compressed, source), chunkSize);
  try {
    for await (const piece of inflated) {
      signal?.throwIfAborted();
      let at = 0;
      while (at < piece.length && y < height) {
        if (filter < 0) filter = piece[at++];
        const count = Math.min(rowBytes - filled, piece.length - at);
        row.set(piece.subarray(at, at + count), filled);
        filled += count;
        at += count;
        if (filled < rowBytes) break;
        if (!unfilter(filter, row, above, step)) throw new Error(`row ${y} has filter ${filter}`);
        write(row, pixels.subarray(y * width * channels, (y + 1) * width * channels));
        [row, above] = [above, row];
        [filter, filled] = [-1, 0];
        y++;
      }
      if ((excess += piece.length - at) > 0) break;
    }
  } catch (error) {
    signal?.throwIfAborted();
    if ((error as { code?: string }).code === "Z_BUF_ERROR" && y < height)
      throw new UserError(`${source} is a PNG cut short in row ${y} of ${height}; get the whole file again.`);
    if (y < height) throw damaged(source, reasonOf(error, y, height));
  }
  if (y < height) throw damaged(source, `${y} of ${height} rows of pixels are there`);
  if (excess > 0) warn(`${source} has more data than its pixels take.`);
}

/**
 * The compressed data without the two bytes that a zlib stream begins with; its checksum at the end is not read, as the chunks
 * have theirs.
 */
function withoutStart(compressed: readonly Uint8Array[], source: string): Uint8Array[] {
  const start = joined(compressed.map((part) => part.subarray(0, 2))).subarray(0, 2);
  const isZlib = (start[0] & 15) === 8 && (start[0] * 256 + start[1]) % 31 === 0 && (start[1] & 32) === 0;
  if (start.length === 2 && !isZlib) throw damaged(source, "its pixels are not compressed as they must be");
  let skip = 2;
  return compressed.map((part) => {
    const skipped = Math.min(skip, part.length);
    skip -= skipped;
    return part.subarray(skipped);
  });
}

/** Turns a row's bytes into its pixels' levels. */
function rowWriter({ width, depth, colorType, samples, palette, transparency }: PngContent) {
  const unpacked = new Uint8Array(width * samples);
  const key = palette ? undefined : keyOf(transparency, depth);
  const colours = palette && paletteColours(palette, transparency);
  const scale = colorType === 3 || depth >= 8 ? 1 : 255 / (2 ** depth - 1);
  const sixteen = depth === 16 && key ? new Uint16Array(width * samples) : undefined;
  return (row: Uint8Array, out: Levels): void => {
    if (depth === 16 && !key) return readSixteen(row, out);
    if (depth === 8 && !key && !colours) return void out.set(row);
    if (sixteen) readSixteen(row, sixteen);
    else if (depth < 8) unpackSamples(row, depth, unpacked);
    const values: Levels = sixteen ?? (depth < 8 ? unpacked : row);
    if (colours) return lookUp(values, colours, out);
    for (let i = 0, to = 0; i < values.length;) {
      let isKey = key !== undefined;
      for (let c = 0; c < samples; c++, i++) {
        isKey &&= values[i] === key![c];
        out[to++] = values[i] * scale;
      }
      if (key) out[to++] = isKey ? 0 : sixteen ? 65535 : 255;
    }
  };
}

/** The samples of the transparent colour. */
function keyOf(transparency: Uint8Array | undefined, depth: number): number[] | undefined {
  if (!transparency) return undefined;
  const mask = 2 ** depth - 1;
  return Array.from(
    { length: transparency.length / 2 },
    (_, i) => ((transparency[2 * i] << 8) | transparency[2 * i + 1]) & mask,
  );
}

/** Colours of 3 or, with alpha, 4 levels; a number beyond the palette is black. */
function paletteColours(palette: Uint8Array, transparency: Uint8Array | undefined) {
  const channels = transparency ? 4 : 3;
  const table = new Uint8Array(256 * channels);
  for (let i = 0; i < 256; i++) {
    if (3 * i < palette.length) table.set(palette.subarray(3 * i, 3 * i + 3), i * channels);
    if (transparency) table[4 * i + 3] = transparency[i] ?? 255;
  }
  return { channels, table };
}

function lookUp(indices: Levels, { channels, table }: ReturnType<typeof paletteColours>, out: Levels): void {
  for (let i = 0, to = 0; i < indices.length; i++)
    for (let c = 0; c < channels; c++) out[to++] = table[indices[i] * channels + c];
}

/** By the machine's own means. */
function readInterlaced(content: PngContent, pixels: Levels, source: string): void {
  const read = decoding.readInterlaced;
  if (!read)
    throw new UserError(
      `${source} is an interlaced PNG, which is not read here; save it without interlacing.`,
    );
  try {
    read(content, pixels);
  } catch (error) {
    throw damaged(source, reasonOf(error, 0, content.height));
  }
}

const damaged = (source: string, reason: string): UserError =>
  new UserError(`${source} is a damaged PNG (${reason}); get the file again.`);

/** zlib's and pngjs's words are for programmers; ours tell how far the pixels go. */
function reasonOf(error: unknown, y: number, height: number): string {
  const { code, message } = error as Error & { code?: string };
  if (code === "Z_BUF_ERROR") return `its pixels end in row ${y} of ${height}`;
  if (code === "Z_DATA_ERROR" || code === "Z_NEED_DICT")
    return `its pixels are garbled from row ${y} of ${height} on`;
  return code === "ERR_BUFFER_TOO_LARGE"
    ? "it holds more pixels than it says"
    : message.split("\n")[0].slice(0, 80);
}
