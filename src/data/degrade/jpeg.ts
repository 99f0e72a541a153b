// What writing a picture as JPEG and reading it again does to it: colours to YCbCr, chroma at fewer pixels, blocks of 8x8 as cosine
// coefficients rounded to multiples of a table. Nothing is packed into bytes, as only the loss is wanted, by the thousand; the
// rounding of each stage is libjpeg's, so that the pixels come out as a real file's do (to a level or two: its cosine transform
// calculates in integers). ITU-T T.81; T.871 (JFIF).

import type { Plane } from "../../image/plane.js";
import { forwardDct, inverseDct } from "./dct.js";

/** Chroma at every pixel, at half of them across, or at half across and down. */
export const samplings = ["4:4:4", "4:2:2", "4:2:0"] as const;
export type Subsampling = (typeof samplings)[number];

// T.81's tables K.1 and K.2, row by row.
// prettier-ignore
const LUMA = [
  16, 11, 10, 16, 24, 40, 51, 61,
  12, 12, 14, 19, 26, 58, 60, 55,
  14, 13, 16, 24, 40, 57, 69, 56,
  14, 17, 22, 29, 51, 87, 80, 62,
  18, 22, 37, 56, 68, 109, 103, 77,
  24, 35, 55, 64, 81, 104, 113, 92,
  49, 64, 78, 87, 103, 121, 120, 101,
  72, 92, 95, 98, 112, 100, 103, 99,
];
// prettier-ignore
const CHROMA = [
  17, 18, 24, 47, 99, 99, 99, 99,
  18, 21, 26, 66, 99, 99, 99, 99,
  24, 26, 56, 99, 99, 99, 99, 99,
  47, 66, 99, 99, 99, 99, 99, 99,
  99, 99, 99, 99, 99, 99, 99, 99,
  99, 99, 99, 99, 99, 99, 99, 99,
  99, 99, 99, 99, 99, 99, 99, 99,
  99, 99, 99, 99, 99, 99, 99, 99,
];

/** A standard table at a quality of 1 to 100, by the Independent JPEG Group's rule. */
export function quantisationTable(standard: "luma" | "chroma", quality: number): number[] {
  const scale = quality < 50 ? Math.floor(5000 / quality) : 200 - 2 * quality;
  return (standard === "luma" ? LUMA : CHROMA).map((q) =>
    Math.min(255, Math.max(1, Math.floor((q * scale + 50) / 100))),
  );
}

/** A plane of levels 0 to 255. */
interface Levels {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
}

/**
 * The picture (1 or 3 channels, any size) after JPEG: 8-bit levels as floats in [0, 1]. What is outside [0, 1] is clipped first.
 * @param quality whole number from 1 to 100
 */
export function jpeg(picture: Plane, quality: number, subsampling: Subsampling = "4:2:0"): Plane {
  const { width, height, channels } = picture;
  const luma = quantisationTable("luma", quality);
  const planes = toPlanes(picture);
  const out = new Float32Array(picture.data.length);
  if (channels === 1) {
    throughBlocks(planes[0], luma);
    for (let i = 0; i < out.length; i++) out[i] = planes[0].data[i] / 255;
    return { width, height, channels, data: out };
  }
  const chroma = quantisationTable("chroma", quality);
  throughBlocks(planes[0], luma);
  const [cb, cr] = planes.slice(1).map((plane) => {
    const few = subsampling === "4:4:4" ? plane : halved(plane, subsampling === "4:2:0");
    throughBlocks(few, chroma);
    return subsampling === "4:4:4" ? few.data : doubled(few, width, height, subsampling === "4:2:0");
  });
  const y = planes[0].data;
  for (let i = 0, at = 0; i < y.length; i++, at += 3) {
    const [u, v] = [cb[i] - 128, cr[i] - 128];
    out[at] = level(y[i] + 1.402 * v) / 255;
    out[at + 1] = level(y[i] - 0.344136286 * u - 0.714136286 * v) / 255;
    out[at + 2] = level(y[i] + 1.772 * u) / 255;
  }
  return { width, height, channels, data: out };
}

/**
 * The same of a picture that was cut out of a larger one: its left and upper edge lie `left` and `top` pixels (0 to 15) inside of
 * the first blocks. Outside, the edge's pixels are repeated.
 */
export function jpegCut(
  picture: Plane,
  quality: number,
  subsampling: Subsampling,
  left: number,
  top: number,
): Plane {
  const { width, height, channels, data } = picture;
  const wide = { width: width + left, height: height + top, channels };
  const around = new Float32Array(wide.width * wide.height * channels);
  for (let y = 0; y < wide.height; y++)
    for (let x = 0; x < wide.width; x++) {
      const from = (Math.max(0, y - top) * width + Math.max(0, x - left)) * channels;
      for (let c = 0; c < channels; c++) around[(y * wide.width + x) * channels + c] = data[from + c];
    }
  const saved = jpeg({ ...wide, data: around }, quality, subsampling).data;
  const out = new Float32Array(data.length);
  for (let y = 0; y < height; y++) {
    const from = ((y + top) * wide.width + left) * channels;
    out.set(saved.subarray(from, from + width * channels), y * width * channels);
  }
  return { width, height, channels, data: out };
}

