// `implicit-gemm`, forward and backward in the input: each phase of a plan (conv/plan.h) is a matrix product of gathered pixels
// [output pixels, taps * channels] and packed weights [taps * channels, outputs], made by the register tile of
// conv/microkernel/tile.h. Pixels are read where they lie; no matrix of them is ever made.
#pragma once

#include <functional>

#include "kernels/conv/gather.h"
#include "kernels/conv/implicit_gemm/pack.h"

namespace fovea::FOVEA_ISA::conv::implicit_gemm {

/** Is such a call, forward or backward in the input, given to gemm()? It copies the pixels, and C before the epilogue. */
bool is_product(Direction direction, const ConvShape& s);

/** `weights` gives a thread the packed weights that it shall read. */
void forward(const Gather& g, const std::function<const float*(int thread)>& weights);

}  // namespace fovea::FOVEA_ISA::conv::implicit_gemm
