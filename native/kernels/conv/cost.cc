// The two factors of cost models that depend on the machine's caches and shuffles.
#include "kernels/conv/cost.h"

#include "kernels/conv/shared/planes.h"

namespace fovea::FOVEA_ISA::conv {

double beyond_caches(const ConvWork& w) {
  constexpr double kHeld = 16e6;  // bytes that a L3 holds
  const ConvShape& s = w.s;
  const double elements =
      is_input_grad(w) ? (double)s.n * s.h * s.w * s.ci : (double)s.n * s.oh * s.ow * s.co;
  return elements * sizeof(float) < kHeld ? 0 : elements;
}

double planar_factor(int channels) { return channels <= kShuffledChannels ? 1 : 1.5; }

}  // namespace fovea::FOVEA_ISA::conv
