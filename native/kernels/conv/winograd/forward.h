// `winograd-4x4`: the convolution trio by the transforms of winograd/transforms_1d.h, for the shapes of winograd/plan.h.
#pragma once

#include <functional>

#include "kernels/conv/gather.h"
#include "kernels/conv/winograd/plan.h"

namespace fovea::FOVEA_ISA::conv::winograd {

/** Floats from the transformed kernels of a phase's point, of `rows` rows, to those of the next. */
ptrdiff_t matrix_step(const Gather& g, ptrdiff_t rows);
ptrdiff_t weights_size(const Gather& g, const Phase& phase);  // floats
ptrdiff_t weights_size(const Gather& g, const std::vector<Phase>& phases);
/** For every phase and point: the matrix [parts * in_c, out_c] in panels, as tile.h reads them. */
void transform_weights(const Gather& g, const std::vector<Phase>& phases, const WeightLayout& w, float* to);
/** `weights` gives a thread the transformed kernels that it shall read. */
void forward(const Gather& g, const std::vector<Phase>& phases,
             const std::function<const float*(int thread)>& weights);

/** dw, for the phases of the forward plan. */
void weight_grad(const ConvShape& s, const Plan& plan, const std::vector<Phase>& phases, const float* x,
                 const float* dy, float* dw);

}  // namespace fovea::FOVEA_ISA::conv::winograd
