// Pictures in a page: from what pages hold (Blob and File, ImageData, ImageBitmap, canvas) and back. PNG is read and written by this
// project's own code, so that 16 bits, palettes and metadata survive; other formats by the browser, of which JPEG keeps its metadata.

import { UserError } from "../base/errors.js";
import { createImage, type Image, MAX_PIXELS } from "./image.js";
import { readJpeg, withJpegMetadata } from "./jpeg.js";
import { kindOf } from "./kinds.js";
import type { Format, Metadata } from "./metadata.js";
import { decodePng } from "./png-decode.js";
import { encodePng } from "./png-encode.js";
import { readWebp } from "./webp.js";

export type PagePicture =
  Blob | ImageData | ImageBitmap | HTMLImageElement | HTMLCanvasElement | OffscreenCanvas;

/**
 * The picture's pixels: of a PNG with its own bits and metadata, else 8 bits; grey and alpha only where it has them.
 * @param name of it in messages (default: a File's own)
 * @throws UserError for what is no picture that is read, or has more than MAX_PIXELS pixels
 */
export async function openPicture(
  picture: PagePicture,
  name = (picture as Partial<File>).name ?? "The picture",
  signal?: AbortSignal,
): Promise<Image> {
  if (!(picture instanceof Blob)) return fromCanvas(picture, name);
  const bytes = new Uint8Array(await picture.arrayBuffer());
  if (bytes.length === 0) throw new UserError(`${name} is empty; get the file again.`);
  const kind = kindOf(bytes, name);
  if (kind && "refused" in kind && !["a GIF image", "a BMP image"].includes(kind.refused))
    throw new UserError(`${name} is ${kind.refused}, which is not read; ${kind.instead}.`);
  const format = kind && "format" in kind ? kind.format : undefined;
  if (format === "png") return decodePng(bytes, name, { signal });
  if (!kind) throw new UserError(`${name} is no picture that is known; give a PNG, JPEG, WebP or AVIF file.`);
  const frames = gifFrames(bytes);
  if (frames > 1)
    throw new UserError(
      `${name} is an animation of ${frames} pictures, and only single ones are read; take it apart first.`,
    );
  const metadata = metadataOf(bytes, name, format);
  // Pixels stay in the file's own colour space where its profile is kept.
  const colorSpaceConversion = format === "jpeg" ? "none" : "default";
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(picture, { colorSpaceConversion, premultiplyAlpha: "none" });
  } catch {
    throw new UserError(
      format === "tiff"
        ? `${name} is a TIFF image, which this browser does not read; save it as PNG, or take fovea enhance or fovea studio.`
        : `${name} cannot be read by this browser: it is damaged or of a kind that the browser does not know; save it as PNG or JPEG.`,
    );
  }
  signal?.throwIfAborted();
  try {
    return { ...fromCanvas(bitmap, name), metadata };
  } finally {
    bitmap.close();
  }
}

function metadataOf(bytes: Uint8Array, name: string, format: Format | undefined): Metadata | undefined {
  if (format === "jpeg") return readJpeg(bytes, name).metadata;
  // Profile and EXIF of a WebP are the browser's: it converts the colours to sRGB, and turns the picture.
  return format && { format, webp: format === "webp" ? readWebp(bytes, name).webp : undefined };
}

/** How many pictures a GIF has, as far as it is sound; 0 of other files. https://www.w3.org/Graphics/GIF/spec-gif89a.txt */
function gifFrames(bytes: Uint8Array): number {
  if (bytes[0] !== 0x47 || bytes[1] !== 0x49 || bytes[2] !== 0x46) return 0;
  const paletteBytes = (flags: number): number => (flags & 0x80 ? 3 << ((flags & 7) + 1) : 0);
  let [frames, at] = [0, 13 + paletteBytes(bytes[10])];
  while (bytes[at] === 0x21 || bytes[at] === 0x2c) {
    const isFrame = bytes[at] === 0x2c;
    if (isFrame) frames++;
    at += isFrame ? 11 + paletteBytes(bytes[at + 9]) : 2;
    while (bytes[at] > 0) at += bytes[at] + 1;
    at++;
  }
  return frames;
}

