// `depthwise`: convolutions in which every channel has a kernel of its own and none mix, so that there is no
// matrix product to be made. Vectors run along a row of pixels with all their channels, as they lie in memory,
// times weights repeated in the same pattern (view.h); large windows of many channels are made
// vector by vector of them.
#pragma once

#include "kernels/conv/gather.h"

namespace fovea::FOVEA_ISA::conv::depthwise {

size_t weights_size(const Gather& g);  // floats
void pack(const Gather& g, const WeightLayout& w, float* packed);
/** Forward and backward in the input. */
void forward(const Gather& g, const float* packed);

void weight_grad(const ConvShape& s, const float* x, const float* dy, float* dw);

}  // namespace fovea::FOVEA_ISA::conv::depthwise
