// Winograd's convolution F(4x4, 3x3) and its transposed form F(3x3, 4x4): this file derives the method and
// holds the one-dimensional transforms; the passes over tensors are in winograd_forward.cc and
// winograd_weight_grad.cc.
//
// The idea (Winograd 1980; Lavin and Gray 2015). Multiplying polynomials f (degree r-1) and u (degree m-1)
// coefficient by coefficient takes r*m products. Evaluating both at n = r+m-1 points p ("infinity" being the
// leading coefficient), multiplying the n values and interpolating takes n. With E_r the n x r matrix of
// evaluation (rows 1, p, p^2, ...; last row 0 ... 0 1) and V the n x n one, the product's coefficients are s
// = V^-1 [(E_r f) . (E_m u)], where . multiplies element by element. As a function of u alone, s is linear,
// and its transpose is correlation with f: y_i = sum_k f_k x_{i+k}. Transposing the formula,
//
//   y = A^T [(G f) . (B^T x)],   A^T = E_m^T,  G = E_r up to a factor a row,  B^T = V^-T with that factor
//   taken out.
//
// V^-T's row for point p holds the coefficients of prod_{q != p} (z - q), divided by N_p = prod_{q != p} (p -
// q); the N_p go into G so that B^T, which is applied most often, stays simple. In two dimensions each matrix
// is applied to columns, then to rows:
//
//   Y = A^T [(G F G^T) . (B^T X B)] A:  36 products give 4x4 outputs of a 3x3 kernel, where 144 do by
//   definition.
//
// The products for all channels are sums over input channels: 36 independent matrix products [tiles, ci] x
// [ci, co].
//
// Points: 0, +-a, +-b, infinity with a = 2/3, b = 3/2. Small magnitudes keep rounding small (the common +-1,
// +-2 have twice the error), and ab = 1 saves multiplications. Writing s = a^2 + b^2:
//
//   B^T = [ 1    0   -s    0   1   0 ]    A^T = [ 1  1   1   1   1  0 ]    G = rows (1, p, p^2) / N_p, p = 0,
//   a, -a, b, -b,
//         [ 0 -a b^2 -b^2  a   1   0 ]          [ 0  a  -a   b  -b  0 ]        and (0, 0, 1)
//         [ 0  a b^2 -b^2 -a   1   0 ]          [ 0 a^2 a^2 b^2 b^2 0 ]    N_0 = 1, N_a = 2 a^2 (a^2 - b^2),
//         [ 0 -b a^2 -a^2  b   1   0 ]          [ 0 a^3 -a^3 b^3 -b^3 1 ]  N_b = 2 b^2 (b^2 - a^2)
//         [ 0  b a^2 -a^2 -b   1   0 ]
//         [ 0    1    0   -s   0   1 ]
//
// Weight gradient: dw[p] = sum over tiles of sum_{i<4} dy_i x_{i+p}: correlation with a "kernel" of 4 and 3
// outputs. The points and n = 6 are the same, so B^T is the same; G becomes E_4 and A^T becomes E_3^T. As sum
// and A^T commute, the 36 products are summed over all tiles first. N_p is then divided out in A^T, which is
// applied only once.
#pragma once

#include "../simd.h"

namespace fovea::FOVEA_ISA::winograd {

constexpr int kOut = 4, kKernel = 3, kTile = 6, kPoints = kTile * kTile;

constexpr double kA = 2.0 / 3, kB = 3.0 / 2, kA2 = kA * kA, kB2 = kB * kB;
constexpr double kPointsAt[5] = {0, kA, -kA, kB, -kB};
constexpr double kNorm[6] = {
    1, 2 * kA2*(kA2 - kB2), 2 * kA2*(kA2 - kB2), 2 * kB2*(kB2 - kA2), 2 * kB2*(kB2 - kA2), 1};

inline vf times(double factor, vf x) { return (float)factor * x; }
inline vf plus_times(vf y, double factor, vf x) { return fma(splat((float)factor), x, y); }

/** t = B^T d */
inline __attribute__((always_inline)) void transform_input(const vf (&d)[6], vf (&t)[6]) {
  const vf even_a = plus_times(d[4], -kB2, d[2]), odd_a = plus_times(d[3], -kB2, d[1]);
  const vf even_b = plus_times(d[4], -kA2, d[2]), odd_b = plus_times(d[3], -kA2, d[1]);
  t[0] = plus_times(d[0] + d[4], -(kA2 + kB2), d[2]);
  t[1] = plus_times(even_a, kA, odd_a);
  t[2] = plus_times(even_a, -kA, odd_a);
  t[3] = plus_times(even_b, kB, odd_b);
  t[4] = plus_times(even_b, -kB, odd_b);
  t[5] = plus_times(d[1] + d[5], -(kA2 + kB2), d[3]);
}

/** y = A^T m */
inline __attribute__((always_inline)) void transform_output(const vf (&m)[6], vf (&y)[4]) {
  const vf sum_a = m[1] + m[2], difference_a = m[1] - m[2], sum_b = m[3] + m[4], difference_b = m[3] - m[4];
  y[0] = m[0] + sum_a + sum_b;
  y[1] = plus_times(times(kA, difference_a), kB, difference_b);
  y[2] = plus_times(times(kA2, sum_a), kB2, sum_b);
  y[3] = plus_times(plus_times(m[5], kA2 * kA, difference_a), kB2 * kB, difference_b);
}

/** u = G f, f having 3 elements */
inline __attribute__((always_inline)) void transform_kernel(const vf (&f)[3], vf (&u)[6]) {
  u[0] = f[0];
  const vf even_a = plus_times(times(1 / kNorm[1], f[0]), kA2 / kNorm[1], f[2]);
  const vf even_b = plus_times(times(1 / kNorm[3], f[0]), kB2 / kNorm[3], f[2]);
  u[1] = plus_times(even_a, kA / kNorm[1], f[1]);
  u[2] = plus_times(even_a, -kA / kNorm[1], f[1]);
  u[3] = plus_times(even_b, kB / kNorm[3], f[1]);
  u[4] = plus_times(even_b, -kB / kNorm[3], f[1]);
  u[5] = f[2];
}

/** u = E_4 y, for the weight gradient's "kernel" of 4 elements */
inline __attribute__((always_inline)) void transform_gradient(const vf (&y)[4], vf (&u)[6]) {
  const vf even_a = plus_times(y[0], kA2, y[2]), odd_a = plus_times(times(kA, y[1]), kA2 * kA, y[3]);
  const vf even_b = plus_times(y[0], kB2, y[2]), odd_b = plus_times(times(kB, y[1]), kB2 * kB, y[3]);
  u[0] = y[0];
  u[1] = even_a + odd_a;
  u[2] = even_a - odd_a;
  u[3] = even_b + odd_b;
  u[4] = even_b - odd_b;
  u[5] = y[3];
}

/** w = E_3^T N^-1 m, which ends the weight gradient */
inline __attribute__((always_inline)) void transform_weight_grad(const vf (&m)[6], vf (&w)[3]) {
  const vf sum_a = times(1 / kNorm[1], m[1] + m[2]), difference_a = times(kA / kNorm[1], m[1] - m[2]);
  const vf sum_b = times(1 / kNorm[3], m[3] + m[4]), difference_b = times(kB / kNorm[3], m[3] - m[4]);
  w[0] = m[0] + sum_a + sum_b;
  w[1] = difference_a + difference_b;
  w[2] = plus_times(plus_times(m[5], kA2, sum_a), kB2, sum_b);
}

}  // namespace fovea::FOVEA_ISA::winograd
