// A WebP's chunks: profile, EXIF and XMP out of one and into another, whether it is lossless, how many pictures it has.
// Pixels are sharp's business. RFC 9649.

import { UserError } from "../base/errors.js";
import { joined, latin } from "./bytes.js";
import { uprightExif, withOrientationOne } from "./exif.js";
import type { Metadata } from "./metadata.js";

interface RiffChunk {
  readonly name: string;
  readonly data: Uint8Array;
}

const [hasProfile, hasAlpha, hasExif, hasXmp] = [0x20, 0x10, 0x08, 0x04];

/** @throws UserError for animations */
export function readWebp(bytes: Uint8Array, source: string): Metadata {
  const chunks = chunksOf(bytes);
  const frames = chunks.filter(({ name }) => name === "ANMF").length;
  if (frames > 0)
    throw new UserError(
      `${source} is an animation of ${frames} pictures, and only single ones are read; take it apart first.`,
    );
  const find = (name: string) => {
    const data = chunks.find((chunk) => chunk.name === name)?.data;
    return data && new Uint8Array(data);
  };
  let exif = find("EXIF");
  if (exif && latinOf(exif.subarray(0, 6)) === "Exif\0\0") exif = exif.slice(6); // as JPEG has it, and some programs write
  return {
    format: "webp",
    icc: find("ICCP"),
    exif: uprightExif(exif),
    xmp: withOrientationOne(find("XMP ")),
    webp: { lossless: chunks.some(({ name }) => name === "VP8L") },
  };
}

/** The WebP, made without any metadata, with the image's. */
export function withWebpMetadata(
  bytes: Uint8Array,
  metadata: Metadata | undefined,
  { width, height, alpha }: { width: number; height: number; alpha: boolean },
): Uint8Array {
  const { icc, exif, xmp } = metadata ?? {};
  if (!icc && !exif && !xmp) return bytes;
  const header = new Uint8Array(10);
  header[0] = (icc ? hasProfile : 0) | (alpha ? hasAlpha : 0) | (exif ? hasExif : 0) | (xmp ? hasXmp : 0);
  const view = new DataView(header.buffer);
  view.setUint32(4, width - 1, true); // 24 bits each; the next write sets the byte too many
  view.setUint16(7, (height - 1) & 0xffff, true);
  header[9] = (height - 1) >> 16;
  const chunks: RiffChunk[] = [{ name: "VP8X", data: header }];
  if (icc) chunks.push({ name: "ICCP", data: icc });
  chunks.push(...chunksOf(bytes).filter(({ name }) => ["ALPH", "VP8 ", "VP8L"].includes(name)));
  if (exif) chunks.push({ name: "EXIF", data: exif });
  if (xmp) chunks.push({ name: "XMP ", data: xmp });
  const body = joined([latin("WEBP"), ...chunks.map(encodeChunk)]);
  return joined([latin("RIFF"), uint32(body.length), body]);
}

function chunksOf(bytes: Uint8Array): RiffChunk[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const chunks: RiffChunk[] = [];
  for (let at = 12; at + 8 <= bytes.length;) {
    const length = view.getUint32(at + 4, true);
    chunks.push({ name: latinOf(bytes.subarray(at, at + 4)), data: bytes.subarray(at + 8, at + 8 + length) });
    at += 8 + length + (length % 2);
  }
  return chunks;
}

const encodeChunk = ({ name, data }: RiffChunk): Uint8Array =>
  joined([latin(name), uint32(data.length), data, new Uint8Array(data.length % 2)]);

function uint32(n: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, n, true);
  return bytes;
}

const latinOf = (bytes: Uint8Array): string => String.fromCharCode(...bytes);
