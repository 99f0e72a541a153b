// Eigenvalues of a symmetric matrix by Jacobi's cyclic rotations (Golub and Van Loan, "Matrix Computations", section 8.5).
// Each rotation in the plane (p, q) makes a[p][q] zero; the sum of squares off the diagonal falls with every one, in the end
// quadratically.

/** The eigenvalues of the symmetric [n, n] matrix, in no order. The matrix is left as it is. */
export function eigenvaluesOf(matrix: Float64Array, n: number): Float64Array {
  const a = matrix.slice();
  const scale = a.reduce((sum, x) => sum + x * x, 0);
  for (let sweep = 0; sweep < 30 && offDiagonal(a, n) > 1e-24 * scale; sweep++)
    for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) rotate(a, n, p, q);
  return Float64Array.from({ length: n }, (_, i) => a[i * n + i]);
}

function offDiagonal(a: Float64Array, n: number): number {
  let sum = 0;
  for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) sum += 2 * a[i * n + j] ** 2;
  return sum;
}

/** a := J^T a J with t = tan of the angle, the smaller root of t^2 + 2 t theta - 1 = 0. */
function rotate(a: Float64Array, n: number, p: number, q: number): void {
  const apq = a[p * n + q];
  if (apq === 0) return;
  const theta = (a[q * n + q] - a[p * n + p]) / (2 * apq);
  const t = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.hypot(theta, 1));
  const c = 1 / Math.hypot(t, 1);
  const s = t * c;
  for (let k = 0; k < n; k++) {
    const [akp, akq] = [a[k * n + p], a[k * n + q]];
    a[k * n + p] = c * akp - s * akq;
    a[k * n + q] = s * akp + c * akq;
  }
  for (let k = 0; k < n; k++) {
    const [apk, aqk] = [a[p * n + k], a[q * n + k]];
    a[p * n + k] = c * apk - s * aqk;
    a[q * n + k] = s * apk + c * aqk;
  }
}
