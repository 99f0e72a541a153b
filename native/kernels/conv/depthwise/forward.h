// `depthwise`: convolutions in which every channel has a kernel of its own and none mix, so that there is no
// matrix product to be made. Vectors run along a row of pixels with all their channels, as they lie in memory,
// and meet weights repeated in the same pattern (conv_depthwise_view.h); large windows of many channels are made
// vector by vector of them.
#pragma once

#include "kernels/conv/implicit_gemm/forward.h"

namespace fovea::FOVEA_ISA {

inline bool is_depthwise(const ConvShape& s) { return s.ci == s.groups && s.co == s.groups; }

size_t depthwise_weights_size(const Gather& g);  // floats
void depthwise_pack(const Gather& g, const WeightLayout& w, float* packed);
/** Forward and backward in the input. */
void depthwise_conv(const Gather& g, const float* packed);

void depthwise_weight_grad(const ConvShape& s, const float* x, const float* dy, float* dw);

}  // namespace fovea::FOVEA_ISA
