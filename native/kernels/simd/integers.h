// Whole numbers: division that rounds up, and equal parts.
#pragma once

#include <cstdint>

#include "kernels/simd/simd.h"

namespace fovea::FOVEA_ISA {

inline int ceil_div(int a, int b) { return (a + b - 1) / b; }
inline int round_up(int n, int to) { return ceil_div(n, to) * to; }

/** Where part `i` begins of n things that are cut into `parts` nearly equal parts; part `parts` begins at the end. */
inline int part_start(int n, int i, int parts) { return (int)((int64_t)n * i / parts); }

}  // namespace fovea::FOVEA_ISA
