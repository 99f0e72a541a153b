// What a file says beside its pixels, so that it can be said again: one small record that travels with the image.
// The formats' own files read and write it; pixels and their meaning are image.ts.

import { begins } from "./bytes.js";

export type Format = "png" | "jpeg" | "webp" | "tiff" | "avif";

export interface Metadata {
  /** The format of the file it came from. */
  readonly format: Format;
  /** ICC profile: the colour space that the pixels are in. */
  readonly icc?: Uint8Array;
  /** EXIF as a TIFF structure, its orientation 1: pixels are turned when they are read. */
  readonly exif?: Uint8Array;
  /** XMP packet in UTF-8. */
  readonly xmp?: Uint8Array;
  /** IPTC in Photoshop's resource blocks, as in JPEG's APP13. */
  readonly iptc?: Uint8Array;
  /** Pixels an inch, across and down. */
  readonly density?: { readonly x: number; readonly y: number };
  readonly png?: PngDetails;
  readonly jpeg?: JpegDetails;
  readonly webp?: { readonly lossless: boolean };
  /** IPTC as TIFF has it, in a tag of its own. */
  readonly tiff?: { readonly iptc?: Uint8Array };
}

export interface PngChunk {
  /** Four letters. */
  readonly name: string;
  readonly data: Uint8Array;
}

/** A chunk that is written again as it came, and where: before the palette, after it, or after the pixels. */
export interface KeptChunk extends PngChunk {
  readonly place: "first" | "middle" | "last";
}

export interface PngDetails {
  /** 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGB and alpha. */
  readonly colorType: number;
  /** Bits a sample: 1, 2, 4, 8 or 16. */
  readonly depth: number;
  /** PLTE and tRNS as they came: colours, and which of them are transparent. */
  readonly palette?: Uint8Array;
  readonly transparency?: Uint8Array;
  readonly chunks: readonly KeptChunk[];
}

export interface JpegSegment {
  readonly marker: number;
  readonly data: Uint8Array;
}

export interface JpegDetails {
  /** The quality of libjpeg's scale, 1 to 100, whose tables are as fine as the file's. */
  readonly quality: number;
  readonly chromaSubsampling: "4:4:4" | "4:2:0";
  readonly progressive: boolean;
  /** Its APPn and COM segments, in order, but for those that speak of its coding. */
  readonly segments: readonly JpegSegment[];
}

/** Chunks that say what the pixels of a PNG mean. */
const colourChunks = new Set(["iCCP", "gAMA", "cHRM", "sRGB", "cICP", "mDCV", "cLLI", "sBIT"]);

/** Only what the picture's look depends on: its colour space and how it was compressed. */
export function withoutMetadata({ format, icc, png, jpeg, webp }: Metadata): Metadata {
  return {
    format,
    icc,
    png: png && { ...png, chunks: png.chunks.filter(({ name }) => colourChunks.has(name)) },
    jpeg: jpeg && { ...jpeg, segments: jpeg.segments.filter(({ data }) => begins(data, "ICC_PROFILE")) },
    webp,
  };
}
