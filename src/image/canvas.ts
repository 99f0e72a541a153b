// Pictures to be looked at, put together from others: an opaque canvas of RGB with 8 bits, on which images, frames and labels are
// laid; images enlarged and reduced for it. What goes where is the business of those who use it.

import { convertChannels, flattenAlpha } from "./colour.js";
import { glyphHeight, glyphWidth, hasInk } from "./font.js";
import { convertBitDepth, createImage, newLevels, type Image } from "./image.js";

export type Colour = readonly [red: number, green: number, blue: number];

export function blankCanvas(width: number, height: number, colour: Colour): Image {
  const canvas = createImage(width, height, 3);
  fillBox(canvas, 0, 0, width, height, colour);
  return canvas;
}

/** An image over white, as RGB with 8 bits. */
export const asOpaque = (image: Image): Image => convertChannels(convertBitDepth(flattenAlpha(image), 8), 3);

/** Lays an image on the canvas; what would stand out is left out. */
export function paste(canvas: Image, image: Image, left: number, top: number): void {
  const source = asOpaque(image);
  const columns = Math.min(source.width, canvas.width - left);
  for (let y = 0; y < Math.min(source.height, canvas.height - top); y++) {
    const from = y * source.width * 3;
    canvas.pixels.set(
      source.pixels.subarray(from, from + columns * 3),
      ((top + y) * canvas.width + left) * 3,
    );
  }
}

export function fillBox(
  canvas: Image,
  left: number,
  top: number,
  width: number,
  height: number,
  colour: Colour,
): void {
  for (let y = Math.max(0, top); y < Math.min(top + height, canvas.height); y++)
    for (let x = Math.max(0, left); x < Math.min(left + width, canvas.width); x++)
      canvas.pixels.set(colour, (y * canvas.width + x) * 3);
}

/** A frame of two pixels just inside the box. */
export function drawFrame(
  canvas: Image,
  left: number,
  top: number,
  width: number,
  height: number,
  colour: Colour,
): void {
  const line = 2;
  fillBox(canvas, left, top, width, line, colour);
  fillBox(canvas, left, top + height - line, width, line, colour);
  fillBox(canvas, left, top, line, height, colour);
  fillBox(canvas, left + width - line, top, line, height, colour);
}

/** How wide and high a line of text is; each dot of the font is a square of `scale` pixels. */
export const textWidth = (text: string, scale: number): number => text.length * (glyphWidth + 1) * scale;
export const textHeight = (scale: number): number => glyphHeight * scale;

export function drawText(
  canvas: Image,
  text: string,
  left: number,
  top: number,
  colour: Colour,
  scale: number,
): void {
  for (const [i, character] of [...text].entries())
    for (let y = 0; y < glyphHeight; y++)
      for (let x = 0; x < glyphWidth; x++)
        if (hasInk(character, x, y)) {
          const dot = left + (i * (glyphWidth + 1) + x) * scale;
          fillBox(canvas, dot, top + y * scale, scale, scale, colour);
        }
}

/** The image at a larger size, its pixels seen as squares: evenly large where the size is a multiple. */
export function enlarged(image: Image, width: number, height: number): Image {
  const { channels, bitDepth, pixels: from } = image;
  const pixels = newLevels(width * height * channels, bitDepth);
  for (let y = 0, to = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const [row, column] = [Math.floor((y * image.height) / height), Math.floor((x * image.width) / width)];
      const at = (row * image.width + column) * channels;
      for (let c = 0; c < channels; c++) pixels[to++] = from[at + c];
    }
  return { ...image, width, height, pixels };
}

/** The image at a smaller size: each pixel the mean of those that it takes the place of. */
export function reduced(image: Image, width: number, height: number): Image {
  const { channels, bitDepth, pixels: from } = image;
  const pixels = newLevels(width * height * channels, bitDepth);
  const edges = (length: number, parts: number) =>
    Array.from({ length: parts + 1 }, (_, i) => Math.floor((i * length) / parts));
  const [columns, rows] = [edges(image.width, width), edges(image.height, height)];
  for (let y = 0, to = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        for (let row = rows[y]; row < rows[y + 1]; row++)
          for (let column = columns[x]; column < columns[x + 1]; column++)
            sum += from[(row * image.width + column) * channels + c];
        const count = (rows[y + 1] - rows[y]) * (columns[x + 1] - columns[x]);
        pixels[to++] = Math.floor(sum / count + 0.5);
      }
  return { ...image, width, height, pixels };
}
