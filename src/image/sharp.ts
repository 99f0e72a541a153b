// JPEG, WebP and TIFF bytes to an Image and back, through the optional package sharp, loaded at the first need.
// PNG never comes here. Typed by the few calls it makes, so that Fovea builds where sharp is not installed.

import { UserError } from "../base/errors.js";
import { convertChannels, flattenAlpha, hasAlpha, isGrey } from "./colour.js";
import { convertBitDepth, createImage, MAX_PIXELS, type Channels, type Image } from "./image.js";

export type SharpFormat = "jpeg" | "webp" | "tiff";

interface Sharp {
  autoOrient(): Sharp;
  metadata(): Promise<{ space?: string; hasAlpha?: boolean }>;
  toColourspace(space: string): Sharp;
  raw(options: { depth: "uchar" | "ushort" }): Sharp;
  jpeg(options: object): Sharp;
  webp(options: object): Sharp;
  tiff(options: object): Sharp;
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

/**
 * Decodes the first picture, turned the right way up by its EXIF orientation, colours in sRGB. Throws UserError for
 * bytes that are cut short or damaged, and where sharp is missing.
 */
export async function decodeWithSharp(bytes: Uint8Array, format: SharpFormat, file: string): Promise<Image> {
  const sharp = await loadSharp(file, format);
  try {
    // "error" refuses a picture whose data ends early, but not one that merely has an odd tag.
    const picture = sharp(bytes, { limitInputPixels: MAX_PIXELS, failOn: "error" }).autoOrient();
    const { space, hasAlpha: alpha } = await picture.metadata();
    const grey = space === "b-w" || space === "grey16";
    const bitDepth = space === "rgb16" || space === "grey16" ? 16 : 8;
    // sharp would drop the alpha of "b-w" in raw output, so that grey with alpha is read as RGB with alpha.
    const outSpace = bitDepth === 16 ? (grey ? "grey16" : "rgb16") : grey && !alpha ? "b-w" : "srgb";
    const { data, info } = await picture
      .toColourspace(outSpace)
      .raw({ depth: bitDepth === 16 ? "ushort" : "uchar" })
      .toBuffer({ resolveWithObject: true });
    const pixels =
      bitDepth === 16
        ? new Uint16Array(data.buffer, data.byteOffset, data.byteLength / 2)
        : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    const image = createImage(info.width, info.height, info.channels as Channels, pixels);
    return grey && alpha ? convertChannels(image, 2) : image;
  } catch (error) {
    throw new UserError(
      `${file} is a damaged or unsupported ${format.toUpperCase()} image (${reasonOf(error)}); get the file again or convert it to PNG.`,
    );
  }
}

/**
 * Encodes an image: TIFF exactly (deflate, 8 or 16 bits), JPEG and WebP at quality 95 with 8 bits. JPEG has no alpha;
 * the picture is laid over white. Throws UserError where sharp is missing or refuses the image.
 */
export async function encodeWithSharp(image: Image, format: SharpFormat, file: string): Promise<Uint8Array> {
  const sharp = await loadSharp(file, format);
  const picture = convertBitDepth(
    format === "jpeg" ? flattenAlpha(image) : image,
    format === "tiff" ? image.bitDepth : 8,
  );
  const { width, height, channels, pixels } = picture;
  try {
    const grey = isGrey(picture) && !(format === "webp" && hasAlpha(picture));
    const space = picture.bitDepth === 16 ? (grey ? "grey16" : "rgb16") : grey ? "b-w" : "srgb";
    const pipeline = sharp(pixels, { raw: { width, height, channels } }).toColourspace(space);
    const encoded = {
      jpeg: () => pipeline.jpeg({ quality: 95, chromaSubsampling: "4:4:4" }),
      webp: () => pipeline.webp({ quality: 95 }),
      tiff: () => pipeline.tiff({ compression: "deflate" }),
    }[format]();
    return (await encoded.toBuffer({ resolveWithObject: true })).data;
  } catch (error) {
    throw new UserError(
      `${file} cannot be written as ${format.toUpperCase()} (${reasonOf(error)}); choose a .png name.`,
    );
  }
}

function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split("\n")[0].trim().slice(0, 80);
}
