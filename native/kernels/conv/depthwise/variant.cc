// `depthwise` as a variant: chosen wherever channels do not mix.
#include "kernels/conv/cost.h"
#include "kernels/conv/depthwise/forward.h"
#include "kernels/conv/shared/prepared.h"

namespace fovea::FOVEA_ISA::conv::depthwise {
namespace {

bool supports(const ConvWork& w) { return w.s.ci == w.s.groups && w.s.co == w.s.groups; }

double cost(const ConvWork& w) { return w.s.groups > 1 ? 0 : never(w); }

void run(const ConvCall& c) {
  if (c.direction == Direction::weight_grad) return weight_grad(c.shape, c.a, c.b, c.out);
  const Gather g = gather_of(c);
  const WeightLayout weights{&c.shape, c.b, false};  // transposed they are the same
  forward(g, prepared_weights(c.cache, weights_size(g), [&](float* to) { pack(g, weights, to); }));
}

}  // namespace

extern const Variant kVariant;
const Variant kVariant = {"depthwise", supports, cost, run};

}  // namespace fovea::FOVEA_ISA::conv::depthwise
