// Whether this processor takes a 512-bit vector in two passes.
#pragma once

#include "kernels/simd/simd.h"
#include "runtime/cpu.h"

namespace fovea::FOVEA_ISA {

/** Is AVX-512 double-pumped (Zen 4: 256-bit units, two passes)? Then a multiply-add takes twice as long, and whatever runs
 * beside it (loads, stores, transforms) costs half as much in comparison: cost models and tile sizes use it. */
inline bool is_double_pumped() { return kLanes == 16 && cpu().avx512_double_pumped; }

}  // namespace fovea::FOVEA_ISA
