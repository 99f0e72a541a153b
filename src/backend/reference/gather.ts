// gather, which chooses rows of a matrix by number, and its gradient.

import type { KernelFunction } from "./tensor.js";

/** y[i] = x[indices[i]], zeros where that is no row. Numbers are copied as they are, NaN and infinity too. */
export const gather: KernelFunction<"gather"> = ([x, indices], [y]) => {
  const [rows, columns] = x.shape;
  for (let i = 0; i < indices.shape[0]; i++) {
    const row = indices.data[i];
    for (let c = 0; c < columns; c++)
      y.data[i * columns + c] = isRow(row, rows) ? x.data[row * columns + c] : 0;
  }
};

/** dx[r] = sum of dy[i] over every i with indices[i] = r */
export const gatherGrad: KernelFunction<"gatherGrad"> = ([dy, indices], [dx]) => {
  const [rows, columns] = dx.shape;
  const sums = new Float64Array(rows * columns);
  for (let i = 0; i < indices.shape[0]; i++) {
    const row = indices.data[i];
    if (!isRow(row, rows)) continue;
    for (let c = 0; c < columns; c++) sums[row * columns + c] += dy.data[i * columns + c];
  }
  dx.data.set(sums);
};

const isRow = (index: number, rows: number): boolean => Number.isInteger(index) && index >= 0 && index < rows;
