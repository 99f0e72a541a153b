// JPEG, WebP, TIFF and AVIF bytes to an Image and back, through the optional package sharp, loaded at the first need.
// Pixels stay in the file's own colour space; what the file says beside them is read and written by jpeg.ts, webp.ts and tiff.ts.
// PNG never comes here. Typed by the few calls it makes, so that Fovea builds where sharp is not installed.

import { UserError } from "../base/errors.js";
import { joined } from "./bytes.js";
import { convertChannels, flattenAlpha, hasAlpha, isGrey } from "./colour.js";
import { uprightExif, withOrientationOne } from "./exif.js";
import { convertBitDepth, createImage, MAX_PIXELS, type Channels, type Image } from "./image.js";
import { readJpeg, withJpegMetadata } from "./jpeg.js";
import { checkMemory } from "./memory-node.js";
import type { Format, Metadata } from "./metadata.js";
import type { ReadOptions } from "./read-options.js";
import { readTiff, withTiffMetadata } from "./tiff.js";
import { readWebp, withWebpMetadata } from "./webp.js";

export type SharpFormat = Exclude<Format, "png">;

interface SharpMetadata {
  width?: number;
  height?: number;
  space?: string;
  channels?: number;
  depth?: string;
  hasAlpha?: boolean;
  pages?: number;
  icc?: Uint8Array;
  exif?: Uint8Array;
  xmp?: Uint8Array;
}

interface Sharp {
  autoOrient(): Sharp;
  metadata(): Promise<SharpMetadata>;
  toColourspace(space: string): Sharp;
  keepMetadata(): Sharp;
  raw(options: { depth: "uchar" | "ushort" }): Sharp;
  jpeg(options: object): Sharp;
  webp(options: object): Sharp;
  tiff(options: object): Sharp;
  avif(options: object): Sharp;
  toBuffer(options: {
    resolveWithObject: true;
  }): Promise<{ data: Uint8Array; info: { width: number; height: number; channels: number } }>;
}
type SharpModule = (input: Uint8Array | Uint16Array, options?: object) => Sharp;

async function loadSharp(file: string, format: SharpFormat): Promise<SharpModule> {
  const name = "sharp";
  try {
    return ((await import(name)) as { default: SharpModule }).default;
  } catch {
    throw new UserError(
      `${file}: ${format.toUpperCase()} images need the optional package sharp; install it (npm install sharp) or use PNG.`,
    );
  }
}

/** What the file says, and how sharp is to take it. */
interface Described {
  readonly metadata: Metadata;
  readonly bytes: Uint8Array;
  /** The data must be without the least fault, since its end is ours. */
  readonly strict?: boolean;
}

function describe(
  bytes: Uint8Array,
  format: SharpFormat,
  file: string,
  warn: (text: string) => void,
): Described {
  if (format === "webp") return { metadata: readWebp(bytes, file), bytes };
  if (format === "tiff") return { metadata: readTiff(bytes, file), bytes };
  if (format === "avif") return { metadata: { format }, bytes }; // sharp reads it
  const { lacksEnd, pictures, metadata } = readJpeg(bytes, file);
  if (pictures > 1) warn(`${file} holds ${pictures} pictures; only the first is read.`);
  if (!lacksEnd) return { metadata, bytes };
  warn(`${file} lacks its end.`);
  return { metadata, bytes: joined([bytes, Uint8Array.from([0xff, 0xd9])]), strict: true };
}

/**
 * Decodes a picture, turned the right way up by its orientation.
 * @throws UserError for bytes that are cut short or damaged, for kinds of samples that are not read, for several pictures, and
 * where sharp is missing
 */
