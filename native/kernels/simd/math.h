// exp, log, tanh, sine and their relatives on vectors of floats: within about 2 units in the last place,
// right for infinities and denormals, and NaN for NaN. Polynomials and reduction constants are those of
// Moshier's Cephes library. Which functions the kernels offer, and their derivatives, is in
// kernels/elements/functions.h.
#pragma once

#include <cmath>
#include <limits>

#include "kernels/simd/simd.h"

namespace fovea::FOVEA_ISA {

typedef uint32_t vu __attribute__((vector_size(kLanes * 4)));

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

/** Adding this to |x| < 2^22 rounds x to a whole number, which the low bits of the sum then hold. */
constexpr float kRounder = 12582912.0f;  // 1.5 * 2^23

inline vf absolute(vf x) { return (vf)((vu)x & 0x7fffffffu); }
/** The magnitude of `x` with the sign of `sign`. */
inline vf copy_sign(vf x, vf sign) { return (vf)(((vu)x & 0x7fffffffu) | ((vu)sign & 0x80000000u)); }

inline bool any(vi mask) {
#if defined(__AVX512F__)
  return _mm512_movepi32_mask((__m512i)mask) != 0;
#elif defined(__wasm__)
  return wasm_v128_any_true((v128_t)mask);
#else
  int found = 0;
  for (int i = 0; i < kLanes; i++) found |= mask[i];
  return found != 0;
#endif
}

inline vf square_root(vf x) {
#if defined(__AVX512F__)
  return (vf)_mm512_maskz_sqrt_ps((__mmask16)-1,
                                  (__m512)x);  // the unmasked one draws a false warning from GCC 12
#elif defined(__AVX2__)
  return (vf)_mm256_sqrt_ps((__m256)x);
#elif defined(__ARM_NEON) && defined(__aarch64__)
  return (vf)vsqrtq_f32((float32x4_t)x);
#elif defined(__wasm__)
  return (vf)wasm_f32x4_sqrt((v128_t)x);
#else
  for (int i = 0; i < kLanes; i++) x[i] = std::sqrt(x[i]);
  return x;
#endif
}

/** The greater (lesser) of two, and NaN where either is: Math.max and Math.min. */
inline vf maximum(vf a, vf b) { return (a > b) | (a != a) ? a : b; }
inline vf minimum(vf a, vf b) { return (a < b) | (a != a) ? a : b; }

/** 2^n for whole n in [-126, 127]. */
inline vf power_of_two(vu n) { return (vf)((n + 127u) << 23); }

/** Writes x as n ln 2 + r with |r| <= ln 2 / 2; returns e^r - 1. */
inline vf reduced_expm1(vf x, vu& n) {
  const vf shifted = fma(x, splat(1.44269504088896341f), splat(kRounder));
  n = (vu)shifted - (vu)splat(kRounder);
  const vf whole = shifted - kRounder;
  vf r = fma(whole, splat(-0.693359375f), x);
  r = fma(whole, splat(2.12194440e-4f), r);
  vf q = splat(1.9875691500e-4f);
  q = fma(q, r, splat(1.3981999507e-3f));
  q = fma(q, r, splat(8.3334519073e-3f));
  q = fma(q, r, splat(4.1665795894e-2f));
  q = fma(q, r, splat(1.6666665459e-1f));
  q = fma(q, r, splat(5.0000001201e-1f));
  return fma(q, r * r, r);
}

inline vf exponential(vf x) {
  x = x < -104.0f ? splat(-104.0f) : x;  // e^-104 rounds to 0
  x = x > 89.0f ? splat(89.0f) : x;      // e^89 rounds to infinity
  vu n;
  const vf p = reduced_expm1(x, n);
  const vu half = (vu)((vi)n >> 1);  // in two steps, as 2^n itself may be denormal or too large
  return (p + 1.0f) * power_of_two(half) * power_of_two(n - half);
}

/** e^x - 1 for x <= 0, without the cancellation near 0. */
inline vf exponential_minus_1(vf x) {
  x = x < -30.0f ? splat(-30.0f) : x;
  vu n;
  const vf p = reduced_expm1(x, n);
  const vf scale = power_of_two(n);
  return fma(scale, p, scale - 1.0f);
}

inline vf logarithm(vf x) {
  const vi tiny = x < 1.17549435e-38f;
  const vf scaled = tiny ? x * 8388608.0f : x;
  // x = 2^e m with m in [sqrt(1/2), sqrt(2))
  const vu from_root = (vu)scaled - 0x3f3504f3u;
  const vi exponent = (vi)from_root >> 23;
  const vf m = (vf)((vu)scaled - ((vu)exponent << 23));
  const vf e = __builtin_convertvector(exponent + (tiny & -23), vf);
  const vf f = m - 1.0f;
  const vf z = f * f;
  vf q = splat(7.0376836292e-2f);
  q = fma(q, f, splat(-1.1514610310e-1f));
  q = fma(q, f, splat(1.1676998740e-1f));
  q = fma(q, f, splat(-1.2420140846e-1f));
  q = fma(q, f, splat(1.4249322787e-1f));
  q = fma(q, f, splat(-1.6668057665e-1f));
  q = fma(q, f, splat(2.0000714765e-1f));
  q = fma(q, f, splat(-2.4999993993e-1f));
  q = fma(q, f, splat(3.3333331174e-1f));
  vf y = q * f * z;
  y = fma(e, splat(-2.12194440e-4f), y);
  y = fma(z, splat(-0.5f), y);
  y = fma(e, splat(0.693359375f), f + y);
  y = x == 0.0f ? splat(-kInfinity) : y;
  y = x < 0.0f ? splat(kNaN) : y;
  return (x == kInfinity) | (x != x) ? x : y;
}

/** log(1 + u) for u in [0, 1]. */
inline vf logarithm_of_1_plus(vf u) {
  const vf w = u + 1.0f;
  return logarithm(w) + (u - (w - 1.0f)) / w;  // the second term gives back what rounding 1 + u lost
}

/** 1 / (1 + e^-x), and 1 minus it: the smaller of the two keeps its digits. */
struct Logistic {
  vf value, complement;
  explicit Logistic(vf x) {
    const vf e = exponential(-absolute(x));
    const vf large = 1.0f / (e + 1.0f), small = e * large;
    value = x < 0.0f ? small : large;
    complement = x < 0.0f ? large : small;
  }
};
inline vf logistic(vf x) { return Logistic(x).value; }

inline vf hyperbolic_tangent(vf x) {
  const vf z = x * x;
  vf q = splat(-5.70498872745e-3f);
  q = fma(q, z, splat(2.06390887954e-2f));
  q = fma(q, z, splat(-5.37397155531e-2f));
  q = fma(q, z, splat(1.33314422036e-1f));
  q = fma(q, z, splat(-3.33332819422e-1f));
  const vf near_zero = fma(q * z, x, x);
  const vf size = absolute(x);
  const vf far = 1.0f - 2.0f / (exponential(size + size) + 1.0f);
  return size < 0.625f ? near_zero : copy_sign(far, x);
}

/** The nearest whole number, halves to the even one: beyond 2^23 every float is whole. */
inline vf round_to_even(vf x) {
  const vf size = absolute(x);
  const vf whole = (size + 8388608.0f) - 8388608.0f;
  return size < 8388608.0f ? copy_sign(whole, x) : x;
}
/** The next whole number below. */
inline vf round_down(vf x) {
  const vf whole = round_to_even(x);
  return whole > x ? whole - 1.0f : whole;
}

/** 2/sqrt(pi) times the integral of e^-t^2 from 0 to x. */
inline vf error_function(vf x) {
  const vf size = absolute(x);
  const vf z = x * x;
  vf near = splat(7.853861353153693e-5f);
  near = fma(near, z, splat(-8.010193625184903e-4f));
  near = fma(near, z, splat(5.188327685732524e-3f));
  near = fma(near, z, splat(-2.685381193529856e-2f));
  near = fma(near, z, splat(1.128358514861418e-1f));
  near = fma(near, z, splat(-3.761262582423300e-1f));
  near = fma(near, z, splat(1.128379165726710f));
  // 1 - erf(x) = e^-x^2 / x P(1/x^2), of which 1 - x to 2 takes part in the last digits and more takes less.
  const vf bounded = size < 1.0f ? splat(1.0f) : size > 8.0f ? splat(8.0f) : size;
  const vf q = 1.0f / bounded, y = q * q;
  vf p = splat(2.326819970068386e-2f);
  p = fma(p, y, splat(-1.387039388740657e-1f));
  p = fma(p, y, splat(3.687424674597105e-1f));
  p = fma(p, y, splat(-5.824733027278666e-1f));
  p = fma(p, y, splat(6.210004621745983e-1f));
  p = fma(p, y, splat(-4.944515323274145e-1f));
  p = fma(p, y, splat(3.404879937665872e-1f));
  p = fma(p, y, splat(-2.741127028184656e-1f));
  p = fma(p, y, splat(5.638259427386472e-1f));
  const vf far = 1.0f - exponential(-bounded * bounded) * q * p;
  return size < 1.0f ? x * near : x != x ? x : copy_sign(far, x);
}

/** Sine and cosine of r in [-pi/4, pi/4]. */
inline vf sine_near_0(vf r) {
  const vf z = r * r;
  vf q = splat(-1.9515295891e-4f);
  q = fma(q, z, splat(8.3321608736e-3f));
  q = fma(q, z, splat(-1.6666654611e-1f));
  return fma(q * z, r, r);
}
inline vf cosine_near_0(vf r) {
  const vf z = r * r;
  vf q = splat(2.443315711809948e-5f);
  q = fma(q, z, splat(-1.388731625493765e-3f));
  q = fma(q, z, splat(4.166664568298827e-2f));
  return fma(q * z, z, fma(z, splat(-0.5f), splat(1.0f)));
}

/** sin(r + quarter pi/2) for r in [-pi/4, pi/4]. */
inline vf sine_in_quarter(vf r, vu quarter) {
  const vf value = (vi)(quarter & 1u) != 0 ? cosine_near_0(r) : sine_near_0(r);
  return (vf)((vu)value ^ ((quarter & 2u) << 30));
}

/** sin(x + shift pi/2). Beyond 8192 the reduction below loses digits, and the C library's takes over. */
inline vf sine_shifted(vf x, uint32_t shift) {
  const vi large = ~(vi)(absolute(x) <= 8192.0f);
  const vf within = large ? splat(0.0f) : x;
  const vf shifted = fma(within, splat(0.63661977236758134f), splat(kRounder));
  const vu quarter = (vu)shifted - (vu)splat(kRounder);
  const vf whole = shifted - kRounder;
  vf r = fma(whole, splat(-1.5703125f), within);
  r = fma(whole, splat(-4.837512969970703125e-4f), r);
  r = fma(whole, splat(-7.54978995489188216e-8f), r);
  vf y = sine_in_quarter(r, quarter + shift);
  if (any(large)) {
    for (int i = 0; i < kLanes; i++)
      if (large[i]) y[i] = float(shift == 0 ? std::sin(double(x[i])) : std::cos(double(x[i])));
  }
  return y;
}
inline vf sine(vf x) { return sine_shifted(x, 0); }
inline vf cosine(vf x) { return sine_shifted(x, 1); }

}  // namespace fovea::FOVEA_ISA
