// Between a PNG's chunks and the metadata record. From PNG to PNG chunks stay as they are, byte for byte; those that other
// formats have too (profile, EXIF, XMP, density) are read from them and made for them.

import { joined, latin } from "./bytes.js";
import { machine } from "./deflate.js";
import { isXmpKeyword, withOrientationOne, xmpKeyword } from "./exif.js";
import type { KeptChunk, Metadata } from "./metadata.js";
import type { PngContent } from "./png-chunks.js";
import type { Layout } from "./png-layout.js";

const inchesPerMetre = 39.3701;
/** A profile is some hundred kilobytes; a chunk can claim gigabytes. */
const mostProfileBytes = 2 ** 24;

export function pngMetadata({ colorType, depth, palette, transparency, chunks }: PngContent): Metadata {
  const find = (name: string) => chunks.find((chunk) => chunk.name === name)?.data;
  return {
    format: "png",
    icc: profileIn(find("iCCP")),
    exif: find("eXIf"),
    xmp: chunks.map(({ name, data }) => (name === "iTXt" ? xmpIn(data) : undefined)).find((xmp) => xmp),
    density: densityIn(find("pHYs")),
    png: { colorType, depth, palette, transparency, chunks },
  };
}

/** The chunks to write beside the pixels' own. */
export function pngMetadataChunks(metadata: Metadata | undefined, layout: Layout): KeptChunk[] {
  if (!metadata) return [];
  const { icc, exif, xmp, density, png } = metadata;
  const isSame = png?.colorType === layout.colorType && png.depth === layout.depth;
  const isPalette = layout.colorType === 3;
  const chunks: KeptChunk[] = [];
  for (const chunk of png?.chunks ?? [])
    if (chunk.name === "eXIf") chunks.push({ ...chunk, data: exif ?? chunk.data });
    else if (chunk.name === "iTXt" && xmpIn(chunk.data))
      chunks.push({ ...chunk, data: withOrientationOne(chunk.data) });
    // What speaks of samples or of the palette holds only while those are the same.
    else if (isSame || !["sBIT", "bKGD", "hIST"].includes(chunk.name))
      chunks.push(isPalette || chunk.place !== "middle" ? chunk : { ...chunk, place: "first" });
  const has = (name: string) => chunks.some((chunk) => chunk.name === name);
  const profile = icc && !has("iCCP") ? profileChunk(icc) : undefined;
  if (profile) chunks.unshift({ name: "iCCP", data: profile, place: "first" });
  if (density && !has("pHYs")) chunks.push({ name: "pHYs", data: densityChunk(density), place: "first" });
  if (exif && !has("eXIf")) chunks.push({ name: "eXIf", data: exif, place: "first" });
  if (xmp && !chunks.some(({ name, data }) => name === "iTXt" && xmpIn(data)))
    chunks.push({ name: "iTXt", data: xmpChunk(xmp), place: "first" });
  return chunks;
}

function profileIn(chunk: Uint8Array | undefined): Uint8Array | undefined {
  const nameEnd = chunk?.indexOf(0) ?? -1;
  if (nameEnd < 0) return undefined;
  try {
    return machine.deflate.inflateNow?.(chunk!.subarray(nameEnd + 2), mostProfileBytes);
  } catch {
    return undefined; // the chunk is kept as it is
  }
}

/** Undefined where nothing can be compressed at once. */
function profileChunk(icc: Uint8Array): Uint8Array | undefined {
  const data = machine.deflate.deflateNow?.(icc);
  return data && joined([latin("ICC profile\0\0"), data]);
}

/** iTXt: keyword, compressed or not, language, translated keyword, text. */
function xmpIn(chunk: Uint8Array): Uint8Array | undefined {
  if (!isXmpKeyword(chunk)) return undefined;
  const compressed = chunk[xmpKeyword.length + 1] === 1;
  const languageEnd = chunk.indexOf(0, xmpKeyword.length + 3);
  const text = chunk.subarray(chunk.indexOf(0, languageEnd + 1) + 1);
  try {
    return compressed ? machine.deflate.inflateNow?.(text, mostProfileBytes) : text;
  } catch {
    return undefined;
  }
}

const xmpChunk = (xmp: Uint8Array): Uint8Array => joined([latin(`${xmpKeyword}\0\0\0\0\0`), xmp]);

function densityIn(chunk: Uint8Array | undefined): Metadata["density"] {
  if (chunk?.length !== 9 || chunk[8] !== 1) return undefined; // without a unit it only tells how wide pixels are
  const view = new DataView(chunk.buffer, chunk.byteOffset);
  return { x: view.getUint32(0) / inchesPerMetre, y: view.getUint32(4) / inchesPerMetre };
}

function densityChunk({ x, y }: { x: number; y: number }): Uint8Array {
  const bytes = new Uint8Array(9);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, Math.round(x * inchesPerMetre));
  view.setUint32(4, Math.round(y * inchesPerMetre));
  bytes[8] = 1;
  return bytes;
}
