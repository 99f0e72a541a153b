// `implicit-gemm` for the weight gradient. For each tap of each phase of the forward plan (conv_plan.h)
//
//   dW[tap, c, o] = sum over places j of x[j * in_step + offset_tap, c] * dy[out + j * out_step, o],
//
// a matrix product whose long dimension is the output places. Its rows are all elements (tap y, tap x, c) of
// the window, its columns the output channels, or, turned, the other way round; both x and dy are read where they lie.
#pragma once

#include "kernels/conv/conv.h"

namespace fovea::FOVEA_ISA::conv::implicit_gemm {

/**
 * Does weight_grad() turn the product: output channels as its rows, and the numbers of x that a row of the window has
 * together as its columns, which must fill vectors? Where that fills more of them; with so many output channels that two vectors
 * are needed it must be many more. Measured on Zen 5 with AVX-512 and AVX2.
 */
bool swaps_roles(const ConvShape& s);

/** Its cost, see cost.h. */
double weight_grad_cost(const ConvWork& w);
/** dw [kh, kw, ci/groups, co] = the weight gradient for x and dy. */
void weight_grad(const ConvShape& s, const float* x, const float* dy, float* dw);

}  // namespace fovea::FOVEA_ISA::conv::implicit_gemm
