// The data room's one file that touches the disk: folders of images into memory, and the MNIST files.

import fs from "node:fs";
import path from "node:path";
import zlib from "node:zlib";
import { UserError } from "../base/errors.js";
import { withEveryMistake } from "../base/every-mistake.js";
import { readFileBytes } from "../formats/files.js";
import { listImages, readImage } from "../image/files.js";
import { readDigits, type Digits } from "./mnist.js";
import { PatchDataset, storeImage, type PatchOptions, type StoredImage } from "./patches.js";

/**
 * All images of a folder (or one file) as a source of training patches, kept in memory at 1 byte a value (2 for 16 bits).
 *
 * @param channels 1 for grey (colour images become BT.601 luma), 3 for colour (grey ones are repeated)
 * @throws UserError for a folder without images, and one that names all unreadable images, or all smaller than the patch
 */
export async function loadPatches(
  folder: string,
  channels: 1 | 3,
  options: PatchOptions = {},
): Promise<PatchDataset> {
  const stored = await withEveryMistake(listImages(folder), async (file): Promise<StoredImage> =>
    storeImage(await readImage(file), channels, file),
  );
  return new PatchDataset(stored, channels, options);
}

const MNIST_SOURCE = "https://ossci-datasets.s3.amazonaws.com/mnist/";

/**
 * The MNIST digits from a folder with the four idx.gz files (LeCun, Cortes and Burges).
 * @throws UserError when one is missing, with where to get it, or damaged
 */
export function loadMnist(folder: string, part: "train" | "test"): Digits {
  const name = part === "train" ? "train" : "t10k";
  const images = path.join(folder, `${name}-images-idx3-ubyte.gz`);
  const labels = path.join(folder, `${name}-labels-idx1-ubyte.gz`);
  for (const file of [images, labels])
    if (!fs.existsSync(file))
      throw new UserError(
        `There is no ${file}: get MNIST's four files from ${MNIST_SOURCE}${path.basename(file)} and its like, and name the folder they are in.`,
      );
  return readDigits(unpack(images), images, unpack(labels), labels);
}

/** More than any idx file of MNIST's kind needs; a .gz can claim terabytes. */
const MAX_UNPACKED_BYTES = 2 ** 30;

function unpack(file: string): Uint8Array {
  const bytes = readFileBytes(file, "an MNIST file");
  try {
    return zlib.gunzipSync(bytes, { maxOutputLength: MAX_UNPACKED_BYTES });
  } catch {
    throw new UserError(`${file} is not a whole .gz file; get the file again.`);
  }
}
