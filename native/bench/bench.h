// A small bench harness: a file of this folder adds its cases with `static const Add a("name", flops,
// prepare)`.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "dispatch.h"
#include "thread_pool.h"

namespace fovea::bench {

struct Case {
  std::string name;
  double flops;
  std::function<std::function<void()>()> prepare;  // makes the operands; returns the timed part
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

/** The fastest run within about `budget` seconds, at least five of them. */
inline double best_seconds(const std::function<void()>& body, double budget) {
  using clock = std::chrono::steady_clock;
  double best = 1e30, spent = 0;
  body();
  for (int round = 0; round < 5 || spent < budget; round++) {
    const auto begin = clock::now();
    body();
    const double seconds = std::chrono::duration<double>(clock::now() - begin).count();
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

/** Random numbers in [-1, 1) that stay alive as long as the holder. */
inline std::vector<float> random_numbers(size_t length, uint32_t seed) {
  std::vector<float> numbers(length);
  uint64_t state = seed * 0x9e3779b97f4a7c15ull + 1;
  for (float& x : numbers) {
    state = state * 6364136223846793005ull + 1442695040888963407ull;
    x = (float)(int32_t)(state >> 32) * 0x1p-31f;
  }
  return numbers;
}

}  // namespace fovea::bench
