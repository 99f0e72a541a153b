#include "runtime/core_distance.h"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <limits>

#include "runtime/cpu.h"
#include "runtime/thread_pool.h"

namespace fovea {
namespace {

int64_t nanoseconds() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
}

/** Nanoseconds: the longest transfer within an L3, how long a thread waits for the other, and between measurements. */
constexpr int64_t kMaxWithinL3 = 110, kPatience = 200'000, kInterval = 100'000'000;

std::atomic<bool> shared{false};  // the answer that loses less if it is wrong, until it is known
std::atomic<int64_t> next{0};     // when it is measured again

}  // namespace

int64_t line_transfer_time() {
  if (threads() == 1 || inside_task()) return -1;
  constexpr int kRounds = 8, kTimes = 3;
  struct alignas(64) Number {
    std::atomic<int> value{0};
  } present, turn;
  int64_t best = -1;
  parallel_for(2, [&](int index, int) {
    // The second to arrive finds a 1 there and makes it 2, or finds that the first has given up.
    int expected = 0;
    if (present.value.compare_exchange_strong(expected, 1)) {
      const int64_t until = nanoseconds() + kPatience;
      while (present.value.load() == 1 && nanoseconds() < until) continue;
      expected = 1;
      if (present.value.compare_exchange_strong(expected, 3)) return;
    } else if (expected != 1 || !present.value.compare_exchange_strong(expected, 2)) {
      return;
    }
    for (int time = 0, round = 0; time < kTimes; time++) {
      const int64_t begin = nanoseconds();
      for (int i = 0; i < kRounds; i++, round++) {
        while (turn.value.load() != 2 * round + index) continue;
        turn.value.store(2 * round + index + 1);
      }
      const int64_t each = (nanoseconds() - begin) / (2 * kRounds);
      if (index == 0 && (best < 0 || each < best)) best = each;
    }
  });
  return best;
}

bool cores_share_l3() {
  if (threads() == 1) return true;
  const int64_t now = nanoseconds();
  int64_t due = next;
  if (!inside_task() && now >= due && next.compare_exchange_strong(due, now + kInterval)) {
    const int64_t found = line_transfer_time();
    if (found >= 0) shared = found <= kMaxWithinL3;
  }
  return shared;
}

bool store_nontemporally(size_t bytes) { return bytes <= cpu().l2 && !cores_share_l3(); }

void suppose_cores_share_l3(bool supposed) {
  shared = supposed;
  next = std::numeric_limits<int64_t>::max();
}

}  // namespace fovea
