// Image files: the one file of this room that touches the disk. PNG goes through png-node.ts; JPEG, WebP and TIFF through
// sharp.ts. What a file is, its first bytes say, not its name; what to write, the name says.

import fs from "node:fs";
import path from "node:path";
import { UserError } from "../base/errors.js";
import { readFileBytes, reasonOf, writeFileAtomic } from "../formats/files.js";
import type { Image } from "./image.js";
import { isPng } from "./png-chunks-node.js";
import { decodePng } from "./png-decode-node.js";
import { encodePng } from "./png-encode-node.js";
import { decodeWithSharp, encodeWithSharp, type SharpFormat } from "./sharp.js";

const FORMAT_BY_EXTENSION: Readonly<Record<string, "png" | SharpFormat>> = {
  ".png": "png",
  ".jpg": "jpeg",
  ".jpeg": "jpeg",
  ".webp": "webp",
  ".tif": "tiff",
  ".tiff": "tiff",
};
const EXTENSIONS = Object.keys(FORMAT_BY_EXTENSION).join(", ");

/**
 * Reads an image file: PNG, and with sharp installed JPEG, WebP and TIFF (the right way up, colours in sRGB).
 * Throws UserError when the file cannot be read, is empty, cut short or damaged, is no image, or is too large.
 */
export async function readImage(file: string): Promise<Image> {
  const bytes = readFileBytes(file, "an image");
  if (isPng(bytes)) return decodePng(bytes, file);
  const format = sharpFormatOf(bytes);
  if (!format)
    throw new UserError(`${file} is not an image of a known kind; give a PNG, JPEG, WebP or TIFF file.`);
  return decodeWithSharp(bytes, format, file);
}

/**
 * Writes an image in the format that the name ends with, whole or not at all. PNG and TIFF keep 16 bits; see
 * `encodeWithSharp` for what JPEG and WebP lose. Throws UserError for another ending or a file that cannot be written.
 */
export async function writeImage(file: string, image: Image): Promise<void> {
  const format = imageFormatOf(file);
  writeFileAtomic(
    file,
    format === "png" ? await encodePng(image) : await encodeWithSharp(image, format, file),
  );
}

/** The format that a name's ending asks for. Throws UserError when it is none that can be written. */
export function imageFormatOf(file: string): "png" | SharpFormat {
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

function sharpFormatOf(bytes: Uint8Array): SharpFormat | undefined {
  const start = String.fromCharCode(...bytes.subarray(0, 12));
  if (start.startsWith("\xff\xd8\xff")) return "jpeg";
  if (start.startsWith("RIFF") && start.slice(8, 12) === "WEBP") return "webp";
  if (["II*\0", "MM\0*", "II+\0", "MM\0+"].includes(start.slice(0, 4))) return "tiff";
  return undefined;
}
