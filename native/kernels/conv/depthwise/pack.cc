// The weights of depthwise convolutions as forward.cc reads them: tap after tap of each phase, repeated over the
// pixels that fill whole vectors.
#include <algorithm>

#include "kernels/conv/depthwise/forward.h"
#include "kernels/conv/depthwise/view.h"

namespace fovea::FOVEA_ISA::conv::depthwise {

size_t weights_size(const Gather& g) { return g.plan.taps() * Pattern(g.plan, g.out_c).padded(); }

void pack(const Gather& g, const WeightLayout& w, float* packed) {
  const Pattern pattern(g.plan, g.out_c);
  std::vector<float> sums(g.out_c);
  for (const AxisPhase& y : g.plan.y)
    for (const AxisPhase& x : g.plan.x)
      for (const Tap& ty : y.taps)
        for (const Tap& tx : x.taps) {
          std::fill(sums.begin(), sums.end(), 0.0f);
          for_elements(ty, tx, [&](int p, int q) {
            for (int c = 0; c < g.out_c; c++)
              sums[c] += w.weights[(ptrdiff_t)(p * w.shape->kw + q) * g.out_c + c];
          });
          pattern.repeat(sums.data(), packed);
          packed += pattern.padded();
        }
}

}  // namespace fovea::FOVEA_ISA::conv::depthwise
