// `few-output-channels`: the last layer of a network (and the input's gradient of its first), where one to
// four channels come out. A matrix product would leave most of a vector of outputs idle, so here vectors run
// along the input's channels, and are summed across at the end. The weight gradient swaps roles: the
// few channels become rows and the many become columns.
#pragma once

#include "kernels/conv/gather.h"

namespace fovea::FOVEA_ISA::conv::few_outputs {

constexpr int kFewOutputs = 4;

/**
 * Share each loaded pixel among all output pixels of a row that read it? For neighbouring taps, as long as outputs are few enough:
 * vectors of each tap's channels are more than those of all taps' in one run, but are loaded only once.
 */
bool shares_pixels(const AxisPhase& x, int channels, int outputs);

// For at most kFewOutputs output channels in one group.
size_t weights_size(const Gather& g);  // floats
void pack(const Gather& g, const WeightLayout& w, float* packed);
void forward(const Gather& g, const float* packed);

/** The convolution with x and dy in swapped roles, whose weight gradient is made in place of that of `s`, and whether by
 * `winograd-squares`, not by `implicit-gemm`. */
ConvShape roles_swapped(const ConvShape& s);
bool takes_f3_2(const ConvShape& swapped);
/** For stride 1, one group and no upsampling. */
void weight_grad(const ConvShape& s, const float* x, const float* dy, float* dw);

}  // namespace fovea::FOVEA_ISA::conv::few_outputs
