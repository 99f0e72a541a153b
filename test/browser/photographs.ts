// Pictures to enhance: soft shapes with the noise of a sensor, drawn from a fixed seed.
import sharp from "sharp";
import { RandomStream } from "../../src/base/random-stream.js";
import { writeImage } from "../../src/image/files.js";
import { type Channels, createImage, type Image } from "../../src/image/image.js";

function noisyImage(channels: Channels, bitDepth: 8 | 16, side: number): Image {
  const [width, height] = [side, Math.round(side * 0.7)];
  const stream = new RandomStream(7, 0);
  const most = 2 ** bitDepth - 1;
  const pixels = new (bitDepth === 16 ? Uint16Array : Uint8Array)(width * height * channels);
  for (let i = 0; i < pixels.length; i++) {
    const [c, x, y] = [i % channels, Math.floor(i / channels) % width, Math.floor(i / channels / width)];
    const soft = 0.5 + 0.3 * Math.sin(x / 17 + c) * Math.cos(y / 23) + (x + y > side ? 0.1 : 0);
    pixels[i] = Math.round(Math.min(1, Math.max(0, soft + 0.06 * stream.normal())) * most);
  }
  return createImage(width, height, channels, pixels);
}

export const noisyPng = (file: string, channels: Channels, bitDepth: 8 | 16 = 8, side = 160): Promise<void> =>
  writeImage(file, noisyImage(channels, bitDepth, side));

/** A JPEG that says which camera took it, and how large it is printed. */
export async function noisyPhotograph(file: string): Promise<void> {
  const { width, height, pixels } = noisyImage(3, 8, 160);
  await sharp(pixels as Uint8Array, { raw: { width, height, channels: 3 } })
    .withMetadata({ density: 300, exif: { IFD0: { Make: "Fovea", Model: "Test", Copyright: "none" } } })
    .jpeg({ quality: 90 })
    .toFile(file);
}
