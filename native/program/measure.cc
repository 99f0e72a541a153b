#include "program/measure.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <memory>
#include <numeric>
#include <vector>

#include "program/dispatch.h"
#include "runtime/cpu.h"
#include "runtime/memory.h"
#include "runtime/thread_pool.h"

namespace fovea {
namespace {

/** Sets the number of threads while it lives. */
class WithThreads {
 public:
  explicit WithThreads(int count) : before_(threads()) { set_threads(count); }
  ~WithThreads() { set_threads(before_); }

 private:
  int before_;
};

}  // namespace

double peak_flops(int threads, double seconds) {
  const int count = std::clamp(threads, 1, cpu().cores);
  const WithThreads with(count);
  constexpr int kTimes = 4;
  double best = 0;
  for (int time = 0; time < kTimes; time++) {
    std::vector<double> each(count);
    parallel_for(count, [&](int i, int) { each[i] = kernels().peak_flops(seconds / kTimes); });
    best = std::max(best, std::accumulate(each.begin(), each.end(), 0.0));
  }
  return best;
}

double copy_bandwidth(int threads) {
  constexpr size_t kBytes = (size_t)128 << 20;
  const int count = std::max(1, threads);
  const WithThreads with(count);
  const std::unique_ptr<void, void (*)(void*)> from(allocate_aligned(kBytes), free_aligned),
      to(allocate_aligned(kBytes), free_aligned);
  std::memset(from.get(), 1, kBytes);
  double best = 1e30;
  for (int round = 0; round < 6; round++) {
    const auto begin = std::chrono::steady_clock::now();
    const size_t part = kBytes / count;
    parallel_for(count, [&](int i, int) {
      std::memcpy((char*)to.get() + i * part, (char*)from.get() + i * part, part);
    });
    best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  }
  return 2.0 * (double)kBytes / best;
}

}  // namespace fovea
