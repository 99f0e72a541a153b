// Principal components: the best that a linear autoencoder can do, for comparison. The leading eigenvectors of the covariance by
// orthogonal iteration: multiply a few vectors by the matrix, make them orthonormal, again and again.

import { mean, matMul, scope, sub, tensor, transpose } from "fovea";

/** @param rows pictures of 784 numbers, @param count components that are kept */
export async function principalComponents(rows, count, iterations = 60) {
  const all = scope(); // frees what is made until dispose()
  const x = tensor(rows, [rows.length / 784, 784]);
  const average = mean(x, { axis: 0, keepDims: true });
  const centred = sub(x, average);
  const covariance = matMul(centred, centred, { transposeA: true });
  let start = Float32Array.from({ length: 784 * count }, (_, i) => Math.sin(1 + i * i)); // anything
  for (let i = 0; i < iterations; i++) {
    orthonormalize(start, count);
    start = await matMul(tensor(start, [count, 784]), covariance).data();
  }
  orthonormalize(start, count);
  const middle = await average.data();
  all.dispose();
  return {
    /** Each picture projected onto the components and back. */
    async reconstruct(pictures) {
      const inner = scope();
      const basis = tensor(start, [count, 784]);
      const shift = tensor(middle, [1, 784]);
      const code = matMul(sub(tensor(pictures, [pictures.length / 784, 784]), shift), transpose(basis));
      const values = await matMul(code, basis).data();
      inner.dispose();
      return values.map((value, i) => value + middle[i % 784]);
    },
  };
}

/** Gram and Schmidt, in place: rows of 784. */
function orthonormalize(vectors, count) {
  for (let i = 0; i < count; i++) {
    const v = vectors.subarray(784 * i, 784 * (i + 1));
    for (let j = 0; j < i; j++) {
      const w = vectors.subarray(784 * j, 784 * (j + 1));
      const along = v.reduce((sum, value, k) => sum + value * w[k], 0);
      for (let k = 0; k < 784; k++) v[k] -= along * w[k];
    }
    const length = Math.hypot(...v);
    for (let k = 0; k < 784; k++) v[k] /= length;
  }
}
