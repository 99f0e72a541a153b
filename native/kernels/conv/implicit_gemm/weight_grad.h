// `implicit-gemm` for the weight gradient. For each tap of each phase of the forward plan (conv/plan.h)
//
//   dW[tap, c, o] = sum over positions j of x[j * in_step + offset_tap, c] * dy[out + j * out_step, o],
//
// a matrix product whose long dimension is the output positions. Its rows are all elements (tap y, tap x, c) of
// the window, its columns the output channels, or, with swapped roles, the other way round; both x and dy are read where they lie.
#pragma once

#include "kernels/conv/conv.h"

namespace fovea::FOVEA_ISA::conv::implicit_gemm {

/**
 * Swap the roles of x and dy? Then output channels are the product's rows, and contiguous elements of x its columns: if these fill
 * vectors better, and much better where there are so many output channels that they fill two vectors (Zen 5, AVX-512 and AVX2).
 */
bool swaps_roles(const ConvShape& s);

/** Its cost, see cost.h. */
double weight_grad_cost(const ConvWork& w);
/** dw [kh, kw, ci/groups, co] = the weight gradient for x and dy. */
void weight_grad(const ConvShape& s, const float* x, const float* dy, float* dw);

}  // namespace fovea::FOVEA_ISA::conv::implicit_gemm
