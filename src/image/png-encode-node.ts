// An Image to the bytes of a PNG, in pieces: rows are filtered and compressed a block at a time, several blocks at once on
// zlib's threads, so that little memory is needed and nothing waits long. Palettes and few bits come back where the pixels
// allow it: see `layoutOf`.

import zlib from "node:zlib";
import { promisify } from "node:util";
import { breather } from "../base/breathe.js";
import type { Image } from "./image.js";
import { encodeChunk, encodePngStart } from "./png-chunks-node.js";
import { layoutOf, type Layout } from "./png-layout.js";
import { pngMetadataChunks } from "./png-metadata-node.js";
import { applyFilter, bestFilter } from "./png-rows.js";

const deflateRaw = promisify<zlib.InputType, zlib.ZlibOptions, Buffer>(zlib.deflateRaw);

/** Uncompressed bytes of a block; smaller ones compress a little worse. */
const blockBytes = 2 ** 20;
/** What deflate can refer back to. */
const windowBytes = 2 ** 15;
/** Blocks under way at once: enough for the few threads that zlib has. */
const blocksAtOnce = 3;

/** Encodes an image as PNG with its own channels and bit depth, and what its metadata says. */
export async function encodePng(image: Image): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of pngParts(image)) parts.push(part);
  return Buffer.concat(parts);
}

/** The same, a part at a time, for writing while the rest is being made; `signal` stops it by throwing its reason. */
export async function* pngParts(image: Image, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  const { width, height } = image;
  const layout = await layoutOf(image);
  const { depth, colorType, palette, transparency } = layout;
  const kept = pngMetadataChunks(image.metadata, layout);
  const chunksAt = (place: string) =>
    kept.filter((chunk) => chunk.place === place).map(({ name, data }) => encodeChunk(name, data));
  yield encodePngStart({ width, height, depth, colorType, interlaced: false });
  yield* chunksAt("first");
  if (palette) yield encodeChunk("PLTE", palette);
  if (transparency) yield encodeChunk("tRNS", transparency);
  yield* chunksAt("middle");
  for await (const block of compressedBlocks(image, layout)) {
    signal?.throwIfAborted();
    yield encodeChunk("IDAT", block);
  }
  yield* chunksAt("last");
  yield encodeChunk("IEND", new Uint8Array());
}

/** One zlib stream of all rows. Each block is compressed by itself, but may refer to the end of the one before. */
async function* compressedBlocks(image: Image, layout: Layout): AsyncGenerator<Uint8Array> {
  let before: Uint8Array = new Uint8Array();
  const checksum = { a: 1, b: 0 };
  const running: Promise<Buffer>[] = [];
  yield Uint8Array.from([0x78, 0x9c]); // deflate, a window of 32 KiB, the usual effort
  try {
    for await (const { bytes, isLast } of filteredBlocks(image, layout)) {
      addToChecksum(checksum, bytes);
      const { Z_FINISH, Z_SYNC_FLUSH, Z_DEFAULT_STRATEGY, Z_FILTERED } = zlib.constants;
      const strategy = layout.depth >= 8 && layout.colorType !== 3 ? Z_FILTERED : Z_DEFAULT_STRATEGY;
      const options = { level: 6, strategy, finishFlush: isLast ? Z_FINISH : Z_SYNC_FLUSH };
      const dictionary = before.length > 0 ? { dictionary: before } : {};
      running.push(deflateRaw(bytes, { ...options, ...dictionary }));
      before = bytes.subarray(Math.max(0, bytes.length - windowBytes));
      if (running.length >= blocksAtOnce) yield await running.shift()!;
    }
    while (running.length > 0) yield await running.shift()!;
  } finally {
    await Promise.allSettled(running);
  }
  const end = new Uint8Array(4);
  new DataView(end.buffer).setUint32(0, checksum.b * 65536 + checksum.a);
  yield end;
}

/** The rows, each behind the number of its filter, in blocks of about `blockBytes`. */
async function* filteredBlocks(
  image: Image,
  layout: Layout,
): AsyncGenerator<{ bytes: Uint8Array; isLast: boolean }> {
  const { width, height } = image;
  const rowBytes = Math.ceil((width * layout.samples * layout.depth) / 8);
  const step = Math.max(1, (layout.samples * layout.depth) / 8);
  const rowsAtOnce = Math.max(1, Math.floor(blockBytes / (rowBytes + 1)));
  let [row, above] = [new Uint8Array(rowBytes), new Uint8Array(rowBytes)];
  const breathe = breather();
  for (let from = 0; from < height; from += rowsAtOnce) {
    const to = Math.min(height, from + rowsAtOnce);
    const bytes = new Uint8Array((to - from) * (rowBytes + 1));
    for (let y = from; y < to; y++) {
      layout.pack(y, row);
      // Indices and samples of few bits have no neighbours alike; the specification advises against filters there.
      const filter = layout.colorType === 3 || layout.depth < 8 ? 0 : bestFilter(row, above, step);
      applyFilter(
        filter,
        row,
        above,
        step,
        bytes.subarray((y - from) * (rowBytes + 1), (y - from + 1) * (rowBytes + 1)),
      );
      [row, above] = [above, row];
    }
    yield { bytes, isLast: to === height };
    await breathe();
  }
}

/** Adler-32, RFC 1950: sums of bytes and of the sums, modulo 65521, the largest prime below 2^16. */
function addToChecksum(sum: { a: number; b: number }, bytes: Uint8Array): void {
  let { a, b } = sum;
  for (let from = 0; from < bytes.length; from += 3800) {
    const to = Math.min(bytes.length, from + 3800); // so few that b stays below 2^31
    for (let i = from; i < to; i++) b += a += bytes[i];
    a %= 65521;
    b %= 65521;
  }
  [sum.a, sum.b] = [a, b];
}
