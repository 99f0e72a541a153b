// Winograd's convolution: this file derives the method and holds its one-dimensional transforms. How they are
// nested for images is in transforms_2d.h, which convolutions are made of them in winograd/plan.h, where tiles
// lie in tile_order.h, and the passes over tensors in forward.cc and weight_grad.cc.
//
// The idea (Winograd 1980; Lavin and Gray 2015). Multiplying polynomials f (r coefficients) and u (m
// coefficients) term by term takes r*m products. Evaluating both at n = r+m-1 points p ("infinity" being the
// leading coefficient), multiplying the n values and interpolating takes n. With E_r the n x r matrix of
// evaluation (rows 1, p, p^2, ...; for infinity 0 ... 0 1), the product's coefficients are E_n^-1 [(E_r f) .
// (E_m u)], where . multiplies element by element. As a function of u alone that is linear, and its transpose
// is correlation with f, y_i = sum_k f_k x_{i+k}. Transposing the formula gives the algorithm F(m, r):
//
//   y = A^T [(G f) . (B^T x)],   A^T = E_m^T,   G = N^-1 E_r,   B^T = N E_n^-T,
//
// where row p of B^T holds the coefficients of prod_{q != p} (z - q) over the finite points q, for infinity
// of prod_q (z - q), and N_p = prod_{q != p} (p - q) (1 for infinity). N goes into G so that B^T, which is
// applied most often, stays simple. In two dimensions every matrix is applied to columns, then to rows:
// F(4x4, 3x3) makes 4x4 outputs with 6x6 = 36 products, where the definition has 144; F(4x4, 2x2) with 25
// instead of 64. The products of all channels, summed over the input's, are 36 (25) independent matrix
// products [tiles, ci] x [ci, co].
//
// Points: +-a and +-b with a = 2/3, b = 3/2, infinity, and for r = 3 also 0. Magnitudes near 1 keep rounding
// small (with the common +-1, +-2 the error doubles), and ab = 1 saves multiplications. Writing s = a^2 + b^2,
// for r = 3 and the points 0, a, -a, b, -b, infinity:
//
//         [ 1    0   -s    0   1   0 ]           [ 1   1    1    1    1   0 ]
//         [ 0 -a b^2 -b^2  a   1   0 ]           [ 0   a   -a    b   -b   0 ]
//   B^T = [ 0  a b^2 -b^2 -a   1   0 ]     A^T = [ 0  a^2  a^2  b^2  b^2  0 ]
//         [ 0 -b a^2 -a^2  b   1   0 ]           [ 0  a^3 -a^3  b^3 -b^3  1 ]
//         [ 0  b a^2 -a^2 -b   1   0 ]
//         [ 0    1    0   -s   0   1 ]
//
//   G = rows (1, p, p^2) / N_p, and (0, 0, 1) for infinity, where
//   N_0 = 1,  N_a = N_-a = 2 a^2 (a^2 - b^2),  N_b = N_-b = 2 b^2 (b^2 - a^2)
//
// Without the point 0 (r = 2), A^T and G lose its column and row, B^T its row and the first column: row a is
// (-a b^2, -b^2, a, 1, 0), and N_p is what it was over p.
//
// The weight gradient, dw_k = sum over tiles of sum_{i<4} dy_i x_{i+k}, is a correlation with 4 "taps" and r
// outputs. n is the same, so B^T is the same; G becomes E_4, and A^T becomes E_r^T N^-1. As sums commute with
// it, the products are summed over all tiles first.
#pragma once

#include "kernels/simd/simd.h"

