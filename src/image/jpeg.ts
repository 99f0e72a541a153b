// A JPEG's segments: what it says beside its pixels, how finely it was quantised, and the same put into another JPEG's bytes.
// Pixels are sharp's business. ITU-T T.81; JFIF 1.02; Exif 2.3; ICC.1 annex B.4.

import { UserError } from "../base/errors.js";
import { begins, joined, latin } from "./bytes.js";
import { uprightExif, withOrientationOne } from "./exif.js";
import { readIfd } from "./ifd.js";
import type { JpegSegment, Metadata } from "./metadata.js";

export interface JpegContent {
  readonly metadata: Metadata;
  /** The last segment is not the end's marker: the file may be cut, or only sloppy. */
  readonly lacksEnd: boolean;
  /** Pictures in the file, of which only the first is read: previews, the other eye, gain maps. */
  readonly pictures: number;
}

const [APP0, APP1, APP2, APP13, APP14, COM, DQT, SOS, EOI] = [
  0xe0, 0xe1, 0xe2, 0xed, 0xee, 0xfe, 0xdb, 0xda, 0xd9,
];
const exifName = "Exif\0\0";
const xmpName = "http://ns.adobe.com/xap/1.0/\0";
const iccName = "ICC_PROFILE\0";
const photoshopName = "Photoshop 3.0\0";
const multiName = "MPF\0";
/** Two bytes say how long a segment is, themselves included. */
const mostBytes = 65533;

/** @throws UserError for kinds of JPEG that are not read: CMYK, 12 bits, arithmetic coding, lossless */
export function readJpeg(bytes: Uint8Array, source: string): JpegContent {
  const kept: JpegSegment[] = [];
  const tables: number[][] = [];
  const profile: Uint8Array[] = [];
  let [exif, xmp, iptc]: (Uint8Array | undefined)[] = [];
  let density: Metadata["density"];
  let [pictures, frame] = [1, { progressive: false, halved: false }];
  for (const { marker, data } of segments(bytes)) {
    if (marker === DQT) readTables(data, tables);
    else if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker))
      frame = readFrame(marker, data, source);
    else if (marker === APP0) density = jfifDensity(data) ?? density;
    else if (begins(data, multiName)) pictures = Math.max(pictures, picturesIn(data));
    else if (marker === COM || (marker > APP0 && marker <= 0xef && marker !== APP14)) {
      if (begins(data, exifName)) exif ??= data.slice(exifName.length);
      else if (begins(data, xmpName)) xmp ??= data.slice(xmpName.length);
      else if (begins(data, photoshopName)) iptc ??= data.slice(photoshopName.length);
      else if (begins(data, iccName)) profile.push(data.subarray(iccName.length + 2));
      kept.push({ marker, data: new Uint8Array(data) });
    }
  }
  return {
    metadata: {
      format: "jpeg",
      icc: profile.length > 0 ? joined(profile) : undefined,
      exif: uprightExif(exif),
      xmp: withOrientationOne(xmp),
      iptc,
      density,
      jpeg: {
        quality: qualityOf(tables),
        chromaSubsampling: frame.halved ? "4:2:0" : "4:4:4",
        progressive: frame.progressive,
        segments: kept,
      },
    },
    lacksEnd: !endsWell(bytes),
    pictures,
  };
}

/** The segments before the pixels. */
function* segments(bytes: Uint8Array): Generator<JpegSegment> {
  for (let at = 2; at + 4 <= bytes.length;) {
    if (bytes[at] !== 0xff) return;
    const marker = bytes[at + 1];
    if (marker === 0xff)
      at++; // filling
    else if (marker === SOS || marker === EOI) return;
    else {
      const length = bytes[at + 2] * 256 + bytes[at + 3];
      if (length < 2 || at + 2 + length > bytes.length) return;
      yield { marker, data: bytes.subarray(at + 4, at + 2 + length) };
      at += 2 + length;
    }
  }
}

function readFrame(marker: number, data: Uint8Array, source: string) {
  const refuse = (what: string, instead: string) =>
    new UserError(`${source} is a JPEG ${what}, which is not read; ${instead}.`);
  const [precision, components] = [data[0], data[5]];
  if (![0xc0, 0xc1, 0xc2].includes(marker))
    throw refuse(
      marker >= 0xc9 ? "with arithmetic coding" : "of the lossless or hierarchical kind",
      "convert it to an ordinary JPEG or PNG",
    );
  if (precision !== 8) throw refuse(`of ${precision} bits a sample`, "convert it to a 16-bit TIFF or PNG");
  if (components === 4) throw refuse("in CMYK, for printing presses", "convert it to RGB");
  return { progressive: marker === 0xc2, halved: components === 3 && data[7] === 0x22 };
}

/** Tables of 64 steps, of one byte or two. */
function readTables(data: Uint8Array, tables: number[][]): void {
  for (let at = 0; at < data.length;) {
    const [size, id] = [data[at] >> 4 ? 2 : 1, data[at] & 15];
    const steps = Array.from({ length: 64 }, (_, i) =>
      size === 2 ? data[at + 1 + 2 * i] * 256 + data[at + 2 + 2 * i] : data[at + 1 + i],
    );
    if (steps.every((step) => step > 0)) tables[id] = steps;
    at += 1 + 64 * size;
  }
}

