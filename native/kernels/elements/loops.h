// Every element-by-element function as a loop over a run of contiguous elements, found by its number. The
// kernels unary, unaryGrad, binary, select and elementwise are made of these loops; functions.h has the
// formulas.
#pragma once

#include "kernels/simd/simd.h"

namespace fovea::FOVEA_ISA {

using UnaryRun = void (*)(const float* x, float* y, int64_t n, float alpha);
using GradientRun = void (*)(const float* saved, const float* dy, float* dx, int64_t n, float alpha);
using BinaryRun = void (*)(const float* a, const float* b, float* y, int64_t n);

UnaryRun unary_run(int function);
GradientRun gradient_run(int function);

/** Whether an operand of a run is an array or one number for the whole run; a run of two single numbers is
 * not made. */
enum class Operand { array, number };
BinaryRun binary_run(int function, Operand a, Operand b);

void select_run(const float* condition, const float* a, const float* b, float* y, int64_t n);

}  // namespace fovea::FOVEA_ISA