const level = (value: number): number => (value > 0 ? (value < 255 ? Math.floor(value + 0.5) : 255) : 0);

/** Grey, or Y, Cb and Cr, rounded to levels. */
function toPlanes({ width, height, channels, data }: Plane): Levels[] {
  const planes = Array.from({ length: channels }, () => ({
    width,
    height,
    data: new Float32Array(width * height),
  }));
  if (channels === 1) {
    for (let i = 0; i < data.length; i++) planes[0].data[i] = level(255 * data[i]);
    return planes;
  }
  const [y, cb, cr] = planes.map((plane) => plane.data);
  for (let i = 0, at = 0; i < y.length; i++, at += 3) {
    const [r, g, b] = [level(255 * data[at]), level(255 * data[at + 1]), level(255 * data[at + 2])];
    y[i] = level(0.299 * r + 0.587 * g + 0.114 * b);
    cb[i] = level(128 - 0.168735892 * r - 0.331264108 * g + 0.5 * b);
    cr[i] = level(128 + 0.5 * r - 0.418687589 * g - 0.081312411 * b);
  }
  return planes;
}

/** Every block to coefficients, rounded to multiples of the table's numbers, and back; in place. Borders are repeated outwards. */
function throughBlocks({ width, height, data }: Levels, table: readonly number[]): void {
  const block = new Float64Array(64);
  for (let top = 0; top < height; top += 8)
    for (let left = 0; left < width; left += 8) {
      for (let i = 0; i < 64; i++) {
        const y = Math.min(height - 1, top + (i >> 3));
        block[i] = data[y * width + Math.min(width - 1, left + (i & 7))] - 128;
      }
      forwardDct(block);
      for (let i = 0; i < 64; i++) {
        const steps = Math.floor(Math.abs(block[i]) / table[i] + 0.5);
        block[i] = block[i] < 0 ? -steps * table[i] : steps * table[i];
      }
      inverseDct(block);
      const rows = Math.min(8, height - top);
      const columns = Math.min(8, width - left);
      for (let y = 0; y < rows; y++)
        for (let x = 0; x < columns; x++) data[(top + y) * width + left + x] = level(block[8 * y + x] + 128);
    }
}

/** Means of two pixels across, or of two by two; halves are rounded up and down in turn, as libjpeg does. */
function halved({ width, height, data }: Levels, down: boolean): Levels {
  const [w, h] = [Math.ceil(width / 2), down ? Math.ceil(height / 2) : height];
  const out = new Float32Array(w * h);
  for (let y = 0; y < h; y++) {
    const row = (down ? 2 * y : y) * width;
    const next = down ? Math.min(height - 1, 2 * y + 1) * width : row;
    for (let x = 0; x < w; x++) {
      const right = Math.min(width - 1, 2 * x + 1);
      const odd = x & 1;
      out[y * w + x] = down
        ? (data[row + 2 * x] + data[row + right] + data[next + 2 * x] + data[next + right] + 1 + odd) >> 2
        : (data[row + 2 * x] + data[row + right] + odd) >> 1;
    }
  }
  return { width: w, height: h, data: out };
}

/** Back to the full size, each new pixel 3/4 of the nearer and 1/4 of the farther one: libjpeg's usual ("fancy") upsampling. */
function doubled(
  { width, height, data }: Levels,
  toWidth: number,
  toHeight: number,
  down: boolean,
): Float32Array {
  const out = new Float32Array(toWidth * toHeight);
  const line = new Float32Array(width); // the row's values, times 4 where rows are mixed
  const [scale, roundLeft, roundRight] = down ? [16, 8, 7] : [4, 1, 2];
  for (let y = 0; y < toHeight; y++) {
    const near = down ? y >> 1 : y;
    const far = down ? Math.min(height - 1, Math.max(0, y & 1 ? near + 1 : near - 1)) : near;
    for (let x = 0; x < width; x++)
      line[x] = down ? 3 * data[near * width + x] + data[far * width + x] : data[near * width + x];
    for (let x = 0; x < toWidth; x++) {
      const at = x >> 1;
      const other = line[Math.min(width - 1, Math.max(0, x & 1 ? at + 1 : at - 1))];
      out[y * toWidth + x] = Math.floor((3 * line[at] + other + (x & 1 ? roundRight : roundLeft)) / scale);
    }
  }
  return out;
}
