// `implicit-gemm` for the weight gradient. For each tap of each phase of the forward plan (conv_plan.h)
//
//   dW[tap, c, o] = sum over places j of x[j * in_step + offset_tap, c] * dy[out + j * out_step, o],
//
// a matrix product whose long dimension is the output places. Its rows are all elements (tap y, tap x, c) of
// the window, its columns the output channels; both x and dy are read where they lie.
#pragma once

#include "../call.h"

namespace fovea::FOVEA_ISA {

/** dw [kh, kw, ci/groups, co] = the weight gradient for x and dy. */
void weight_grad_gemm(const ConvShape& s, const float* x, const float* dy, float* dw);

}  // namespace fovea::FOVEA_ISA
