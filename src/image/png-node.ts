// Lends PNG Node's zlib, and pngjs for interlaced files, which are rare. Imported for that alone, by those that read and write files.

import { Readable } from "node:stream";
import { promisify } from "node:util";
import zlib from "node:zlib";
import { PNG } from "pngjs";
import { type Block, machine } from "./deflate.js";
import type { Levels } from "./image.js";
import { checkMemory } from "./memory-node.js";
import { encodeChunk, encodePngStart, type PngContent } from "./png-chunks.js";
import { decoding } from "./png-decode.js";

const deflateRaw = promisify<zlib.InputType, zlib.ZlibOptions, Buffer>(zlib.deflateRaw);

/** What deflate can refer back to. */
const windowBytes = 2 ** 15;
/** Blocks under way at once: enough for the few threads that zlib has. */
const blocksAtOnce = 3;

/** Each block is compressed by itself, several at once, but may refer to the end of the one before. */
async function* compress(blocks: AsyncIterable<Block>, isFiltered: boolean): AsyncGenerator<Uint8Array> {
  const { Z_FINISH, Z_SYNC_FLUSH, Z_DEFAULT_STRATEGY, Z_FILTERED } = zlib.constants;
  const strategy = isFiltered ? Z_FILTERED : Z_DEFAULT_STRATEGY;
  let before: Uint8Array = new Uint8Array();
  const checksum = { a: 1, b: 0 };
  const running: Promise<Buffer>[] = [];
  yield Uint8Array.from([0x78, 0x9c]); // deflate, a window of 32 KiB, the usual effort
  try {
    for await (const { bytes, isLast } of blocks) {
      addToChecksum(checksum, bytes);
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

/** pngjs hands out RGBA. Its own checks are few, so that the data is inflated once beforehand, to exactly what it must be. */
function readInterlaced(content: PngContent, pixels: Levels): void {
  const { width, height, depth, channels, inflatedBytes, compressed } = content;
  const raw = zlib.inflateSync(Buffer.concat(compressed), { maxOutputLength: inflatedBytes });
  if (raw.length !== inflatedBytes)
    throw new Error(`${raw.length} bytes of pixels where ${inflatedBytes} belong`);
  // `skipRescale` leaves 16 bits as they are (a Uint16Array, which pngjs's types do not say).
  const rgba: ArrayLike<number> = PNG.sync.read(plainPng(content), { skipRescale: depth === 16 }).data;
  const colours = channels <= 2 ? 1 : 3;
  for (let i = 0, to = 0; i < 4 * width * height; i += 4) {
    for (let c = 0; c < colours; c++) pixels[to++] = rgba[i + c];
    if (channels > colours) pixels[to++] = rgba[i + 3];
  }
}

/** The file again with nothing but what its pixels need. */
function plainPng(content: PngContent): Buffer {
  const { palette, transparency, compressed } = content;
  return Buffer.concat([
    encodePngStart(content),
    ...(palette ? [encodeChunk("PLTE", palette)] : []),
    ...(transparency ? [encodeChunk("tRNS", transparency)] : []),
    encodeChunk("IDAT", Buffer.concat(compressed)),
    encodeChunk("IEND", new Uint8Array()),
  ]);
}

machine.deflate = {
  crc32: (bytes) => zlib.crc32(bytes),
  inflateRaw: (parts, chunkSize) => Readable.from(parts).pipe(zlib.createInflateRaw({ chunkSize })),
  compress,
  inflateNow: (bytes, maxOutputLength) => zlib.inflateSync(bytes, { maxOutputLength }),
  deflateNow: (bytes) => zlib.deflateSync(bytes),
};
decoding.checkMemory = checkMemory;
decoding.readInterlaced = readInterlaced;
