// `winograd-squares`: Winograd's F(3x3, 2x2) for the weight gradient of 3x3 convolutions from few input channels, with 2x2 tiles of dy.
// F(3x3, 4x4) (winograd/transforms_1d.h) would spend more on transforms there than it saves; the transforms of 2x2 tiles are additions.
//
// For two neighbouring outputs and a row of the kernel, dw_k = sum_i dy_i x_{i+k} with i < 2 and k < 3 takes
// six products. By the points 0, 1, -1 and infinity (the matrices are derived as in winograd/transforms_1d.h) it takes four:
//
//   u = (dy_0, dy_0 + dy_1, dy_0 - dy_1, dy_1)
//   t = (x_2 - x_0, x_1 + x_2, x_2 - x_1, x_3 - x_1)
//   m = sum over all pairs of u . t, element by element
//   dw = (-m_0 + (m_1 + m_2) / 2, (m_1 - m_2) / 2, (m_1 + m_2) / 2 + m_3)
//
// The same along both axes takes sixteen products for a 2x2 tile of 2 x 2 outputs, in place of 36: U [4, 4] is made
// of the columns of dy [2, 2] and then of the rows of that, T [4, 4] so of x [4, 4], and dw [3, 3] so of M [4, 4].
// With dilation neighbours are a dilation away from each other: outputs fall into phases, each of which is not dilated.
#pragma once

#include "kernels/conv/conv.h"

namespace fovea::FOVEA_ISA::conv::winograd_f3_2 {

/** How often dy is read for one input channel, as the registers hold the sums of all 16 points or of half of them. */
#if defined(__AVX512F__) || defined(__aarch64__)
constexpr int kPasses = 1;
#else
constexpr int kPasses = 2;
#endif

/** Kernels of 3x3, stride 1, neither groups nor upsampling, and some outputs. */
bool fits(const ConvShape& s);
/** Its cost, see cost.h. */
double weight_grad_cost(const ConvWork& w);
/** dw [3, 3, ci, co] = the weight gradient for x and dy. */
void weight_grad(const ConvShape& s, const float* x, const float* dy, float* dw);

}  // namespace fovea::FOVEA_ISA::conv::winograd_f3_2
