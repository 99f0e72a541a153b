// Tensors as small grey pictures: an image's channels, a dense layer's rows or columns that are images, a convolution's filters, or
// a matrix as it is. A picture is made of planes of one size; eight bits a pixel, as a page can hold hundreds.

import type { Shape } from "../../base/shape.js";
import { sizeOf } from "../../base/shape.js";

export interface Picture {
  readonly width: number;
  readonly height: number;
  /** How many planes, one after the other; `columns` of them beside each other, 0 for as many as fit. */
  readonly planes: number;
  readonly columns: number;
  /** What a plane is: "channel", "filter", "sample", "unit", "matrix". */
  readonly kind: string;
  /** Byte 0 and byte 255 stand for -scale and scale, or for 0 and scale where nothing is negative. */
  readonly signed: boolean;
  readonly scale: number;
  /** Base64. */
  readonly data: string;
}

/** How planes lie in a tensor: pixel (y, x) of plane p is at offset(p, y, x). */
interface Layout {
  readonly kind: string;
  readonly width: number;
  readonly height: number;
  readonly planes: number;
  readonly columns: number;
  offset(plane: number, y: number, x: number): number;
}

const largestSide = 64;

/**
 * A tensor's picture.
 * @param imageSizes numbers of pixels that are an image's, of this network
 * @param isWeight a parameter: four axes are a convolution's filters, and a dense layer's rows or columns may be images
 * @param pixels how many it may have
 */
export function pictureOf(
  values: ArrayLike<number>,
  shape: Shape,
  isWeight: boolean,
  pixels: number,
  imageSizes: ReadonlySet<number>,
): Picture | undefined {
  if (values.length < 4) return undefined;
  const layout = isWeight ? weightLayout(shape, imageSizes) : activationLayout(shape, imageSizes);
  if (!layout) return undefined;
  const shrink = Math.ceil(Math.max(layout.width, layout.height) / largestSide);
  const [width, height] = [Math.ceil(layout.width / shrink), Math.ceil(layout.height / shrink)];
  const planes = Math.max(1, Math.min(layout.planes, Math.floor(pixels / (width * height))));
  const means = new Float64Array(width * height * planes);
  for (let p = 0, i = 0; p < planes; p++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) means[i++] = meanOf(values, layout, p, y * shrink, x * shrink, shrink);
  const finite = means.filter(Number.isFinite);
  const scale = finite.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  const signed = finite.some((x) => x < 0);
  const bytes = Array.from(means, (x) => byteOf(x, scale, signed));
  const columns = Math.min(layout.columns, planes);
  const { kind } = layout;
  return { width, height, planes, columns, kind, signed, scale, data: btoa(String.fromCharCode(...bytes)) };
}

function byteOf(x: number, scale: number, signed: boolean): number {
  if (!Number.isFinite(x) || scale === 0) return signed ? 128 : 0;
  return signed ? Math.round(128 + (127 * x) / scale) : Math.round((255 * x) / scale);
}

/** Of the square of `side` pixels, as far as it lies inside. */
function meanOf(values: ArrayLike<number>, layout: Layout, p: number, y0: number, x0: number, side: number) {
  let [sum, count] = [0, 0];
  for (let y = y0; y < Math.min(y0 + side, layout.height); y++)
    for (let x = x0; x < Math.min(x0 + side, layout.width); x++, count++)
      sum += values[layout.offset(p, y, x)];
  return sum / count;
}

function weightLayout(shape: Shape, imageSizes: ReadonlySet<number>): Layout | undefined {
  if (shape.length === 4) {
    const [height, width, inputs, outputs] = shape;
    if (height * width === 1) return matrix(inputs, outputs, 0);
    const columns = Math.min(outputs, 16);
    const offset = (p: number, y: number, x: number) =>
      ((y * width + x) * inputs + Math.floor(p / columns)) * outputs + (p % columns);
    return { kind: "filter", width, height, planes: Math.min(inputs, 16) * columns, columns, offset };
  }
  if (shape.length === 2) {
    const [rows, columns] = shape;
    const [tall, wide] = [rows, columns].map((n) => (imageSizes.has(n) ? Math.sqrt(n) : undefined));
    // A column of [pixels, units] is what a unit looks for; a row of [units, pixels] what it draws.
    if (tall !== undefined && (wide === undefined || rows > columns))
      return images("unit", tall, columns, (p, pixel) => pixel * columns + p);
    if (wide !== undefined) return images("unit", wide, rows, (p, pixel) => p * columns + pixel);
  }
  return plain(shape);
}

function activationLayout(shape: Shape, imageSizes: ReadonlySet<number>): Layout | undefined {
  if (shape.length === 4) {
    const [samples, height, width, channels] = shape;
    const one = channels === 1;
    const offset = (p: number, y: number, x: number) =>
      one ? (p * height + y) * width + x : (y * width + x) * channels + p;
    return {
      kind: one ? "sample" : "channel",
      width,
      height,
      planes: one ? samples : channels,
      columns: 0,
      offset,
    };
  }
  const side = shape.length === 2 && imageSizes.has(shape[1]) ? Math.sqrt(shape[1]) : undefined;
  if (side !== undefined) return images("sample", side, shape[0], (p, pixel) => p * shape[1] + pixel);
  return plain(shape);
}

const images = (
  kind: string,
  side: number,
  planes: number,
  offset: (p: number, pixel: number) => number,
): Layout => ({
  ...{ kind, width: side, height: side, planes, columns: 0 },
  offset: (p, y, x) => offset(p, y * side + x),
});

/** Squares of at least 14 x 14 among the sizes of what goes into a network: 784 is an image of 28 x 28. */
export function imageSizesOf(inputs: readonly Shape[]): ReadonlySet<number> {
  const sizes = inputs.map((shape) => sizeOf(shape.slice(1)));
  return new Set(sizes.filter((n) => n >= 196 && Number.isInteger(Math.sqrt(n))));
}

/** Any other tensor: its last axis across, the others down. */
function plain(shape: Shape): Layout | undefined {
  const columns = shape.at(-1) ?? 1;
  return matrix(sizeOf(shape) / columns, columns, 0);
}

const matrix = (rows: number, columns: number, start: number): Layout => ({
  ...{ kind: "matrix", width: columns, height: Math.min(rows, columns * 4 + 64), planes: 1, columns: 0 },
  offset: (_p, y, x) => start + y * columns + x,
});
