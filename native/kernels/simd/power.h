// a^b on vectors: 2^(b log2 a) in double, so that the result is right to the last place of a float or the one
// before it.
#pragma once

#include "kernels/simd/lanes.h"
#include "kernels/simd/math.h"

namespace fovea::FOVEA_ISA {

typedef int64_t vl __attribute__((vector_size(kHalf * 8)));

/** 2^(b (e + log2 m)) for m in [sqrt(1/2), sqrt(2)]. */
inline vd power_in_double(vd m, vd e, vd b) {
  // ln m = 2 artanh((m - 1) / (m + 1)), whose series in squares below 0.03 ends here at 1e-12
  const vd s = (m - 1.0) / (m + 1.0), z = s * s;
  vd q = 1 / 15.0 - vd{};
  for (double odd : {13.0, 11.0, 9.0, 7.0, 5.0, 3.0, 1.0}) q = q * z + 1 / odd;
  vd t = b * (e + s * q * 2.8853900817779268);  // 2 / ln 2
  t = t < -200.0 ? -200.0 - vd{} : t;           // 2^-200 is 0 and 2^200 infinity in float
  t = t > 200.0 ? 200.0 - vd{} : t;
  constexpr double kRound = 6755399441055744.0;  // 1.5 * 2^52, see kRounder
  const vd shifted = t + kRound;
  const vl n = (vl)shifted - (vl)(kRound - vd{});
  const vd r = (t - (shifted - kRound)) * 0.69314718055994531;
  vd p = 1 / 40320.0 - vd{};  // e^r, r below 0.35
  for (double factorial : {5040.0, 720.0, 120.0, 24.0, 6.0, 2.0, 1.0, 1.0}) p = p * r + 1 / factorial;
  return p * (vd)((n + 1023) << 52);
}

/** a^b as Math.pow has it, which unlike C's gives NaN for b NaN and for (+-1)^(+-infinity). */
inline vf power(vf a, vf b) {
  const vf size = absolute(a);
  const vi rare = ~((size >= 1.17549435e-38f) & (size < kInfinity) & (absolute(b) < 4194304.0f));
  const vf base = rare ? splat(1.0f) : size, exponent = rare ? splat(1.0f) : b;

  const vi e = (vi)((vu)base - 0x3f3504f3u) >> 23;
  const vf m = (vf)((vu)base - ((vu)e << 23)), whole = __builtin_convertvector(e, vf);
  vf y = narrow(power_in_double(widen_low(m), widen_low(whole), widen_low(exponent)),
                power_in_double(widen_high(m), widen_high(whole), widen_high(exponent)));

  const vf shifted = exponent + kRounder;
  const vi is_whole = shifted - kRounder == exponent, is_odd = (vi)((vu)shifted & 1u) != 0;
  const vf of_negative = is_whole ? (is_odd ? -y : y) : splat(kNaN);
  y = a < 0.0f ? of_negative : y;
  if (any(rare)) {
    for (int i = 0; i < kLanes; i++)
      if (rare[i]) y[i] = std::pow(a[i], b[i]);
    const vi undefined = (b != b) | ((size == 1.0f) & (absolute(b) == kInfinity));
    y = undefined ? splat(kNaN) : y;
  }
  return y;
}

}  // namespace fovea::FOVEA_ISA
