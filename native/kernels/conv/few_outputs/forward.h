// `few-output-channels`: the last layer of a network (and the input's gradient of its first), where one to
// four channels come out. A matrix product would leave most of a vector of outputs idle, so here vectors run
// along the input's channels, and are summed across at the end. The weight gradient changes sides: there the
// few channels become rows and the many become columns.
#pragma once

#include "kernels/conv/gather.h"

namespace fovea::FOVEA_ISA::conv::few_outputs {

constexpr int kFewOutputs = 4;

/**
 * Does a pixel that is loaded serve all places of a row that read it? For neighbouring taps. Vectors of each tap's channels
 * apart are more than those of all together, but cost less, as long as there are outputs enough to do without.
 */
bool shares_pixels(const AxisPhase& x, int channels, int outputs);

// For at most kFewOutputs output channels in one group.
size_t weights_size(const Gather& g);  // floats
void pack(const Gather& g, const WeightLayout& w, float* packed);
void forward(const Gather& g, const float* packed);

/** The convolution whose weight gradient is made in place of that of `s`, and whether by `winograd-squares`, not by
 * `implicit-gemm`. */
ConvShape roles_swapped(const ConvShape& s);
bool takes_f3_2(const ConvShape& turned);
/** For stride 1, one group and no upsampling. */
void weight_grad(const ConvShape& s, const float* x, const float* dy, float* dw);

}  // namespace fovea::FOVEA_ISA::conv::few_outputs
