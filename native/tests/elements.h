// Checks one call of a kernel against numbers worked out in double: with every instruction set, on one, two
// and three threads, which must give the same bits, on operands off any alignment and between guard words.
#pragma once

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "runtime/flush_denormals.h"
#include "tests/testing.h"

namespace fovea::testing {

using Floats = std::vector<float>;
using Doubles = std::vector<double>;

/** `count` numbers in [-scale, scale), from a seed. */
inline Floats random_floats(size_t count, uint32_t seed, float scale = 1) {
  Buffer numbers(count);
  numbers.fill(seed);
  Floats made(count);
  for (size_t i = 0; i < count; i++) made[i] = numbers[i] * scale;
  return made;
}

struct Case {
  std::string kernel, what;
  std::vector<Floats> inputs;
  Doubles numbers;
  /** What each output must hold: |got - expected| <= relative |expected| + absolute; NaN and infinities
   * alike. */
  std::vector<Doubles> expected;
  double relative = 1e-6, absolute = 1e-6;
  /** What each output holds before the call, if that matters. */
  std::vector<Floats> before = {};
};

inline bool agrees(float got, double expected, double relative, double absolute) {
  if (std::isnan(expected)) return std::isnan(got);
  if (std::isinf(expected) || std::abs(expected) > std::numeric_limits<float>::max())
    return got == float(expected);
  return std::abs(got - expected) <= relative * std::abs(expected) + absolute;
}

inline void check_outputs(const Case& c, const std::string& where, std::vector<Floats>& outputs) {
  for (size_t o = 0; o < outputs.size(); o++)
    for (size_t i = 0; i < outputs[o].size(); i++)
      if (!agrees(outputs[o][i], c.expected[o][i], c.relative, c.absolute))
        return fail(where + ": output " + std::to_string(o) + " at " + std::to_string(i) + " is " +
                    std::to_string(outputs[o][i]) + ", not " + std::to_string(c.expected[o][i]));
}

/** Runs the call once and returns its outputs. */
inline std::vector<Floats> run_case(const KernelTable& table, const Case& c, const std::string& where) {
  std::vector<std::unique_ptr<Buffer>> buffers;
  std::vector<float*> operands;
  for (const Floats& input : c.inputs) {
    buffers.push_back(std::make_unique<Buffer>(input.size(), 1 + int(buffers.size()) % 5));
    std::copy(input.begin(), input.end(), buffers.back()->data());
    operands.push_back(buffers.back()->data());
  }
  for (size_t o = 0; o < c.expected.size(); o++) {
    buffers.push_back(std::make_unique<Buffer>(c.expected[o].size(), (3 + 5 * int(o)) % 8));
    if (!c.before.empty()) std::copy(c.before[o].begin(), c.before[o].end(), buffers.back()->data());
    operands.push_back(buffers.back()->data());
  }
  const FlushDenormals as_in_the_addon;  // and as in the pool's threads
  run_kernel(table, c.kernel.c_str(), operands, c.numbers);
  std::vector<Floats> outputs;
  for (size_t b = 0; b < buffers.size(); b++) {
    Buffer& buffer = *buffers[b];
    buffer.check_guards(where);
    if (b >= c.inputs.size()) outputs.emplace_back(buffer.data(), buffer.data() + buffer.size());
  }
  return outputs;
}

inline void check(const Case& c) {
  on_every_isa([&](const KernelTable& table) {
    std::vector<Floats> first;
    for (int count : {1, 2, 3}) {
      set_threads(count);
      const std::string where = std::string(table.isa) + " " + c.kernel + " " + c.what;
      std::vector<Floats> outputs = run_case(table, c, where);
      if (count == 1) {
        first = outputs;
        check_outputs(c, where, outputs);
        continue;
      }
      for (size_t o = 0; o < outputs.size(); o++)
        if (!outputs[o].empty() &&
            std::memcmp(outputs[o].data(), first[o].data(), outputs[o].size() * 4) != 0)
          return fail(where + ": " + std::to_string(count) + " threads give other bits than one");
    }
  });
}

}  // namespace fovea::testing
