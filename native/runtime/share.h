// A thread's part of a job of the pool, from which others take when they have done theirs.
#pragma once

#include <atomic>
#include <cstdint>

namespace fovea {

/** The tasks that a thread has left, `next` to `end`, in one word: whoever shortens it owns the task that went. */
struct alignas(64) Share {
  std::atomic<uint64_t> word{0};
  std::atomic<bool> owner_is_inside{false};  // taking part in a job, where it may also take others' tasks

  static uint64_t of(uint32_t next, uint32_t end) { return (uint64_t)end << 32 | next; }

  /** What thread `thread` of `threads` has of `count` tasks at first: an equal share of neighbours. */
  static uint64_t first_of(int count, int thread, int threads) {
    const auto start = [&](int t) { return (uint32_t)((int64_t)count * t / threads); };
    return of(start(thread), start(thread + 1));
  }

  /** A task from the front or, for a thief, from the back; -1 if none is left. */
  int take(bool from_back) {
    uint64_t seen = word.load(std::memory_order_acquire);
    for (;;) {
      const uint32_t next = (uint32_t)seen, end = (uint32_t)(seen >> 32);
      if (next >= end) return -1;
      const uint64_t rest = from_back ? of(next, end - 1) : of(next + 1, end);
      if (word.compare_exchange_weak(seen, rest, std::memory_order_acq_rel))
        return (int)(from_back ? end - 1 : next);
    }
  }
};

}  // namespace fovea
