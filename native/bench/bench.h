// A small bench harness: a file of this folder adds its cases with `static const Add a("name", flops,
// prepare)`.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <ctime>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "program/dispatch.h"
#include "runtime/memory.h"
#include "runtime/thread_pool.h"

namespace fovea::bench {

struct Case {
  std::string name;
  double flops;
  std::function<std::function<void()>()> prepare;  // makes the operands; returns the timed part
  double bytes = 0;                                // moved at least; of kernels that memory bounds
};

inline std::vector<Case>& cases() {
  static std::vector<Case> list;
  return list;
}

struct Add {
  Add(std::string name, double flops, std::function<std::function<void()>()> prepare) {
    cases().push_back({std::move(name), flops, std::move(prepare)});
  }
};

struct AddMoving {
  AddMoving(std::string name, double bytes, std::function<std::function<void()>()> prepare) {
    cases().push_back({std::move(name), 0, std::move(prepare), bytes});
  }
};

/** Seconds by the clock; with one thread, of that thread on a core, so that other processes matter less. */
inline double now() {
#if defined(CLOCK_THREAD_CPUTIME_ID)
  timespec t;
  clock_gettime(threads() == 1 ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
#else
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
#endif
}

/** The fastest run within about `budget` seconds, at least five of them. */
inline double best_seconds(const std::function<void()>& body, double budget) {
  double best = 1e30, spent = 0;
  body();
  for (int round = 0; round < 5 || spent < budget; round++) {
    const double begin = now();
    body();
    const double seconds = now() - begin;
    best = std::min(best, seconds);
    spent += seconds;
  }
  return best;
}

/** Operations a second of the multiply-add loop on all threads together. */
inline double measure_peak() {
  std::vector<double> each(threads());
  parallel_for(threads(), [&](int i, int) { each[i] = kernels().peak_flops(0.1); });
  double total = 0;
  for (double one : each) total += one;
  return total;
}

/** Bytes a second, read and written, of memcpy on all threads together, over 8 MiB. */
inline double measure_copy() {
  constexpr size_t kBytes = 4 << 20;
  std::unique_ptr<char[]> from(new char[kBytes]()), to(new char[kBytes]());
  const size_t part = kBytes / (size_t)threads();
  const auto copy = [&] {
    parallel_for(threads(), [&](int i, int) { std::memcpy(&to[i * part], &from[i * part], part); });
  };
  return 2.0 * kBytes / best_seconds(copy, 0.2);
}

/** Numbers in memory like the addon's own blocks. */
inline std::shared_ptr<float> numbers(size_t length) {
  return {(float*)allocate_aligned(length * sizeof(float)), [](float* p) { free_aligned(p); }};
}

/** The same, random in [-1, 1). */
inline std::shared_ptr<float> random_numbers(size_t length, uint32_t seed) {
  auto made = numbers(length);
  uint64_t state = seed * 0x9e3779b97f4a7c15ull + 1;
  for (size_t i = 0; i < length; i++) {
    state = state * 6364136223846793005ull + 1442695040888963407ull;
    made.get()[i] = (float)(int32_t)(state >> 32) * 0x1p-31f;
  }
  return made;
}

}  // namespace fovea::bench
