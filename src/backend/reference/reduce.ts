// reduce: sum, mean, max or min over axes.

import { sizeOf } from "../kernels.js";
import { broadcastStrides, forEachRun, rowMajorStrides } from "./tensor.js";
import type { KernelFunction } from "./tensor.js";

const combine = {
  sum: { start: 0, step: (total: number, x: number) => total + x },
  mean: { start: 0, step: (total: number, x: number) => total + x },
  max: { start: -Infinity, step: Math.max },
  min: { start: Infinity, step: Math.min },
};

/** y's shape is x's with the reduced axes set to 1, so y walks along with x at stride 0 there. */
export const reduce: KernelFunction<"reduce"> = ([x], [y], { function: name }) => {
  const { start, step } = combine[name];
  const size = sizeOf(y.shape);
  const totals = new Float64Array(size).fill(start);
  forEachRun(
    x.shape,
    rowMajorStrides(x.shape),
    broadcastStrides(y.shape, x.shape),
    (count, xStart, yStart, xStep, yStep) => {
      if (yStep === 0) {
        let total = totals[yStart];
        for (let i = 0; i < count; i++) total = step(total, x.data[xStart + i * xStep]);
        totals[yStart] = total;
      } else {
        for (let i = 0; i < count; i++)
          totals[yStart + i * yStep] = step(totals[yStart + i * yStep], x.data[xStart + i * xStep]);
      }
    },
  );
  const divisor = name === "mean" ? sizeOf(x.shape) / size : 1;
  for (let i = 0; i < size; i++) y.data[i] = totals[i] / divisor;
};
