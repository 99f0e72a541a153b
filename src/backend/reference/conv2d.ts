// The closed trio of convolutions: conv2d and its adjoints in the input and in the weights. All three run over the same
// terms x[n,y,x,c] * w[p,q,c,o] * dy[n,i,j,o]; each sums over the indices that its result does not have. Channels run group
// by group: `first` is the first output channel of a group, `c` runs on through the input channels of all.

import type { ConvAttributes } from "../kernels.js";
import { storeWith } from "./epilogue.js";
import type { KernelFunction } from "./tensor.js";

/**
 * For every output position i and every tap p of a window along one axis: the input position that it reads, or -1 where
 * it reads padding. Entry i * taps + p. The axis is `upsample` times as long as the input, whose elements are repeated.
 */
export function tapTable(
  outputs: number,
  taps: number,
  inputs: number,
  stride: number,
  padding: number,
  dilation = 1,
  upsample = 1,
): Int32Array {
  const table = new Int32Array(outputs * taps);
  for (let i = 0; i < outputs; i++)
    for (let p = 0; p < taps; p++) {
      const position = i * stride + p * dilation - padding;
      const inside = position >= 0 && position < inputs * upsample;
      table[i * taps + p] = inside ? Math.floor(position / upsample) : -1;
    }
  return table;
}

type Visit = (pixel: number, tap: number, inputPixel: number) => void;

/**
 * Calls `visit` for every output pixel (i, j) and tap (p, q) of one image that reads inside the input, in row-major order
 * of (i, j, p, q): pixel = i*ow + j, tap = p*kw + q, inputPixel = y*w + x. `done` follows the last tap of a pixel.
 */
function forEachTap(
  input: readonly number[],
  weights: readonly number[],
  output: readonly number[],
  { strides, padding, dilation, upsample }: Omit<ConvAttributes, "epilogue">,
  visit: Visit,
  done?: (pixel: number) => void,
): void {
  const [, height, width] = input;
  const [kh, kw] = weights;
  const [, oh, ow] = output;
  const rows = tapTable(oh, kh, height, strides[0], padding[0], dilation[0], upsample);
  const columns = tapTable(ow, kw, width, strides[1], padding[1], dilation[1], upsample);
  for (let i = 0; i < oh; i++)
    for (let j = 0; j < ow; j++) {
      for (let p = 0; p < kh; p++) {
        const row = rows[i * kh + p];
        if (row < 0) continue;
        for (let q = 0; q < kw; q++) {
          const column = columns[j * kw + q];
          if (column >= 0) visit(i * ow + j, p * kw + q, row * width + column);
        }
      }
      done?.(i * ow + j);
    }
}

/** y[n,i,j,o] = epilogue( sum_{p,q,c} x[n, i*sy + p*dy - top, j*sx + q*dx - left, c] * w[p,q,c,o] ) */
export const conv2d: KernelFunction<"conv2d"> = (inputs, [y], attributes) => {
  const [x, w] = inputs;
  const [images, height, width, ci] = x.shape;
  const [, oh, ow, co] = y.shape;
  const ciGroup = ci / attributes.groups;
  const coGroup = co / attributes.groups;
  const store = storeWith(attributes.epilogue, inputs, y, co);
  const sums = new Float64Array(co);
  const xData = x.data;
  const wData = w.data;

  for (let image = 0; image < images; image++) {
    const xImage = image * height * width;
    forEachTap(
      x.shape,
      w.shape,
      y.shape,
      attributes,
      (_, tap, inputPixel) => {
        const xStart = (xImage + inputPixel) * ci;
        for (let first = 0, c = 0; first < co; first += coGroup)
          for (let wStart = tap * ciGroup * co; wStart < (tap + 1) * ciGroup * co; wStart += co) {
            const value = xData[xStart + c++];
            for (let o = first; o < first + coGroup; o++) sums[o] += value * wData[wStart + o];
          }
      },
      (pixel) => {
        store(sums, 0, (image * oh * ow + pixel) * co);
        sums.fill(0);
      },
    );
  }
};

/** dx[n,y,x,c] = epilogue( sum of dy[n,i,j,o] * w[p,q,c,o] over all (i,j,p,q,o) that read x[n,y,x,c] ) */
export const conv2dInputGrad: KernelFunction<"conv2dInputGrad"> = (inputs, [dx], attributes) => {
  const [dy, w] = inputs;
  const [images, height, width, ci] = dx.shape;
  const [, oh, ow, co] = dy.shape;
  const ciGroup = ci / attributes.groups;
  const coGroup = co / attributes.groups;
  const store = storeWith(attributes.epilogue, inputs, dx, ci);
  const sums = new Float64Array(height * width * ci);
  const dyData = dy.data;
  const wData = w.data;

  for (let image = 0; image < images; image++) {
    sums.fill(0);
    const dyImage = image * oh * ow;
    forEachTap(dx.shape, w.shape, dy.shape, attributes, (pixel, tap, inputPixel) => {
      const dyStart = (dyImage + pixel) * co;
      const sumStart = inputPixel * ci;
      for (let first = 0, c = 0; first < co; first += coGroup)
        for (let wStart = tap * ciGroup * co; wStart < (tap + 1) * ciGroup * co; wStart += co) {
          let sum = 0;
          for (let o = first; o < first + coGroup; o++) sum += dyData[dyStart + o] * wData[wStart + o];
          sums[sumStart + c++] += sum;
        }
    });
    for (let pixel = 0; pixel < height * width; pixel++)
      store(sums, pixel * ci, (image * height * width + pixel) * ci);
  }
};

/** dw[p,q,c,o] = sum_{n,i,j} x[n, i*sy + p*dy - top, j*sx + q*dx - left, c] * dy[n,i,j,o] */
export const conv2dWeightGrad: KernelFunction<"conv2dWeightGrad"> = ([x, dy], [dw], attributes) => {
  const [images, height, width, ci] = x.shape;
  const [, oh, ow, co] = dy.shape;
  const ciGroup = ci / attributes.groups;
  const coGroup = co / attributes.groups;
  const sums = new Float64Array(dw.data.length);
  const xData = x.data;
  const dyData = dy.data;

  for (let image = 0; image < images; image++) {
    const xImage = image * height * width;
    const dyImage = image * oh * ow;
    forEachTap(x.shape, dw.shape, dy.shape, attributes, (pixel, tap, inputPixel) => {
      const xStart = (xImage + inputPixel) * ci;
      const dyStart = (dyImage + pixel) * co;
      for (let first = 0, c = 0; first < co; first += coGroup)
        for (let dwStart = tap * ciGroup * co; dwStart < (tap + 1) * ciGroup * co; dwStart += co) {
          const value = xData[xStart + c++];
          for (let o = first; o < first + coGroup; o++) sums[dwStart + o] += value * dyData[dyStart + o];
        }
    });
  }
  dw.data.set(sums);
};
