// The cosine transform of JPEG's blocks of 8x8 (ITU-T T.81, A.3.3), forward and back, rows then columns. Each 1-D transform is split
// into even and odd parts, which halves its multiplications.
//
//   F(u) = c(u)/2 sum over x of f(x) cos((2x + 1) u pi / 16),  c(0) = 1/sqrt(2), else 1;  orthonormal, so the inverse is the transpose

/** Row u: the four left values of basis function u; the right ones mirror them, with the opposite sign where u is odd. */
const BASIS = Float64Array.from({ length: 32 }, (_, i) => {
  const [u, x] = [i >> 2, i & 3];
  return (u === 0 ? Math.SQRT1_2 : 1) * 0.5 * Math.cos(((2 * x + 1) * u * Math.PI) / 16);
});

/** One transform of eight values, `step` apart from `at` on, in place. */
function forward8(f: Float64Array, at: number, step: number): void {
  const a = f[at];
  const b = f[at + step];
  const c = f[at + 2 * step];
  const d = f[at + 3 * step];
  const e = f[at + 7 * step];
  const g = f[at + 6 * step];
  const h = f[at + 5 * step];
  const i = f[at + 4 * step];
  const [s0, s1, s2, s3] = [a + e, b + g, c + h, d + i];
  const [d0, d1, d2, d3] = [a - e, b - g, c - h, d - i];
  for (let u = 0; u < 8; u += 2) {
    const k = 4 * u;
    f[at + u * step] = BASIS[k] * s0 + BASIS[k + 1] * s1 + BASIS[k + 2] * s2 + BASIS[k + 3] * s3;
    f[at + (u + 1) * step] = BASIS[k + 4] * d0 + BASIS[k + 5] * d1 + BASIS[k + 6] * d2 + BASIS[k + 7] * d3;
  }
}

function inverse8(f: Float64Array, at: number, step: number): void {
  const [f0, f1, f2, f3] = [f[at], f[at + step], f[at + 2 * step], f[at + 3 * step]];
  const [f4, f5, f6, f7] = [f[at + 4 * step], f[at + 5 * step], f[at + 6 * step], f[at + 7 * step]];
  for (let x = 0; x < 4; x++) {
    const even = BASIS[x] * f0 + BASIS[8 + x] * f2 + BASIS[16 + x] * f4 + BASIS[24 + x] * f6;
    const odd = BASIS[4 + x] * f1 + BASIS[12 + x] * f3 + BASIS[20 + x] * f5 + BASIS[28 + x] * f7;
    f[at + x * step] = even + odd;
    f[at + (7 - x) * step] = even - odd;
  }
}

/** 64 values, row by row, to their coefficients, row by row from the lowest frequency; in place. */
export function forwardDct(block: Float64Array): void {
  for (let i = 0; i < 8; i++) forward8(block, 8 * i, 1);
  for (let i = 0; i < 8; i++) forward8(block, i, 8);
}

/** The way back. */
export function inverseDct(block: Float64Array): void {
  for (let i = 0; i < 8; i++) inverse8(block, i, 8);
  for (let i = 0; i < 8; i++) inverse8(block, 8 * i, 1);
}