function fromCanvas(source: Exclude<PagePicture, Blob>, name: string): Image {
  const isElement = "naturalWidth" in source;
  const [width, height] = isElement
    ? [source.naturalWidth, source.naturalHeight]
    : [source.width, source.height];
  if (!(width > 0 && height > 0)) throw new UserError(`${name} has no pixels; wait until it is loaded.`);
  if (width * height > MAX_PIXELS)
    throw new UserError(`${name} has more than the ${MAX_PIXELS} pixels that are read; cut it into parts.`);
  if (source instanceof ImageData) return compact(width, height, source.data);
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  if (!context) throw new UserError(`${name} has more pixels than this browser draws; cut it into parts.`);
  context.drawImage(source, 0, 0);
  try {
    return compact(width, height, context.getImageData(0, 0, width, height).data);
  } catch {
    throw new UserError(`${name} comes from another site, which does not let pages read it; save it first.`);
  }
}

/** RGBA as an image of no more channels than it needs. */
function compact(width: number, height: number, rgba: Uint8ClampedArray): Image {
  let [isGrey, isOpaque] = [true, true];
  for (let i = 0; i < rgba.length && (isGrey || isOpaque); i += 4) {
    isGrey &&= rgba[i] === rgba[i + 1] && rgba[i] === rgba[i + 2];
    isOpaque &&= rgba[i + 3] === 255;
  }
  const channels = isGrey ? (isOpaque ? 1 : 2) : isOpaque ? 3 : 4;
  const pixels = new Uint8Array(width * height * channels);
  const colours = isGrey ? 1 : 3;
  for (let i = 0, to = 0; i < rgba.length; i += 4) {
    for (let c = 0; c < colours; c++) pixels[to++] = rgba[i + c];
    if (!isOpaque) pixels[to++] = rgba[i + 3];
  }
  return createImage(width, height, channels, pixels);
}

/** For a canvas: 8 bits a value, RGBA. */
export function toImageData({ width, height, channels, bitDepth, pixels }: Image): ImageData {
  const data = new Uint8ClampedArray(4 * width * height);
  const shift = bitDepth === 16 ? 8 : 0;
  const [green, blue] = channels >= 3 ? [1, 2] : [0, 0];
  const alpha = channels === 2 ? 1 : channels === 4 ? 3 : -1;
  for (let i = 0, from = 0; i < data.length; i += 4, from += channels) {
    data[i] = pixels[from] >> shift;
    data[i + 1] = pixels[from + green] >> shift;
    data[i + 2] = pixels[from + blue] >> shift;
    data[i + 3] = alpha < 0 ? 255 : pixels[from + alpha] >> shift;
  }
  return new ImageData(data, width, height);
}

/** Formats that every browser's canvas writes; the others become PNG. */
const WRITTEN: Readonly<Partial<Record<Format, string>>> = { jpeg: "image/jpeg", webp: "image/webp" };

/**
 * A file of the picture: of the format that its metadata says, else PNG. JPEG of 16 bits or with alpha becomes PNG, and so does a lossless
 * WebP, as canvases write those with losses.
 * @returns what a download needs; `blob.type` says what it became
 */
export async function pictureFile(
  image: Image,
  format: Format = image.metadata?.format ?? "png",
): Promise<Blob> {
  const type = WRITTEN[format];
  const isPlain = image.bitDepth === 8 && (format !== "jpeg" || image.channels % 2 === 1);
  if (!type || !isPlain || image.metadata?.webp?.lossless)
    return new Blob([(await encodePng(image)) as Uint8Array<ArrayBuffer>], { type: "image/png" });
  const canvas = new OffscreenCanvas(image.width, image.height);
  canvas.getContext("2d")!.putImageData(toImageData(image), 0, 0);
  const quality = Math.max(90, image.metadata?.jpeg?.quality ?? 92) / 100;
  const blob = await canvas.convertToBlob({ type, quality });
  if (blob.type !== "image/jpeg") return blob;
  const bytes = withJpegMetadata(new Uint8Array(await blob.arrayBuffer()), image.metadata);
  return new Blob([bytes as Uint8Array<ArrayBuffer>], { type });
}
