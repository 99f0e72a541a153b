// Enlargement of a part of a picture by Keys's cubic (a = -1/2): what a lens, a mosaic and a camera's own processing leave of fine
// detail, as photographs in full size are softer, pixel for pixel, than reduced ones.

import type { Plane } from "../../image/plane.js";

/** For each output: the input before it, and the weights of that one's left neighbour, itself and the two behind. */
function taps(n: number, factor: number, offset: number): { at: Int32Array; weights: Float64Array } {
  const at = new Int32Array(n);
  const weights = new Float64Array(4 * n);
  for (let o = 0; o < n; o++) {
    const centre = offset + (o + 0.5) / factor - 0.5;
    at[o] = Math.floor(centre);
    const t = centre - at[o];
    weights.set(
      [
        -0.5 * t ** 3 + t ** 2 - 0.5 * t,
        1.5 * t ** 3 - 2.5 * t ** 2 + 1,
        -1.5 * t ** 3 + 2 * t ** 2 + 0.5 * t,
        0.5 * t ** 3 - 0.5 * t ** 2,
      ],
      4 * o,
    );
  }
  return { at, weights };
}

/**
 * The middle of the picture, 1/factor of its width and height, `factor` times as large, so that the size stays; clipped to [0, 1].
 * @param factor 1 or more, not necessarily whole; 1 gives the picture itself
 */
export function enlargedMiddle({ width, height, channels, data }: Plane, factor: number): Plane {
  const [columns, rows] = [width, height].map((n) => taps(n, factor, (n - n / factor) / 2));
  const clamp = (i: number, n: number) => Math.min(n - 1, Math.max(0, i));
  const wide = new Float32Array(data.length);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let k = 0; k < 4; k++) {
        const from = (y * width + clamp(columns.at[x] - 1 + k, width)) * channels;
        const weight = columns.weights[4 * x + k];
        for (let c = 0; c < channels; c++) wide[(y * width + x) * channels + c] += weight * data[from + c];
      }
  const out = new Float32Array(data.length);
  const row = width * channels;
  for (let y = 0; y < height; y++) {
    for (let k = 0; k < 4; k++) {
      const from = clamp(rows.at[y] - 1 + k, height) * row;
      const weight = rows.weights[4 * y + k];
      for (let i = 0; i < row; i++) out[y * row + i] += weight * wide[from + i];
    }
    for (let i = y * row; i < (y + 1) * row; i++) out[i] = Math.min(1, Math.max(0, out[i]));
  }
  return { width, height, channels, data: out };
}
