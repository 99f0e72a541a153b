// copy (transpose, slice, pad, concatenate and broadcast are all strided copies) and fill.

import { sizeOf } from "../kernels.js";
import { forEachRun } from "./tensor.js";
import type { KernelFunction } from "./tensor.js";

/** y[outputOffset + i·outputStrides] = x[inputOffset + i·inputStrides] for every index i of `shape` */
export const copy: KernelFunction<"copy"> = (
  [x],
  [y],
  { shape, inputStrides, inputOffset, outputStrides, outputOffset },
) => {
  forEachRun(shape, inputStrides, outputStrides, (count, from, to, fromStep, toStep) => {
    from += inputOffset;
    to += outputOffset;
    for (let i = 0; i < count; i++) y.data[to + i * toStep] = x.data[from + i * fromStep];
  });
};

export const fill: KernelFunction<"fill"> = (_inputs, [y], { value }) => {
  y.data.fill(value, 0, sizeOf(y.shape));
};
