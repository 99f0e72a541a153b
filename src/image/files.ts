// Image files: the one file of this room that touches the disk. PNG goes through png-decode-node.ts and png-encode-node.ts; the others
// through sharp.ts. What a file is, its first bytes say, not its name; what to write, the name says.

import fs from "node:fs";
import path from "node:path";
import { UserError } from "../base/errors.js";
import { readFileBytesAsync, reasonOf, writePartsAtomic } from "../formats/files.js";
import type { Image } from "./image.js";
import { kindOf } from "./kinds.js";
import { withoutMetadata, type Format } from "./metadata.js";
import { decodePng } from "./png-decode-node.js";
import { encodePng, pngParts } from "./png-encode-node.js";
import type { ReadOptions } from "./read-options.js";
import { decodeWithSharp, encodeWithSharp } from "./sharp.js";

const FORMAT_BY_EXTENSION: Readonly<Record<string, Format>> = {
  ".png": "png",
  ".jpg": "jpeg",
  ".jpeg": "jpeg",
  ".jpe": "jpeg",
  ".jfif": "jpeg",
  ".webp": "webp",
  ".tif": "tiff",
  ".tiff": "tiff",
  ".avif": "avif",
};
const EXTENSIONS = Object.keys(FORMAT_BY_EXTENSION).join(", ");

/**
 * Reads an image file with its metadata, the right way up, in its own colour space: PNG, and with sharp installed JPEG, WebP,
 * TIFF and AVIF. Throws UserError when the file cannot be read, is empty, cut short or damaged, is too large, holds several
 * pictures, or is of a kind that is not read, which is named.
 */
export async function readImage(file: string, options: ReadOptions = {}): Promise<Image> {
  return (await decodeImage(await readFileBytesAsync(file, "an image"), file, options)).image;
}

/**
 * Decodes the bytes of an image file, as readImage does.
 * @param source names it in messages
 */
export async function decodeImage(
  bytes: Uint8Array,
  source: string,
  options: ReadOptions = {},
): Promise<{ image: Image; format: Format }> {
  const kind = kindOf(bytes, source);
  if (!kind)
    throw new UserError(
      `${source} is not an image of a known kind; give a PNG, JPEG, WebP, TIFF or AVIF file.`,
    );
  if ("refused" in kind)
    throw new UserError(`${source} is ${kind.refused}, which is not read; ${kind.instead}.`);
  const { format } = kind;
  const image =
    format === "png"
      ? await decodePng(bytes, source, options)
      : await decodeWithSharp(bytes, format, source, options);
  return { image, format };
}

export interface WriteOptions {
  /** Leaves out what the image's metadata says, but for its colour space (default false). */
  stripMetadata?: boolean;
  /** Stops in the middle, by throwing the signal's reason; nothing is left behind. */
  signal?: AbortSignal;
}

/**
 * Writes an image with its metadata in the format that the name ends with, whole or not at all. PNG and TIFF keep 16 bits; see
 * `encodeWithSharp` for what the others lose. Throws UserError for another ending or a file that cannot be written.
 */
export async function writeImage(
  file: string,
  image: Image,
  { stripMetadata = false, signal }: WriteOptions = {},
): Promise<void> {
  const format = imageFormatOf(file);
  const { metadata } = image;
  const written = stripMetadata && metadata ? { ...image, metadata: withoutMetadata(metadata) } : image;
  const parts = format === "png" ? pngParts(written, signal) : [await encodeWithSharp(written, format, file)];
  signal?.throwIfAborted();
  await writePartsAtomic(file, parts);
}

/** Encodes an image with its metadata; `source` names it in messages. */
export const encodeImage = async (image: Image, format: Format, source: string): Promise<Uint8Array> =>
  format === "png" ? encodePng(image) : encodeWithSharp(image, format, source);

/** The format that a name's ending asks for. Throws UserError when it is none that can be written. */
export function imageFormatOf(file: string): Format {
  const extension = path.extname(file).toLowerCase();
  const format = FORMAT_BY_EXTENSION[extension];
  if (!format)
    throw new UserError(
      `Cannot tell from the name ${file} which kind of image to write; end it with one of ${EXTENSIONS}.`,
    );
  return format;
}

/** Does a name end as an image's that is read and written? */
export const isImageName = (file: string): boolean => path.extname(file).toLowerCase() in FORMAT_BY_EXTENSION;

/** What `fovea enhance` calls the result of "photo" and ".png" unless it is told: "photo.enhanced.png". */
export const resultName = (name: string, extension: string): string => `${name}.enhanced${extension}`;
export const isResultName = (file: string): boolean => /\.enhanced$/i.test(path.parse(file).name);

/**
 * The image files of a folder (not of its subfolders, and no results of `fovea enhance`), known by their endings, in natural
 * order (2 before 10); for a file, that file. Throws UserError when the path is not there or the folder has no images.
 */
export function listImages(fileOrFolder: string): string[] {
  let names: string[];
  try {
    if (!fs.statSync(fileOrFolder).isDirectory()) return [fileOrFolder];
    names = fs.readdirSync(fileOrFolder);
  } catch (error) {
    throw new UserError(`Cannot read ${fileOrFolder}: ${reasonOf(error)}`);
  }
  const images = names.filter((name) => !name.startsWith(".") && isImageName(name) && !isResultName(name));
  if (images.length === 0)
    throw new UserError(`The folder ${fileOrFolder} has no images (${EXTENSIONS}); give one that has.`);
  const order = new Intl.Collator("en", { numeric: true });
  // Names that differ only in what the collator ignores still need one order on every machine.
  images.sort((a, b) => order.compare(a, b) || (a < b ? -1 : 1));
  return images.map((name) => path.join(fileOrFolder, name));
}
