// resize2d and its adjoint, with half-pixel centres (align_corners=False elsewhere), without antialiasing.

import type { KernelFunction } from "./tensor.js";

/** For each output position along one axis: it reads (1 - fraction) * x[low] + fraction * x[high]. */
interface Sampling {
  low: Int32Array;
  high: Int32Array;
  fraction: Float64Array;
}

function sample(inputs: number, outputs: number, mode: "nearest" | "bilinear"): Sampling {
  const low = new Int32Array(outputs);
  const high = new Int32Array(outputs);
  const fraction = new Float64Array(outputs);
  for (let i = 0; i < outputs; i++) {
    if (mode === "nearest") {
      // floor((i + 1/2) inputs/outputs), in integers.
      low[i] = high[i] = Math.floor(((2 * i + 1) * inputs) / (2 * outputs));
    } else {
      const position = Math.min(Math.max(((i + 0.5) * inputs) / outputs - 0.5, 0), inputs - 1);
      low[i] = Math.floor(position);
      high[i] = Math.min(low[i] + 1, inputs - 1);
      fraction[i] = position - low[i];
    }
  }
  return { low, high, fraction };
}

type Visit = (outputPixel: number, corners: readonly number[], weights: readonly number[]) => void;

/** Calls `visit` for every output pixel with the input pixels that it reads and their weights. */
function forEachPixel(
  input: readonly number[],
  output: readonly number[],
  mode: "nearest" | "bilinear",
  visit: Visit,
): void {
  const [images, height, width] = input;
  const [, oh, ow] = output;
  const rows = sample(height, oh, mode);
  const columns = sample(width, ow, mode);
  for (let image = 0; image < images; image++)
    for (let i = 0; i < oh; i++)
      for (let j = 0; j < ow; j++) {
        const top = (image * height + rows.low[i]) * width;
        const bottom = (image * height + rows.high[i]) * width;
        const left = columns.low[j];
        const right = columns.high[j];
        const v = rows.fraction[i];
        const u = columns.fraction[j];
        const pixel = (image * oh + i) * ow + j;
        if (mode === "nearest") visit(pixel, [top + left], [1]);
        else
          visit(
            pixel,
            [top + left, top + right, bottom + left, bottom + right],
            [(1 - v) * (1 - u), (1 - v) * u, v * (1 - u), v * u],
          );
      }
}

export const resize2d: KernelFunction<"resize2d"> = ([x], [y], { mode }) => {
  const channels = x.shape[3];
  forEachPixel(x.shape, y.shape, mode, (pixel, corners, weights) => {
    for (let channel = 0; channel < channels; channel++) {
      let sum = weights[0] * x.data[corners[0] * channels + channel];
      for (let k = 1; k < corners.length; k++) sum += weights[k] * x.data[corners[k] * channels + channel];
      y.data[pixel * channels + channel] = sum;
    }
  });
};

export const resize2dGrad: KernelFunction<"resize2dGrad"> = ([dy], [dx], { mode }) => {
  const channels = dx.shape[3];
  const sums = new Float64Array(dx.data.length);
  forEachPixel(dx.shape, dy.shape, mode, (pixel, corners, weights) => {
    for (let k = 0; k < corners.length; k++)
      for (let channel = 0; channel < channels; channel++)
        sums[corners[k] * channels + channel] += weights[k] * dy.data[pixel * channels + channel];
  });
  dx.data.set(sums);
};
