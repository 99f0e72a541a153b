// softmax and its logarithm, a row at a time.

import type { KernelFunction } from "./tensor.js";

/** y = exp(x - max x) / sum exp(x - max x); with log: y = x - max x - log sum exp(x - max x) */
export const softmax: KernelFunction<"softmax"> = ([x], [y], { log }) => {
  const [rows, columns] = x.shape;
  for (let row = 0; row < rows; row++) {
    const start = row * columns;
    let largest = -Infinity;
    for (let j = 0; j < columns; j++) largest = Math.max(largest, x.data[start + j]);
    let sum = 0;
    for (let j = 0; j < columns; j++) sum += Math.exp(x.data[start + j] - largest);
    const logSum = Math.log(sum);
    for (let j = 0; j < columns; j++) {
      const shifted = x.data[start + j] - largest;
      y.data[start + j] = log ? shifted - logSum : Math.exp(shifted) / sum;
    }
  }
};
