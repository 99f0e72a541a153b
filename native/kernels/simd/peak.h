// The machine's peak: a loop of fused multiply-adds that touches no memory.
#pragma once

#include "kernels/simd/simd.h"

namespace fovea::FOVEA_ISA {

/** Operations a second of one thread, measured for about `seconds`: the median of stretches of some milliseconds. */
double peak_flops(double seconds);

}  // namespace fovea::FOVEA_ISA
