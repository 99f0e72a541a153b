// pool2d and its adjoint.

import type { PoolAttributes } from "../kernels.js";
import { tapTable } from "./conv2d.js";
import type { KernelFunction, Tensor } from "./tensor.js";

/**
 * Calls `visit` for every output element with its own index and the indices in x of the window's elements that lie inside
 * x, in row-major order; `count` of them are valid.
 */
function forEachWindow(
  x: Tensor,
  output: readonly number[],
  { window, strides, padding }: PoolAttributes,
  visit: (outputIndex: number, members: Int32Array, count: number) => void,
): void {
  const [images, height, width, channels] = x.shape;
  const [, oh, ow] = output;
  const [kh, kw] = window;
  const rows = tapTable(oh, kh, height, strides[0], padding[0]);
  const columns = tapTable(ow, kw, width, strides[1], padding[1]);
  const members = new Int32Array(kh * kw);
  let outputIndex = 0;
  for (let image = 0; image < images; image++)
    for (let i = 0; i < oh; i++)
      for (let j = 0; j < ow; j++)
        for (let channel = 0; channel < channels; channel++) {
          let count = 0;
          for (let p = 0; p < kh; p++) {
            const row = rows[i * kh + p];
            if (row < 0) continue;
            for (let q = 0; q < kw; q++) {
              const column = columns[j * kw + q];
              if (column >= 0)
                members[count++] = ((image * height + row) * width + column) * channels + channel;
            }
          }
          visit(outputIndex++, members, count);
        }
}

/** The index of the window's first maximum; a NaN counts as greater than every number. */
function firstMaximum(x: Tensor, members: Int32Array, count: number): number {
  let best = members[0];
  for (let k = 1; k < count; k++) {
    const value = x.data[members[k]];
    const largest = x.data[best];
    if (value > largest || (Number.isNaN(value) && !Number.isNaN(largest))) best = members[k];
  }
  return best;
}

export const pool2d: KernelFunction<"pool2d"> = ([x, v = x], [y], attributes) => {
  forEachWindow(x, y.shape, attributes, (outputIndex, members, count) => {
    if (attributes.kind === "max") {
      y.data[outputIndex] = v.data[firstMaximum(x, members, count)];
    } else {
      let sum = 0;
      for (let k = 0; k < count; k++) sum += x.data[members[k]];
      y.data[outputIndex] = sum / count;
    }
  });
};

export const pool2dGrad: KernelFunction<"pool2dGrad"> = ([x, dy], [dx], attributes) => {
  const sums = new Float64Array(dx.data.length);
  forEachWindow(x, dy.shape, attributes, (outputIndex, members, count) => {
    const gradient = dy.data[outputIndex];
    if (attributes.kind === "max") {
      sums[firstMaximum(x, members, count)] += gradient;
    } else {
      for (let k = 0; k < count; k++) sums[members[k]] += gradient / count;
    }
  });
  dx.data.set(sums);
};
