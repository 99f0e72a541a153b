#include "kernels/peak.h"

#include <algorithm>
#include <chrono>

// Keeps each sum in its register, and the compiler from merging steps.
#if defined(__x86_64__)
#define FOVEA_KEEP(v) __asm__ volatile("" : "+x"(v))
#elif defined(__aarch64__)
#define FOVEA_KEEP(v) __asm__ volatile("" : "+w"(v))
#else
#define FOVEA_KEEP(v)
#endif

namespace fovea::FOVEA_ISA {

double peak_flops(double seconds) {
  using clock = std::chrono::steady_clock;
  // Two units times a latency of 4 or 5 cycles need 10 independent sums at least.
  constexpr int kChains = 12, kSteps = 20000;
  vf sums[kChains];
  for (int i = 0; i < kChains; i++) sums[i] = splat(1.0f + (float)i);
  const vf factor = splat(0.999f), term = splat(0.001f);
  double best = 0;
  const auto started = clock::now();
  do {
    const auto begin = clock::now();
    vf s[kChains];
    for (int i = 0; i < kChains; i++) s[i] = sums[i];
    for (int step = 0; step < kSteps; step++) {
#pragma GCC unroll 12
      for (int i = 0; i < kChains; i++) {
        s[i] = fma(s[i], factor, term);
        FOVEA_KEEP(s[i]);
      }
    }
    for (int i = 0; i < kChains; i++) sums[i] = s[i];
    const double elapsed = std::chrono::duration<double>(clock::now() - begin).count();
    best = std::max(best, 2.0 * kLanes * kChains * kSteps / elapsed);
  } while (std::chrono::duration<double>(clock::now() - started).count() < seconds);
  return best;
}

}  // namespace fovea::FOVEA_ISA
