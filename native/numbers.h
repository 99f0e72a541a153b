// Reads a call's flat list of numbers in the order in which src/backend/native/encode-elements.ts wrote them.
#pragma once

#include "call.h"

namespace fovea {

/** The most axes that a kernel's operand has. */
constexpr int kMaxRank = 8;

class Numbers {
 public:
  explicit Numbers(const Call& call) : next_(call.numbers) {}
  double real() { return *next_++; }
  int64_t whole() { return int64_t(*next_++); }
  int small() { return int(*next_++); }
  bool flag() { return *next_++ != 0; }
  void whole(int64_t* out, int count) {
    for (int i = 0; i < count; i++) out[i] = whole();
  }

 private:
  const double* next_;
};

}  // namespace fovea
