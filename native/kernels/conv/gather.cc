#include "kernels/conv/gather.h"

#include <algorithm>

#include "kernels/conv/shared/prefetch.h"
#include "kernels/simd/lanes.h"
#include "runtime/core_distance.h"
#include "runtime/cpu.h"

namespace fovea::FOVEA_ISA::conv {

Gather gather_forward(const ConvShape& s) {
  return {plan_forward(s), s.n, s.h, s.w, s.ci, s.oh, s.ow, s.co, s.groups, nullptr, nullptr, nullptr};
}

Gather gather_input_grad(const ConvShape& s) {
  return {plan_input_grad(s), s.n, s.oh, s.ow, s.co, s.h, s.w, s.ci, s.groups, nullptr, nullptr, nullptr};
}

Gather gather_of(const ConvCall& c, const ConvShape& shape) {
  Gather g = c.direction == Direction::forward ? gather_forward(shape) : gather_input_grad(shape);
  g.in = c.a, g.out = c.out, g.epilogue = c.epilogue.is_empty() ? nullptr : &c.epilogue;
  return g;
}

double Gather::products() const {
  const auto taps = [](const std::vector<AxisPhase>& axis, int size) {
    double sum = 0;
    for (const AxisPhase& phase : axis) sum += (double)phase.taps.size() * phase.count;
    return sum / size;
  };
  return taps(plan.y, out_h) * taps(plan.x, out_w) * in_c / groups;
}

bool Gather::stores_nontemporally(int contiguous) const {
  // An element of few products waits for memory if the cache would hold it; cores that share an L3 share the way to memory too.
  constexpr double kFewProducts = 10, kFewProductsOfNear = 19;
  constexpr size_t kMinBytes = (size_t)12 << 20;
  const size_t read = read_bytes(), written = written_bytes();
  const bool in_lines = contiguous % kLanes == 0 && begins_line(out);
  if (!kHasNontemporalStore || !in_lines || written < std::min(cpu().l3 * 3 / 8, kMinBytes)) return false;
  const bool held = read + written < cpu().l3 * 7 / 8;
  return !(held && products() <= (cores_share_l3() ? kFewProductsOfNear : kFewProducts));
}

bool Gather::prefetches_output() const { return exceeds_l3(written_bytes()); }

}  // namespace fovea::FOVEA_ISA::conv
