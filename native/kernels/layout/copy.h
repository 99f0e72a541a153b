// A copy between two strided views: what the kernel `copy` runs, and depthToSpace and its inverse with it.
#pragma once

#include <cstdint>

#include "kernels/simd/simd.h"
#include "program/numbers.h"

namespace fovea::FOVEA_ISA {

/** y[i . y_stride] = x[i . x_stride] for every index i of `size`; strides count elements and may be negative,
 * x's also 0. */
struct StridedCopy {
  int rank = 0;
  int64_t size[kMaxRank], x_stride[kMaxRank], y_stride[kMaxRank];
};

void strided_copy(const float* x, float* y, StridedCopy axes);

}  // namespace fovea::FOVEA_ISA
