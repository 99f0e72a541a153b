#include "kernels/simd/peak.h"

#include <algorithm>
#include <chrono>
#include <vector>

namespace fovea::FOVEA_ISA {

double peak_flops(double seconds) {
  using clock = std::chrono::steady_clock;
  // Two units times a latency of 4 or 5 cycles need 10 independent sums at least.
  constexpr int kChains = 12;
  // Some 5 ms a stretch, as long as the works that are measured against it: what the system takes of a core's time
  // in between (a timer's tick may cost 40 microseconds in a virtual machine) it takes from them too.
  constexpr int kSteps = 3000000;
  // From volatile floats, so that the compiler keeps them in registers and not as constants in memory.
  volatile float one_less = 0.999f, little = 0.001f;
  const vf factor = splat(one_less), term = splat(little);
  std::vector<double> stretches;
  const auto started = clock::now();
  do {
    vf sums[kChains];
    for (int i = 0; i < kChains; i++) sums[i] = splat((float)i);
    const auto begin = clock::now();
    for (int step = 0; step < kSteps; step++) {
#pragma GCC unroll 12
      for (int i = 0; i < kChains; i++) sums[i] = fma(sums[i], factor, term);
    }
    const double elapsed = std::chrono::duration<double>(clock::now() - begin).count();
    vf total = sums[0];
    for (int i = 1; i < kChains; i++) total += sums[i];
    volatile float used = sum(total);
    (void)used;
    stretches.push_back(2.0 * kLanes * kChains * kSteps / elapsed);
  } while (std::chrono::duration<double>(clock::now() - started).count() < seconds);
  // The median: the clock rises for moments, and other processes interrupt for longer ones.
  std::nth_element(stretches.begin(), stretches.begin() + (ptrdiff_t)stretches.size() / 2, stretches.end());
  return stretches[stretches.size() / 2];
}

}  // namespace fovea::FOVEA_ISA