// prettier-ignore
const luminance = [
  16, 11, 12, 14, 12, 10, 16, 14, 13, 14, 18, 17, 16, 19, 24, 40, 26, 24, 22, 22, 24, 49, 35, 37, 29, 40, 58, 51, 61, 60, 57, 51,
  56, 55, 64, 72, 92, 78, 64, 68, 87, 69, 55, 56, 80, 109, 81, 87, 95, 98, 103, 104, 103, 62, 77, 113, 121, 112, 100, 120, 92,
  101, 103, 99,
];
// prettier-ignore
const chrominance = [17, 18, 18, 24, 21, 24, 47, 26, 26, 47, 99, 66, 56, 66, 99, 99, ...Array<number>(48).fill(99)];

/** The least quality of libjpeg's whose tables, T.81's own scaled, are in sum as fine as these. */
export function qualityOf(tables: readonly (readonly number[])[]): number {
  const sum = (steps: readonly number[]) => steps.reduce((a, b) => a + b, 0);
  const scaled = (steps: readonly number[], quality: number) => {
    const percent = quality < 50 ? Math.floor(5000 / quality) : 200 - 2 * quality;
    return steps.map((step) => Math.min(255, Math.max(1, Math.floor((step * percent + 50) / 100))));
  };
  let quality = 1;
  for (const [id, steps] of tables.entries())
    if (steps)
      while (quality < 100 && sum(scaled(id === 0 ? luminance : chrominance, quality)) > sum(steps))
        quality++;
  return quality;
}

/** JFIF: unit 1 is inches, 2 centimetres; 0 tells only how wide pixels are. */
function jfifDensity(data: Uint8Array): Metadata["density"] {
  if (!begins(data, "JFIF\0") || data.length < 12 || ![1, 2].includes(data[7])) return undefined;
  const inches = data[7] === 2 ? 2.54 : 1;
  const [x, y] = [data[8] * 256 + data[9], data[10] * 256 + data[11]];
  return x > 0 && y > 0 ? { x: x * inches, y: y * inches } : undefined;
}

/** CIPA DC-007: tag 0xb001 of its directory is the number of pictures. */
function picturesIn(data: Uint8Array): number {
  const block = data.subarray(multiName.length);
  return readIfd(block).find(({ tag }) => tag === 0xb001)?.numbers[0] ?? 1;
}

function endsWell(bytes: Uint8Array): boolean {
  for (let at = bytes.length - 2; at >= 2 && at > bytes.length - 2 ** 16; at--)
    if (bytes[at] === 0xff && bytes[at + 1] === EOI) return true;
  return false;
}

/** The JPEG, made without any metadata (nor JFIF's), with the image's. */
export function withJpegMetadata(bytes: Uint8Array, metadata: Metadata | undefined): Uint8Array {
  if (!metadata) return bytes;
  const { density, jpeg } = metadata;
  const parts = jpeg ? jpeg.segments.map((segment) => upright(segment, metadata)) : segmentsFor(metadata);
  const encoded = [{ marker: APP0, data: jfif(density) }, ...parts]
    .filter(({ data }) => data.length <= mostBytes)
    .map(({ marker, data }) =>
      joined([Uint8Array.from([0xff, marker, (data.length + 2) >> 8, (data.length + 2) & 255]), data]),
    );
  return joined([bytes.subarray(0, 2), ...encoded, withoutOwnSegments(bytes)]);
}

/**
 * What follows the first marker, without what the encoder says of itself: a JFIF header, and in browsers a profile, of which a picture
 * may have only one. APP14 stays: it says how the colours are coded.
 */
function withoutOwnSegments(bytes: Uint8Array): Uint8Array {
  const kept: Uint8Array[] = [];
  let at = 2;
  while (bytes[at] === 0xff && bytes[at + 1] >= APP0 && bytes[at + 1] <= APP0 + 15) {
    const end = at + 2 + (bytes[at + 2] << 8) + bytes[at + 3];
    if (bytes[at + 1] === APP14) kept.push(bytes.subarray(at, end));
    at = end;
  }
  return joined([...kept, bytes.subarray(at)]);
}

/** JFIF 1.02 with a density, or, without one, square pixels. */
function jfif(density: Metadata["density"]): Uint8Array {
  const data = joined([latin("JFIF\0"), Uint8Array.from([1, 2, density ? 1 : 0, 0, 1, 0, 1, 0, 0])]);
  const view = new DataView(data.buffer);
  if (density) view.setUint16(8, Math.round(density.x));
  if (density) view.setUint16(10, Math.round(density.y));
  return data;
}

function upright({ marker, data }: JpegSegment, { exif, xmp }: Metadata): JpegSegment {
  if (exif && begins(data, exifName)) return { marker, data: joined([latin(exifName), exif]) };
  if (xmp && begins(data, xmpName)) return { marker, data: joined([latin(xmpName), xmp]) };
  return { marker, data };
}

function segmentsFor({ icc, exif, xmp, iptc }: Metadata): JpegSegment[] {
  const parts: JpegSegment[] = [];
  if (exif) parts.push({ marker: APP1, data: joined([latin(exifName), exif]) });
  if (xmp) parts.push({ marker: APP1, data: joined([latin(xmpName), xmp]) });
  const each = mostBytes - iccName.length - 2;
  const count = Math.ceil((icc?.length ?? 0) / each);
  for (let i = 0; i < count; i++) {
    const head = joined([latin(iccName), Uint8Array.from([i + 1, count])]);
    parts.push({ marker: APP2, data: joined([head, icc!.subarray(i * each, (i + 1) * each)]) });
  }
  if (iptc) parts.push({ marker: APP13, data: joined([latin(photoshopName), iptc]) });
  return parts;
}
