// `planar`: convolutions with few output channels, of which a vector of channels would mostly be empty. Vectors run
// across pixels instead: the input is made planar (planes.h), each tap of each channel is an offset in them,
// and a weight is one number that multiplies vectors of pixels.
#pragma once

#include "kernels/conv/gather.h"

namespace fovea::FOVEA_ISA::conv::planar {

size_t weights_size(const Gather& g);  // floats
void pack(const Gather& g, const WeightLayout& w, float* packed);
/** Forward and backward in the input, for one group. */
void forward(const Gather& g, const float* packed);

/** For one group without upsampling. */
void weight_grad(const ConvShape& s, const float* x, const float* dy, float* dw);

}  // namespace fovea::FOVEA_ISA::conv::planar
