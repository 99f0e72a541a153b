// A very small test harness: TEST(name) { ... fail("why"); ... }, guarded buffers, and the error measure.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "program/dispatch.h"
#include "runtime/memory.h"
#include "runtime/thread_pool.h"

namespace fovea::testing {

struct Test {
  const char* name;
  void (*run)();
};
std::vector<Test>& tests();
void fail(const std::string& what);
/** What the environment says of `name`, for tests of random cases. */
int number(const char* name, int otherwise);

struct Register {
  Register(const char* name, void (*run)()) { tests().push_back({name, run}); }
};

#define TEST(name)                                                             \
  static void test_##name();                                                   \
  static const ::fovea::testing::Register register_##name(#name, test_##name); \
  static void test_##name()

/** Numbers with guard words on both sides; `offset` floats off a 64-byte boundary. */
class Buffer {
 public:
  explicit Buffer(size_t length, int offset = 0)
      : length_(length), raw_((float*)allocate_aligned((length + 2 * kGuard) * 4)), start_(kGuard + offset) {
    for (size_t i = 0; i < length + 2 * kGuard; i++) raw_[i] = kWord;
  }
  ~Buffer() { free_aligned(raw_); }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  float* data() { return raw_ + start_; }
  float& operator[](size_t i) { return raw_[start_ + i]; }
  size_t size() const { return length_; }
  /** Uniform in [-1, 1), from a seed. */
  void fill(uint32_t seed) {
    uint64_t state = seed * 0x9e3779b97f4a7c15ull + 1;
    for (size_t i = 0; i < length_; i++) {
      state = state * 6364136223846793005ull + 1442695040888963407ull;
      (*this)[i] = (float)(int32_t)(state >> 32) * 0x1p-31f;
    }
  }
  /** Reports a write outside. */
  void check_guards(const std::string& what) const {
    for (size_t i = 0; i < length_ + 2 * kGuard; i++)
      if ((i < start_ || i >= start_ + length_) && raw_[i] != kWord)
        return fail(what + ": wrote outside its output");
  }

 private:
  static constexpr size_t kGuard = 32;
  static constexpr float kWord = 12345.678f;
  size_t length_;
  float* raw_;
  size_t start_;
};

/** Sum of squared differences over sum of squares; NaN if a value is. */
inline double normalised_error(const float* got, const std::vector<double>& expected) {
  double difference = 0, size = 0;
  for (size_t i = 0; i < expected.size(); i++) {
    difference += (got[i] - expected[i]) * (got[i] - expected[i]);
    size += expected[i] * expected[i];
  }
  return size > 0 ? difference / size : difference;
}

inline void expect_close(const float* got, const std::vector<double>& expected, double tolerance,
                         const std::string& what) {
  const double error = normalised_error(got, expected);
  if (!(error <= tolerance))
    fail(what + ": normalised squared error " + std::to_string(error * 1e12) + "e-12");
}

/** Every usable instruction set, or the one that FOVEA_ISA names. */
inline std::vector<const KernelTable*> tested_tables() {
  if (std::getenv("FOVEA_ISA")) return {&kernels()};
  return usable_tables();
}

inline void on_every_isa(const std::function<void(const KernelTable&)>& body) {
  for (const KernelTable* table : tested_tables()) body(*table);
}

/** Runs a kernel of a table by its name. */
inline void run_kernel(const KernelTable& table, const char* name, std::vector<float*> operands,
                       std::vector<double> numbers) {
  table.kernels[kernel_index(name)](
      {operands.data(), numbers.data(), (int)operands.size(), (int)numbers.size()});
}

}  // namespace fovea::testing
