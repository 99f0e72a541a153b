// What a visitor gives to train on: MNIST's files of pictures and labels, packed or not, or pictures of their own, cut into patches.

import { RandomStream } from "../../../src/base/random-stream.js";
import { readIdx } from "../../../src/data/mnist.js";
import { UserError } from "../../../src/base/errors.js";
import { openPicture } from "../../../src/image/page.js";
import { toPlane } from "../../../src/image/plane.js";
import { PIXELS, type Pictures, SIDE } from "./digits.js";

/** At most so many of a file are kept, and patches are cut from all pictures together. */
const MOST = 10_000;
const PATCHES = 2000;
/** Of the shorter side of a picture, before patches are cut: they show parts of things, not single edges. */
const REDUCED = 112;

/** @throws UserError for what is neither */
export async function picturesOf(files: readonly File[]): Promise<Pictures> {
  const read = await Promise.all(
    files.map(async (file) => ({ name: file.name, bytes: await unpacked(file) })),
  );
  const idx = read.filter(({ bytes }) => bytes[0] === 0 && bytes[1] === 0 && bytes[2] === 8);
  if (idx.length > 0) return digitsOf(idx);
  return patchesOf(files);
}

async function unpacked(file: File): Promise<Uint8Array> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  try {
    return new Uint8Array(await new Response(stream).arrayBuffer());
  } catch {
    throw new UserError(`${file.name} is a damaged gzip file; get it again.`);
  }
}

function digitsOf(files: readonly { readonly name: string; readonly bytes: Uint8Array }[]): Pictures {
  const parts = files.map(({ name, bytes }) => ({ name, ...readIdx(bytes, name) }));
  const images = parts.find(({ shape }) => shape.length === 3);
  if (!images || images.shape[1] !== SIDE || images.shape[2] !== SIDE)
    throw new UserError(`${parts[0].name} holds no pictures of ${SIDE} by ${SIDE}; give MNIST's images, with their labels if you like.`); // prettier-ignore
  const count = Math.min(MOST, images.shape[0]);
  const labels = parts.find(({ shape }) => shape.length === 1 && shape[0] === images.shape[0]);
  return {
    count,
    pixels: Float32Array.from(images.data.subarray(0, count * PIXELS), (level) => level / 255),
    labels: labels?.data.slice(0, count),
  };
}

async function patchesOf(files: readonly File[]): Promise<Pictures> {
  const stream = new RandomStream(1, 12);
  const pixels = new Float32Array(PATCHES * PIXELS);
  const planes = await Promise.all(files.map(reduced));
  for (let i = 0; i < PATCHES; i++) {
    const { width, height, data } = planes[i % planes.length];
    const [left, top] = [width, height].map((size) => Math.floor((size - SIDE + 1) * stream.uniform()));
    for (let y = 0; y < SIDE; y++)
      for (let x = 0; x < SIDE; x++) pixels[(i * SIDE + y) * SIDE + x] = data[(top + y) * width + left + x];
  }
  return { count: PATCHES, pixels };
}

/** A picture in grey, its shorter side REDUCED pixels. */
async function reduced(file: File): Promise<{ width: number; height: number; data: Float32Array }> {
  const { width, height } = await openPicture(file);
  const scale = REDUCED / Math.min(width, height);
  const resizeWidth = Math.max(SIDE, Math.round(width * scale));
  const resizeHeight = Math.max(SIDE, Math.round(height * scale));
  const bitmap = await createImageBitmap(file, { resizeWidth, resizeHeight, resizeQuality: "high" });
  const small = toPlane(await openPicture(bitmap, file.name));
  bitmap.close();
  const { channels, data } = small;
  const colours = channels >= 3 ? [0.299, 0.587, 0.114] : [1];
  const grey = Float32Array.from({ length: small.width * small.height }, (_, i) =>
    colours.reduce((sum, share, c) => sum + share * data[i * channels + c], 0),
  );
  return { width: small.width, height: small.height, data: grey };
}
