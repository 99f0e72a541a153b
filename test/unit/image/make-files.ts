// Makes image files of any kind, sound or not, for tests: parts by hand, with right checksums.

import { crc32, deflateSync } from "node:zlib";

export interface Header {
  width: number;
  height: number;
  depth?: number;
  colorType?: number;
  interlace?: number;
}

export function chunk(name: string, body: Uint8Array): Buffer {
  const named = Buffer.concat([Buffer.from(name, "latin1"), body]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(body.length, 0);
  frame.writeUInt32BE(crc32(named), 4);
  return Buffer.concat([frame.subarray(0, 4), named, frame.subarray(4)]);
}

/** @param raw rows of packed samples, each behind its filter byte */
export function makePng(header: Header, raw: Uint8Array, extra: Buffer[] = [], after: Buffer[] = []) {
  const ihdr = Buffer.alloc(13);
  ihdr.writeUInt32BE(header.width, 0);
  ihdr.writeUInt32BE(header.height, 4);
  ihdr.set([header.depth ?? 8, header.colorType ?? 0, 0, 0, header.interlace ?? 0], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const pixels = [chunk("IDAT", deflateSync(raw)), ...after, chunk("IEND", Buffer.alloc(0))];
  return Buffer.concat([signature, chunk("IHDR", ihdr), ...extra, ...pixels]);
}

/** The chunks of a PNG, in order. */
export function chunksOf(bytes: Uint8Array): { name: string; data: Buffer }[] {
  const all = Buffer.from(bytes);
  const chunks = [];
  for (let at = 8; at < all.length; at += 12 + all.readUInt32BE(at)) {
    const data = all.subarray(at + 8, at + 8 + all.readUInt32BE(at));
    chunks.push({ name: all.toString("latin1", at + 4, at + 8), data });
  }
  return chunks;
}

/** A TIFF structure with one tag: the orientation. */
export function exifWith(orientation: number, little = true): Buffer {
  const bytes = Buffer.alloc(26);
  bytes.write(little ? "II" : "MM", "latin1");
  const put16 = (value: number, at: number) =>
    little ? bytes.writeUInt16LE(value, at) : bytes.writeUInt16BE(value, at);
  const put32 = (value: number, at: number) =>
    little ? bytes.writeUInt32LE(value, at) : bytes.writeUInt32BE(value, at);
  put16(42, 2);
  put32(8, 4);
  put16(1, 8);
  put16(274, 10);
  put16(3, 12);
  put32(1, 14);
  put16(orientation, 18);
  return bytes;
}
