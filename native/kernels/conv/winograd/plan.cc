#include "kernels/conv/winograd/plan.h"

#include <algorithm>

namespace fovea::FOVEA_ISA::conv::winograd {
namespace {

/** The parts along an axis; false where taps are no neighbours. */
bool split(const AxisPhase& axis, std::vector<PhasePart>& parts, int& longest) {
  const int step = axis.in_step;
  std::vector<std::vector<const Tap*>> rows;  // taps that read the same sub-sequence
  for (const Tap& tap : axis.taps) {
    std::vector<const Tap*>* home = nullptr;
    for (auto& row : rows)
      if ((tap.offset - row[0]->offset) % step == 0) home = &row;
    if (!home) home = &rows.emplace_back();
    if (!home->empty() && tap.offset != home->back()->offset + step) return false;
    home->push_back(&tap);
  }
  longest = 0;
  for (const auto& row : rows) {
    const int taps = (int)row.size(), pieces = (taps + 2) / 3;
    for (int piece = 0; piece < pieces; piece++) {
      const int begin = taps * piece / pieces, end = taps * (piece + 1) / pieces;
      parts.push_back({row[begin]->offset, {row.begin() + begin, row.begin() + end}});
      longest = std::max(longest, end - begin);
    }
  }
  return longest > 0;
}

bool have_same_kernels(const std::vector<PhasePart>& a, const std::vector<PhasePart>& b) {
  const auto same_tap = [](const Tap* a, const Tap* b) { return a->elements == b->elements; };
  return std::ranges::equal(a, b, [&](const PhasePart& a, const PhasePart& b) {
    return std::ranges::equal(a.taps, b.taps, same_tap);
  });
}

}  // namespace

std::vector<Phase> phases_of(const Plan& plan) {
  std::vector<Phase> phases;
  bool gain = false;
  for (const AxisPhase& y : plan.y) {
    for (const AxisPhase& x : plan.x) {
      Phase phase{&y, &x, 0, 0, 0, 0, {}, {}, false};
      if (!split(y, phase.parts_y, phase.taps_y) || !split(x, phase.parts_x, phase.taps_x)) return {};
      if (phase.taps_y == 3 || phase.taps_x == 3)
        phase.taps_y = phase.taps_x = 3;  // the only pair with a three
      phase.points_y = phase.taps_y + 3;
      phase.points_x = phase.taps_x + 3;
      gain = gain || phase.taps_y > 1 || phase.taps_x > 1;
      phase.repeats = !phases.empty() && have_same_kernels(phase.parts_y, phases.back().parts_y) &&
                      have_same_kernels(phase.parts_x, phases.back().parts_x);
      phases.push_back(phase);
    }
  }
  return gain ? phases : std::vector<Phase>{};
}

}  // namespace fovea::FOVEA_ISA::conv::winograd
