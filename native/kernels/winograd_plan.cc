#include "winograd_plan.h"

#include <algorithm>

namespace fovea::FOVEA_ISA::winograd {
namespace {

/** The parts along an axis; false where taps of a part are no neighbours or too many. */
bool split(const AxisPhase& axis, std::vector<PhasePart>& parts, int& longest) {
  const int step = axis.in_step;
  longest = 0;
  for (const Tap& tap : axis.taps) {
    PhasePart* home = nullptr;
    for (PhasePart& part : parts)
      if ((tap.offset - part.offset) % step == 0) home = &part;
    if (!home) home = &parts.emplace_back(PhasePart{tap.offset, {}});
    if (tap.offset != home->offset + (int)home->taps.size() * step) return false;
    home->taps.push_back(&tap);
    longest = std::max(longest, (int)home->taps.size());
  }
  for (const PhasePart& part : parts)
    if ((int)part.taps.size() < longest && longest == 3) return false;
  return longest >= 1 && longest <= 3;
}

}  // namespace

double gain(const std::vector<Phase>& phases) {
  double plain = 0, transformed = 0;
  for (const Phase& p : phases) {
    plain += (double)(p.y->taps.size() * p.x->taps.size()) * p.y->count * p.x->count;
    for (int point = 0; point < p.points(); point++)
      transformed += (double)p.depth(point) * p.tiles_y() * p.tiles_x();
  }
  return transformed > 0 ? plain / transformed : 0;
}

std::vector<Phase> phases_of(const Plan& plan) {
  std::vector<Phase> phases;
  bool gain = false;
  for (const AxisPhase& y : plan.y) {
    for (const AxisPhase& x : plan.x) {
      Phase phase{&y, &x, 0, 0, 0, 0, {}, {}};
      if (!split(y, phase.parts_y, phase.taps_y) || !split(x, phase.parts_x, phase.taps_x)) return {};
      if ((phase.taps_y == 3) != (phase.taps_x == 3)) return {};
      phase.points_y = phase.taps_y + 3;
      phase.points_x = phase.taps_x + 3;
      gain = gain || (phase.taps_y > 1 && phase.taps_x > 1);
      phases.push_back(phase);
    }
  }
  return gain ? phases : std::vector<Phase>{};
}

}  // namespace fovea::FOVEA_ISA::winograd
