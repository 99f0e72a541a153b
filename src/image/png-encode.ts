// An Image to the bytes of a PNG, in pieces: rows are filtered and compressed (deflate.ts) a block at a time, so that little memory is
// needed and nothing waits long. Palettes and few bits come back where the pixels
// allow it: see `layoutOf`.

import { breather } from "../base/breathe.js";
import { joined } from "./bytes.js";
import { type Block, machine } from "./deflate.js";
import type { Image } from "./image.js";
import { encodeChunk, encodePngStart } from "./png-chunks.js";
import { layoutOf, type Layout } from "./png-layout.js";
import { pngMetadataChunks } from "./png-metadata.js";
import { applyFilter, bestFilter } from "./png-rows.js";

/** Uncompressed bytes of a block; smaller ones compress a little worse. */
const blockBytes = 2 ** 20;

/** Encodes an image as PNG with its own channels and bit depth, and what its metadata says. */
export async function encodePng(image: Image): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of pngParts(image)) parts.push(part);
  return joined(parts);
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
  const isFiltered = layout.depth >= 8 && layout.colorType !== 3;
  for await (const block of machine.deflate.compress(filteredBlocks(image, layout), isFiltered)) {
    signal?.throwIfAborted();
    yield encodeChunk("IDAT", block);
  }
  yield* chunksAt("last");
  yield encodeChunk("IEND", new Uint8Array());
}

/** The rows, each behind the number of its filter, in blocks of about `blockBytes`. */
async function* filteredBlocks(image: Image, layout: Layout): AsyncGenerator<Block> {
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
