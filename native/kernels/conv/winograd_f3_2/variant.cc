// `winograd-squares` as a variant: which calls it serves, what they cost, how one is prepared.
#include "kernels/conv/cost.h"
#include "kernels/conv/winograd_f3_2/weight_grad.h"

namespace fovea::FOVEA_ISA::conv::winograd_f3_2 {
namespace {

// Weights of the model in cost.h's unit; fitted on Zen 5, 2026-11-26, and Zen 4, 2026-11-27.
constexpr double kTile =
    17.5 * kPasses;                 // 2x2 outputs, with an input channel and a vector of output channels
constexpr double kTransform = 140;  // a vector of columns of one input channel
constexpr double kEnd = 1100;       // the sums of an input channel and a vector of output channels

bool supports(const ConvWork& w) { return is_weight_grad(w) && fits(w.s); }

std::function<void()> prepare(const ConvCall& c) {
  return [&c] { weight_grad(c.shape, c.a, c.b, c.out); };
}

}  // namespace

double weight_grad_cost(const ConvWork& w) {
  const ConvShape& s = w.s;
  const int columns = ceil_div(s.ow, s.dilation_x);
  const double phases = (double)s.dilation_y * s.dilation_x,
               tile_rows = s.n * phases * ceil_div(s.oh, 2 * s.dilation_y), all = s.ci * vectors(s.co);
  const double transforms =
      kTransform * s.ci * planar_factor(2 * s.dilation_x * s.ci) * ceil_div(ceil_div(columns, 2) + 1, kLanes);
  return kStart + tile_rows * (kTile * ceil_div(columns, 2) * all + transforms) + kEnd * all;
}

extern const Variant kVariant;
const Variant kVariant = {"winograd-squares", supports, weight_grad_cost, prepare};

}  // namespace fovea::FOVEA_ISA::conv::winograd_f3_2
