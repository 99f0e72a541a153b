// The MNIST digits' idx format, from bytes. Unpacking .gz files and finding them is files.ts.
// LeCun, Cortes and Burges, "The MNIST database of handwritten digits".

import { UserError } from "../base/errors.js";

/** MNIST's pictures and labels: images [count, 28 x 28] in [0, 1], labels 0 to 9. */
export interface Digits {
  /** [count, height, width, 1], 0 to 1. */
  readonly images: Float32Array;
  /** The digit of each, 0 to 9. */
  readonly labels: Uint8Array;
  readonly count: number;
  readonly height: number;
  readonly width: number;
}

const UNSIGNED_BYTE = 0x08;

/** An idx file of unsigned bytes: its shape and its values. `source` names it in messages. Throws UserError. */
export function readIdx(bytes: Uint8Array, source: string): { shape: number[]; data: Uint8Array } {
  const rank = bytes[3];
  if (
    bytes.length < 4 ||
    bytes[0] !== 0 ||
    bytes[1] !== 0 ||
    bytes[2] !== UNSIGNED_BYTE ||
    rank < 1 ||
    rank > 4
  ) {
    throw new UserError(`${source} is not an idx file of bytes; give one of the MNIST files.`);
  }
  const start = 4 + 4 * rank;
  const cutShort = new UserError(
    `${source} is cut short at ${bytes.length} bytes; get the whole file again.`,
  );
  if (bytes.length < start) throw cutShort;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const shape = Array.from({ length: rank }, (_, d) => view.getUint32(4 + 4 * d));
  const count = shape.reduce((product, size) => product * size, 1);
  if (bytes.length < start + count) throw cutShort;
  if (bytes.length > start + count) {
    throw new UserError(`${source} has ${bytes.length - start - count} bytes too many; get the file again.`);
  }
  return { shape, data: bytes.subarray(start) };
}

/** An idx file of images and one of their labels. Throws UserError when they do not belong together. */
export function readDigits(
  images: Uint8Array,
  imagesSource: string,
  labels: Uint8Array,
  labelsSource: string,
): Digits {
  const { shape, data } = readIdx(images, imagesSource);
  const labelled = readIdx(labels, labelsSource);
  if (shape.length !== 3)
    throw new UserError(
      `${imagesSource} holds no images but a shape [${shape.join(", ")}]; give idx3 images.`,
    );
  if (labelled.shape.length !== 1 || labelled.shape[0] !== shape[0]) {
    throw new UserError(
      `${labelsSource} of shape [${labelled.shape.join(", ")}] does not label the ${shape[0]} images of ${imagesSource}; give the file that belongs to it.`,
    );
  }
  const pixels = new Float32Array(data.length);
  for (let i = 0; i < pixels.length; i++) pixels[i] = data[i] / 255;
  return {
    images: pixels,
    labels: labelled.data.slice(),
    count: shape[0],
    height: shape[1],
    width: shape[2],
  };
}
