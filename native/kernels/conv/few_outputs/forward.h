// `few-output-channels`: the last layer of a network (and the input's gradient of its first), where one to
// four channels come out. A matrix product would leave most of a vector of outputs idle, so here vectors run
// along the input's channels, and are summed across at the end. The weight gradient changes sides: there the
// few channels become rows and the many become columns.
#pragma once

#include "kernels/conv/implicit_gemm/forward.h"

namespace fovea::FOVEA_ISA {

constexpr int kFewOutputs = 4;

/**
 * Does a pixel that is loaded serve all places of a row that read it? For neighbouring taps. Vectors of each tap's channels
 * apart are more than those of all together, but cost less, as long as there are outputs enough to do without.
 */
bool few_outputs_share(const AxisPhase& x, int channels, int outputs);

// For at most kFewOutputs output channels in one group.
size_t few_outputs_weights_size(const Gather& g);  // floats
void few_outputs_pack(const Gather& g, const WeightLayout& w, float* packed);
void few_outputs_conv(const Gather& g, const float* packed);

/** The convolution whose weight gradient is made in place of that of `s`, and whether by `winograd-squares`, not by
 * `implicit-gemm`. */
ConvShape few_outputs_turned(const ConvShape& s);
bool few_outputs_takes_squares(const ConvShape& turned);
/** For stride 1, one group and no upsampling. */
void few_outputs_weight_grad(const ConvShape& s, const float* x, const float* dy, float* dw);

}  // namespace fovea::FOVEA_ISA
