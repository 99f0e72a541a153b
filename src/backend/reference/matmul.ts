// matmul: batched products of matrices, either side transposed.

import { storeWith } from "./epilogue.js";
import type { KernelFunction } from "./tensor.js";

/** y[s,i,j] = epilogue( sum_p a[s,i,p] * b[s,p,j] ) */
export const matmul: KernelFunction<"matmul"> = (inputs, [y], { transposeA, transposeB, epilogue }) => {
  const [a, b] = inputs;
  const [batch, m, n] = y.shape;
  const k = a.shape[transposeA ? 1 : 2];
  const store = storeWith(epilogue, inputs, y, n);
  const sums = new Float64Array(n);
  const aData = a.data;
  const bData = b.data;
  const [aRow, aColumn] = transposeA ? [1, m] : [k, 1];

  for (let s = 0; s < batch; s++) {
    const aMatrix = a.shape[0] === 1 ? 0 : s * m * k;
    const bMatrix = b.shape[0] === 1 ? 0 : s * k * n;
    for (let i = 0; i < m; i++) {
      const aStart = aMatrix + i * aRow;
      if (transposeB) {
        for (let j = 0; j < n; j++) {
          let sum = 0;
          const bStart = bMatrix + j * k;
          for (let p = 0; p < k; p++) sum += aData[aStart + p * aColumn] * bData[bStart + p];
          sums[j] = sum;
        }
      } else {
        sums.fill(0);
        for (let p = 0; p < k; p++) {
          const factor = aData[aStart + p * aColumn];
          const bStart = bMatrix + p * n;
          for (let j = 0; j < n; j++) sums[j] += factor * bData[bStart + j];
        }
      }
      store(sums, 0, (s * m + i) * n);
    }
  }
};
