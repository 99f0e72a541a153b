// Pixels as floats, for what levels cannot hold: noise that is neither clipped nor rounded, a network's answer, chroma. Four
// bytes a value, so a whole photograph is an Image and only what is worked on is a plane.

import { createImage, maxLevel, newLevels, toLevel, type Channels, type Image } from "./image.js";

/** [height, width, channels], interleaved, 0 black and 1 white; values may lie between levels and outside. */
export interface Plane {
  readonly width: number;
  readonly height: number;
  readonly channels: Channels;
  readonly data: Float32Array;
}

/** Either kind of pixels, where both can be measured. */
export type Picture = Image | Plane;

export const isPlane = (picture: Picture): picture is Plane => "data" in picture;

/** The image's pixels as floats; a plane is handed back as it is. */
export function toPlane(picture: Picture): Plane {
  if (isPlane(picture)) return picture;
  const { width, height, channels, pixels } = picture;
  const data = new Float32Array(pixels.length);
  readValues(picture, 0, data.length, data);
  return { width, height, channels, data };
}

/** What a file would hold of the plane: clipped to [0, 1] and rounded to the nearest level; NaN becomes black. */
export function toImage({ width, height, channels, data }: Plane, bitDepth: 8 | 16 = 8): Image {
  const pixels = newLevels(data.length, bitDepth);
  const max = maxLevel({ bitDepth });
  for (let i = 0; i < data.length; i++) pixels[i] = toLevel(data[i], max);
  return createImage(width, height, channels, pixels);
}

/** `count` values of the picture from number `from` on, as floats, into the beginning of `out`. */
export function readValues(picture: Picture, from: number, count: number, out: Float32Array): void {
  if (isPlane(picture)) return out.set(picture.data.subarray(from, from + count));
  const max = maxLevel(picture);
  for (let i = 0; i < count; i++) out[i] = picture.pixels[from + i] / max;
}
