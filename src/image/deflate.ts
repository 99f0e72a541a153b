// Inflating and deflating as PNG needs it, by the streams that browsers have. Node's door lends zlib in their place (png-node.ts).

/** Rows to compress, and whether they are the last. */
export interface Block {
  readonly bytes: Uint8Array;
  readonly isLast: boolean;
}

export interface Deflate {
  crc32(bytes: Uint8Array): number;
  /** Inflates, in pieces of about `pieceBytes`, a zlib stream without its first two bytes; its checksum need not be read. */
  inflateRaw(parts: readonly Uint8Array[], pieceBytes: number): AsyncIterable<Uint8Array>;
  /** One zlib stream of all blocks, in pieces. @param isFiltered whether rows hold differences rather than samples */
  compress(blocks: AsyncIterable<Block>, isFiltered: boolean): AsyncIterable<Uint8Array>;
  /** A whole zlib stream at once; throws when it is not sound or makes more bytes. */
  inflateNow?(bytes: Uint8Array, maxBytes: number): Uint8Array;
  deflateNow?(bytes: Uint8Array): Uint8Array;
}

/** Of CRC-32, for each byte: PNG's annex D. */
const crcs = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? 0xedb88320 ^ (crc >>> 1) : crc >>> 1;
  return crc;
});

/** The pieces of what a stream makes of some bytes. */
async function* through(
  stream: TransformStream<BufferSource, Uint8Array>,
  bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const writer = stream.writable.getWriter();
  const written = (async () => {
    try {
      for await (const part of bytes) await writer.write(part as Uint8Array<ArrayBuffer>);
      await writer.close();
    } catch (error) {
      await writer.abort(error).catch(() => {}); // whoever reads is told
    }
  })();
  const reader = stream.readable.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => {});
    await written;
  }
}

/** All but the last `count` bytes. */
function withoutEnd(parts: readonly Uint8Array[], count: number): Uint8Array[] {
  const kept = [...parts];
  for (let left = count; left > 0 && kept.length > 0;) {
    const last = kept.pop()!;
    if (last.length > left) kept.push(last.subarray(0, last.length - left));
    left -= Math.min(left, last.length);
  }
  return kept;
}

async function* bytesOf(blocks: AsyncIterable<Block>): AsyncGenerator<Uint8Array> {
  for await (const { bytes } of blocks) yield bytes;
}

const byStreams: Deflate = {
  crc32(bytes) {
    let crc = 0xffffffff;
    for (let i = 0; i < bytes.length; i++) crc = crcs[(crc ^ bytes[i]) & 255] ^ (crc >>> 8);
    return (crc ^ 0xffffffff) >>> 0;
  },
  // A browser takes what follows the data, the checksum, for a fault and forgets what it has made.
  inflateRaw: (parts) => through(new DecompressionStream("deflate-raw"), withoutEnd(parts, 4)),
  compress: (blocks) => through(new CompressionStream("deflate"), bytesOf(blocks)),
};

/** What is used on this machine. */
export const machine: { deflate: Deflate } = { deflate: byStreams };
