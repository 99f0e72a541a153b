// A TIFF's tags: what it says beside its pixels, whether its samples can be read, and the same put into another TIFF.
// Pixels are sharp's business. Adobe, "TIFF Revision 6.0"; Exif 2.3.

import { UserError } from "../base/errors.js";
import { joined } from "./bytes.js";
import { uprightExif, withOrientationOne } from "./exif.js";
import { copyTags, encodeBlock, encodeTags, type Tag } from "./ifd-write.js";
import { firstIfd, littleEndian, nextIfd, readIfd, type Entry } from "./ifd.js";
import type { Metadata } from "./metadata.js";

const [subfileType, bitsPerSample, photometric, samplesPerPixel, sampleFormat] = [254, 258, 262, 277, 339];
const orientation = 274;
const [xResolution, yResolution, resolutionUnit, xmpTag, iptcTag, photoshopTag, iccTag] = [
  282, 283, 296, 700, 33723, 34377, 34675,
];
/** Description, maker, model, orientation, resolution, program, date, artist, host, copyright, EXIF, GPS. */
const exifTags = [270, 271, 272, 274, 282, 283, 296, 305, 306, 315, 316, 33432, 34665, 34853];

/** @throws UserError for samples that are not read, and for several pages */
export function readTiff(bytes: Uint8Array, source: string): Metadata {
  const at = firstIfd(bytes);
  const entries = readIfd(bytes, at);
  checkSamples(entries, source);
  checkPages(bytes, at, source);
  const find = (wanted: number) => {
    const value = entries.find(({ tag }) => tag === wanted)?.bytes;
    return value && new Uint8Array(value);
  };
  const tags = copyTags(bytes, at, (tag) => exifTags.includes(tag));
  const saysMore = tags.some(
    ({ tag }) => ![orientation, xResolution, yResolution, resolutionUnit].includes(tag),
  );
  const exif = saysMore ? encodeBlock(tags) : undefined;
  return {
    format: "tiff",
    icc: find(iccTag),
    exif: uprightExif(exif),
    xmp: withOrientationOne(find(xmpTag)),
    iptc: find(photoshopTag),
    tiff: { iptc: find(iptcTag) },
    density: densityOf(entries),
  };
}

/** Whole numbers without sign of 1, 2, 4, 8 or 16 bits, grey, RGB or of a palette, with one alpha at most. */
function checkSamples(entries: readonly Entry[], source: string): void {
  const numbers = (wanted: number) => entries.find(({ tag }) => tag === wanted)?.numbers ?? [];
  const refuse = (what: string) =>
    new UserError(`${source} is a TIFF ${what}, which is not read; convert it to 8 or 16 bits grey or RGB.`);
  const kind = numbers(photometric)[0];
  if (kind === 5) throw refuse("in CMYK, for printing presses");
  if ([8, 9, 10].includes(kind)) throw refuse("in L*a*b* colours");
  if (kind > 10) throw refuse(`in colours of kind ${kind}`);
  for (const format of numbers(sampleFormat)) {
    if (format === 2) throw refuse("of signed samples");
    if (format === 3) throw refuse("of floating-point samples");
    if (format > 4) throw refuse("of complex samples");
  }
  const bits = numbers(bitsPerSample);
  for (const count of bits) if (![1, 2, 4, 8, 16].includes(count)) throw refuse(`of ${count} bits a sample`);
  if (bits.some((count) => count !== bits[0])) throw refuse(`of ${bits.join(", ")} bits a sample`);
  const samples = numbers(samplesPerPixel)[0] ?? 1;
  const colours = kind === 2 || kind === 6 ? 3 : 1;
  if (samples > colours + 1) throw refuse(`of ${samples} channels`);
  if (kind === 3 && samples > 1) throw refuse("of a palette with more channels");
}

/** Reduced pictures of the same, as programs put beside the first one, are no pages. */
function checkPages(bytes: Uint8Array, first: number, source: string): void {
  let pages = 0;
  const seen = new Set<number>();
  for (let at = first; at > 0 && !seen.has(at); at = nextIfd(bytes, at)) {
    seen.add(at);
    const kind = readIfd(bytes, at).find(({ tag }) => tag === subfileType)?.numbers[0] ?? 0;
    if ((kind & 1) === 0) pages++;
  }
  if (pages > 1)
    throw new UserError(`${source} has ${pages} pages, and only single ones are read; take it apart first.`);
}

function densityOf(entries: readonly Entry[]): Metadata["density"] {
  const number = (wanted: number) => entries.find(({ tag }) => tag === wanted)?.numbers[0];
  const [x, y, unit] = [number(xResolution), number(yResolution), number(resolutionUnit) ?? 2];
  if (!x || !y || ![2, 3].includes(unit) || !Number.isFinite(x * y)) return undefined;
  const inches = unit === 3 ? 2.54 : 1;
  return { x: x * inches, y: y * inches };
}

/** The TIFF, made without metadata and with the low byte first, with the image's: a longer directory at its end. */
export function withTiffMetadata(bytes: Uint8Array, metadata: Metadata | undefined): Uint8Array {
  if (!littleEndian(bytes)) return bytes;
  const { icc, exif, xmp, iptc, density, tiff } = metadata ?? {};
  const tags = new Map<number, Tag>();
  const add = (tag: Tag) => tags.set(tag.tag, tag);
  const addBytes = (tag: number, type: number, value: Uint8Array | undefined) =>
    value && add({ tag, type, count: value.length, value });
  // The library makes up a density.
  const isSure = (tag: number) => ![xResolution, yResolution, resolutionUnit].includes(tag);
  for (const tag of copyTags(bytes, firstIfd(bytes), isSure)) add(tag);
  if (exif) for (const tag of copyTags(exif, firstIfd(exif), (wanted) => exifTags.includes(wanted))) add(tag);
  addBytes(iccTag, 7, icc);
  addBytes(xmpTag, 1, xmp);
  addBytes(photoshopTag, 1, iptc);
  addBytes(iptcTag, 7, tiff?.iptc);
  // A density that EXIF says as well is in the file's own unit there, and exact.
  const isSaid = exif && readIfd(exif).some(({ tag }) => tag === xResolution);
  if (density && !isSaid) {
    add({ tag: xResolution, type: 5, count: 1, value: rational(density.x) });
    add({ tag: yResolution, type: 5, count: 1, value: rational(density.y) });
    add({ tag: resolutionUnit, type: 3, count: 1, value: Uint8Array.from([2, 0]) });
  }
  const padding = bytes.length % 2;
  const place = bytes.length + padding;
  const all = joined([bytes, new Uint8Array(padding), encodeTags([...tags.values()], place)]);
  new DataView(all.buffer).setUint32(4, place, true);
  return all;
}

function rational(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, Math.round(value * 1000), true);
  view.setUint32(4, 1000, true);
  return bytes;
}