export async function decodeWithSharp(
  bytes: Uint8Array,
  format: SharpFormat,
  file: string,
  { warn = () => {}, signal }: ReadOptions = {},
): Promise<Image> {
  const sharp = await loadSharp(file, format);
  // "error" refuses a picture whose data ends early, but not one that merely has an odd tag.
  const options = { limitInputPixels: MAX_PIXELS, failOn: "error", ignoreIcc: true };
  try {
    const { metadata, bytes: sound, strict } = describe(bytes, format, file, warn);
    const said = await sharp(bytes, options).metadata();
    const { space, depth, pages = 1, hasAlpha: alpha } = said;
    const isUnread = !["uchar", "ushort"].includes(depth ?? "uchar") || space === "cmyk";
    if (isUnread)
      throw new UserError(`${file} has samples of a kind that is not read; convert it to 8 or 16 bits RGB.`);
    if (pages > 1 && format === "avif")
      throw new UserError(
        `${file} holds ${pages} pictures, and only single ones are read; take it apart first.`,
      );
    const { width = 0, height = 0, channels = 3 } = said;
    checkMemory({ width, height }, width * height * channels * (depth === "ushort" ? 2 : 1), file);
    signal?.throwIfAborted();
    const grey = space === "b-w" || space === "grey16";
    const bitDepth = depth === "ushort" ? 16 : 8;
    // sharp would drop the alpha of "b-w" in raw output, so that grey with alpha is read as RGB with alpha.
    const outSpace = bitDepth === 16 ? (grey ? "grey16" : "rgb16") : grey && !alpha ? "b-w" : "srgb";
    const { data, info } = await sharp(sound, strict ? { ...options, failOn: "warning" } : options)
      .autoOrient()
      .toColourspace(outSpace)
      .raw({ depth: bitDepth === 16 ? "ushort" : "uchar" })
      .toBuffer({ resolveWithObject: true });
    const pixels =
      bitDepth === 16
        ? new Uint16Array(data.buffer, data.byteOffset, data.byteLength / 2)
        : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    const image = createImage(info.width, info.height, info.channels as Channels, pixels);
    return {
      ...(grey && alpha ? convertChannels(image, 2) : image),
      metadata: format === "avif" ? avifMetadata(said) : metadata,
    };
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof UserError) throw error;
    throw new UserError(
      `${file} is a damaged or unsupported ${format.toUpperCase()} image (${reasonOf(error)}); get the file again or convert it to PNG.`,
    );
  }
}

function avifMetadata({ icc, exif, xmp }: SharpMetadata): Metadata {
  const block = exif && (exif[0] === 0x45 ? exif.slice(6) : exif); // "Exif" and two zeros may stand before it
  return { format: "avif", icc, exif: uprightExif(block), xmp: withOrientationOne(xmp) };
}

/** A photograph that leaves as JPEG has at least this quality: what was smoothed would show blocks below it. */
const leastQuality = 90;

/**
 * Encodes an image with its metadata. TIFF is exact (deflate, 8 or 16 bits). A JPEG that came as one has its quality or better and
 * its chroma sampling, others quality 95 in full; it has no alpha, so the picture is laid over white. WebP is exact if it came
 * so, else of quality 95; AVIF of 80. Throws UserError where sharp is missing or refuses the image.
 */
export async function encodeWithSharp(image: Image, format: SharpFormat, file: string): Promise<Uint8Array> {
  const sharp = await loadSharp(file, format);
  const { metadata } = image;
  const picture = convertBitDepth(
    format === "jpeg" ? flattenAlpha(image) : image,
    format === "tiff" ? image.bitDepth : 8,
  );
  const { width, height, channels, pixels } = picture;
  const { quality = 95, chromaSubsampling = "4:4:4", progressive = false } = metadata?.jpeg ?? {};
  try {
    const alpha = hasAlpha(picture);
    const grey = isGrey(picture) && !(format === "webp" && alpha);
    const space = picture.bitDepth === 16 ? (grey ? "grey16" : "rgb16") : grey ? "b-w" : "srgb";
    const pipeline = sharp(pixels, { raw: { width, height, channels } }).toColourspace(space);
    const bytesOf = async (encoded: Sharp) => (await encoded.toBuffer({ resolveWithObject: true })).data;
    switch (format) {
      case "jpeg": {
        const options = { quality: Math.max(leastQuality, quality), chromaSubsampling, progressive };
        return withJpegMetadata(await bytesOf(pipeline.jpeg(options)), metadata);
      }
      case "webp": {
        const options = metadata?.webp?.lossless
          ? { lossless: true, exact: true }
          : { quality: 95, exact: true };
        return withWebpMetadata(await bytesOf(pipeline.webp(options)), metadata, { width, height, alpha });
      }
      case "tiff": {
        const options = { compression: "deflate", predictor: "horizontal" };
        return withTiffMetadata(await bytesOf(pipeline.tiff(options)), metadata);
      }
      case "avif":
        return await bytesOf(await avif(sharp, picture));
    }
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(
      `${file} cannot be written as ${format.toUpperCase()} (${reasonOf(error)}); choose a .png name.`,
    );
  }
}

/** AVIF's boxes are best left to its library, which takes metadata from the file it encodes: a TIFF with the image's. */
async function avif(sharp: SharpModule, image: Image): Promise<Sharp> {
  const carrier = await encodeWithSharp(image, "tiff", "the picture");
  return sharp(carrier, { ignoreIcc: true }).keepMetadata().avif({ quality: 80, chromaSubsampling: "4:4:4" });
}

function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split("\n")[0].trim().slice(0, 80);
}
