// `winograd-pairs`: the weight gradient of convolutions whose kernels are three wide, where few channels come in.
// The transforms of winograd.h, four outputs at a time in two dimensions, would cost more there than they save;
// this is the least of their kind, along rows alone, whose transforms are additions.
//
// For two neighbouring outputs and a row of the kernel, dw_k = sum_i dy_i x_{i+k} with i < 2 and k < 3 takes
// six products. By the points 0, 1, -1 and infinity (the matrices are derived as in winograd.h) it takes four:
//
//   u = (dy_0, dy_0 + dy_1, dy_0 - dy_1, dy_1)
//   t = (x_2 - x_0, x_1 + x_2, x_2 - x_1, x_3 - x_1)
//   m = sum over all pairs of u . t, element by element
//   dw = (-m_0 + (m_1 + m_2) / 2, (m_1 - m_2) / 2, (m_1 + m_2) / 2 + m_3)
#pragma once

#include "../call.h"

namespace fovea::FOVEA_ISA {

/** Kernels three wide, stride 1 and neither groups, upsampling nor gaps between a kernel's columns. */
bool pairs_weight_grad_fits(const ConvShape& s);
/** dw [kh, 3, ci, co] = the weight gradient for x and dy. */
void pairs_weight_grad(const ConvShape& s, const float* x, const float* dy, float* dw);

}  // namespace fovea::FOVEA_ISA