namespace fovea::FOVEA_ISA::conv::winograd {

/** Outputs of a tile along an axis. */
constexpr int kOut = 4;

constexpr float kA = 2.0 / 3, kB = 3.0 / 2, kA2 = 4.0 / 9, kB2 = 9.0 / 4, kA3 = 8.0 / 27, kB3 = 27.0 / 8;
constexpr float kNormA = 2 * (4.0 / 9) * (4.0 / 9 - 9.0 / 4), kNormB = 2 * (9.0 / 4) * (9.0 / 4 - 4.0 / 9);

#define FOVEA_INLINE static inline __attribute__((always_inline))

inline vf plus_times(vf y, float factor, vf x) { return fma(splat(factor), x, y); }

/** The rows of A^T for the points a, -a, b, -b in m[0..3], and infinity in m[4]. */
inline __attribute__((always_inline)) void interpolate(const vf* m, vf* y) {
  const vf sum_a = m[0] + m[1], difference_a = m[0] - m[1], sum_b = m[2] + m[3], difference_b = m[2] - m[3];
  y[0] = sum_a + sum_b;
  y[1] = plus_times(kA * difference_a, kB, difference_b);
  y[2] = plus_times(kA2 * sum_a, kB2, sum_b);
  y[3] = plus_times(plus_times(m[4], kA3, difference_a), kB3, difference_b);
}

/** E_4 y at a, -a, b, -b. */
inline __attribute__((always_inline)) void evaluate(const vf* y, vf* u) {
  const vf even_a = plus_times(y[0], kA2, y[2]), odd_a = plus_times(kA * y[1], kA3, y[3]);
  const vf even_b = plus_times(y[0], kB2, y[2]), odd_b = plus_times(kB * y[1], kB3, y[3]);
  u[0] = even_a + odd_a;
  u[1] = even_a - odd_a;
  u[2] = even_b + odd_b;
  u[3] = even_b - odd_b;
}

/** The rows of B^T for the points a, -a, b, -b, of four elements of x; a b^2 = b as ab = 1. As many additions as
 * multiplications: some processors have pipes of their own for either. */
inline __attribute__((always_inline)) void evens_and_odds(vf x0, vf x1, vf x2, vf x3, vf* t) {
  const vf odd_a = plus_times(kA * x2, -kB, x0), odd_b = plus_times(kB * x2, -kA, x0);
  const vf even_a = plus_times(x3, -kB2, x1), even_b = plus_times(x3, -kA2, x1);
  t[0] = even_a + odd_a;
  t[1] = even_a - odd_a;
  t[2] = even_b + odd_b;
  t[3] = even_b - odd_b;
}

/** F(4, 3) */
struct Three {
  static constexpr int kTaps = 3,
                       kPoints =
                           6;  // points: 0, a, -a, b, -b, infinity; a tile's window has as many elements
  FOVEA_INLINE void input(const vf (&d)[6], vf (&t)[6]) {
    evens_and_odds(d[1], d[2], d[3], d[4], t + 1);
    t[0] = plus_times(d[0] + d[4], -(kA2 + kB2), d[2]);
    t[5] = plus_times(d[1] + d[5], -(kA2 + kB2), d[3]);
  }
  FOVEA_INLINE void kernel(const vf (&f)[3], vf (&u)[6]) {
    const vf even_a = plus_times(1 / kNormA * f[0], kA2 / kNormA, f[2]);
    const vf even_b = plus_times(1 / kNormB * f[0], kB2 / kNormB, f[2]);
    u[0] = f[0];
    u[1] = plus_times(even_a, kA / kNormA, f[1]);
    u[2] = plus_times(even_a, -kA / kNormA, f[1]);
    u[3] = plus_times(even_b, kB / kNormB, f[1]);
    u[4] = plus_times(even_b, -kB / kNormB, f[1]);
    u[5] = f[2];
  }
  FOVEA_INLINE void output(const vf (&m)[6], vf (&y)[4]) {
    interpolate(m + 1, y);
    y[0] += m[0];
  }
  FOVEA_INLINE void gradient(const vf (&y)[4], vf (&u)[6]) {
    u[0] = y[0];
    evaluate(y, u + 1);
    u[5] = y[3];
  }
  FOVEA_INLINE void weights(const vf (&m)[6], vf (&w)[3]) {
    const vf sum_a = 1 / kNormA * (m[1] + m[2]), difference_a = kA / kNormA * (m[1] - m[2]);
    const vf sum_b = 1 / kNormB * (m[3] + m[4]), difference_b = kB / kNormB * (m[3] - m[4]);
    w[0] = m[0] + sum_a + sum_b;
    w[1] = difference_a + difference_b;
    w[2] = plus_times(plus_times(m[5], kA2, sum_a), kB2, sum_b);
  }
};

/** F(4, 2) */
struct Two {
  static constexpr int kTaps = 2, kPoints = 5;  // points: a, -a, b, -b, infinity
  FOVEA_INLINE void input(const vf (&d)[5], vf (&t)[5]) {
    evens_and_odds(d[0], d[1], d[2], d[3], t);
    t[4] = plus_times(d[0] + d[4], -(kA2 + kB2), d[2]);
  }
  FOVEA_INLINE void kernel(const vf (&f)[2], vf (&u)[5]) {
    const vf even_a = kA / kNormA * f[0], odd_a = kA2 / kNormA * f[1];
    const vf even_b = kB / kNormB * f[0], odd_b = kB2 / kNormB * f[1];
    u[0] = odd_a + even_a;
    u[1] = odd_a - even_a;
    u[2] = odd_b + even_b;
    u[3] = odd_b - even_b;
    u[4] = f[1];
  }
  FOVEA_INLINE void output(const vf (&m)[5], vf (&y)[4]) { interpolate(m, y); }
  FOVEA_INLINE void gradient(const vf (&y)[4], vf (&u)[5]) {
    evaluate(y, u);
    u[4] = y[3];
  }
  FOVEA_INLINE void weights(const vf (&m)[5], vf (&w)[2]) {
    w[0] = plus_times(kA / kNormA * (m[0] - m[1]), kB / kNormB, m[2] - m[3]);
    w[1] = plus_times(plus_times(m[4], kA2 / kNormA, m[0] + m[1]), kB2 / kNormB, m[2] + m[3]);
  }
};

/** F(4, 1): nothing to gain, nothing to do. */
struct One {
  static constexpr int kTaps = 1, kPoints = 4;
  FOVEA_INLINE void input(const vf (&d)[4], vf (&t)[4]) { copy(d, t); }
  FOVEA_INLINE void kernel(const vf (&f)[1], vf (&u)[4]) {
    for (int i = 0; i < 4; i++) u[i] = f[0];
  }
  FOVEA_INLINE void output(const vf (&m)[4], vf (&y)[4]) { copy(m, y); }
  FOVEA_INLINE void gradient(const vf (&y)[4], vf (&u)[4]) { copy(y, u); }
  FOVEA_INLINE void weights(const vf (&m)[4], vf (&w)[1]) { w[0] = (m[0] + m[1]) + (m[2] + m[3]); }

 private:
  FOVEA_INLINE void copy(const vf (&from)[4], vf (&to)[4]) {
    for (int i = 0; i < 4; i++) to[i] = from[i];
  }
};

#undef FOVEA_INLINE

}  // namespace fovea::FOVEA_ISA::conv::winograd
