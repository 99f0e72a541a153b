// Transposes a square of kLanes x kLanes floats held in registers.
#pragma once

#include <utility>

#include "kernels/simd/simd.h"

namespace fovea::FOVEA_ISA {

/** Exchanges bit `kBit` of the row number with the same bit of the lane number, for a pair of rows. */
template <int kBit, int... kLane>
inline void exchange(vf& a, vf& b, std::integer_sequence<int, kLane...>) {
  const vf low = __builtin_shufflevector(a, b, (kLane & kBit ? kLanes + kLane - kBit : kLane)...);
  const vf high = __builtin_shufflevector(a, b, (kLane & kBit ? kLanes + kLane : kLane + kBit)...);
  a = low;
  b = high;
}

template <int kBit = 1>
inline __attribute__((always_inline)) void transpose(vf (&rows)[kLanes]) {
  if constexpr (kBit < kLanes) {
#pragma GCC unroll 16
    for (int i = 0; i < kLanes; i++)
      if (!(i & kBit)) exchange<kBit>(rows[i], rows[i | kBit], std::make_integer_sequence<int, kLanes>{});
    transpose<kBit * 2>(rows);
  }
}

}  // namespace fovea::FOVEA_ISA
