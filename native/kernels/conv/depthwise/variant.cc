// `depthwise` as a variant: chosen wherever channels do not mix.
#include "kernels/conv/cost.h"
#include "kernels/conv/depthwise/forward.h"
#include "kernels/conv/shared/packed_weights.h"

namespace fovea::FOVEA_ISA::conv::depthwise {
namespace {

bool supports(const ConvWork& w) { return w.s.ci == w.s.groups && w.s.co == w.s.groups; }

double cost(const ConvWork& w) { return w.s.groups > 1 ? 0 : never(w); }

std::function<void()> prepare(const ConvCall& c) {
  if (c.direction == Direction::weight_grad) return [&c] { weight_grad(c.shape, c.a, c.b, c.out); };
  return [&c, g = gather_of(c)] {
    const WeightLayout weights{&c.shape, c.b, false};  // transposed they are the same
    forward(g, packed_weights(c.kept, weights_size(g), [&](float* to) { pack(g, weights, to); }));
  };
}

}  // namespace

extern const Variant kVariant;
const Variant kVariant = {"depthwise", supports, cost, prepare};

}  // namespace fovea::FOVEA_ISA::conv::depthwise
