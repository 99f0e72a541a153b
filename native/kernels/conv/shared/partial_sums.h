// The end of a weight gradient: partial sums for the taps of a plan's phases, one set a split, added up to
// the kernel's elements.
#pragma once

#include <algorithm>

#include "kernels/conv/plan.h"
#include "runtime/cpu.h"

namespace fovea::FOVEA_ISA::conv {

struct PhaseSums {
  const AxisPhase *y, *x;
  ptrdiff_t offset;  // of [tap y][tap x][ci/groups][co] in each set
};

constexpr int kMinTasks = 16;

struct Partials {
  const ConvShape& s;
  std::vector<PhaseSums> phases;
  ptrdiff_t size = 0;  // floats of a set
  int splits = 1;

  explicit Partials(const ConvShape& s, const Plan& plan) : s(s) {
    for (const AxisPhase& y : plan.y)
      for (const AxisPhase& x : plan.x) {
        phases.push_back({&y, &x, size});
        size += (ptrdiff_t)(y.taps.size() * x.taps.size()) * (s.ci / s.groups) * s.co;
      }
  }
  /** As many splits of `blocks` as keep the cores busy, all of them alike, in 4 MiB of sets. */
  void split(int blocks) {
    const ptrdiff_t most = (4 << 20) / (size * (ptrdiff_t)sizeof(float));
    splits = even(std::clamp((int)std::min<ptrdiff_t>(blocks, most), 1, kMinTasks));
  }
  /** Rounded down to as many for each core: cores, unlike threads, stay as they are, and so do the sums. */
  static int even(int splits) {
    const int cores = cpu().cores;
    return splits > cores ? splits - splits % cores : splits;
  }
  /** Whether a single set is dw itself: then nothing needs adding. */
  bool are_result() const { return splits == 1 && s.up == 1 && phases.size() == 1; }
};

/** Where the sets go: dw or scratch memory. */
float* room_for(const Partials& p, float* dw);
/** dw's element (p, q) is the sum of the taps that contain it, over all phases and splits, in that order. */
void add_up(const Partials& p, const float* sets, float* dw);

}  // namespace fovea::FOVEA_ISA::conv
