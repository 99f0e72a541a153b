// Reads a call's flat list of numbers in the order in which src/backend/native/encode-elements.ts wrote them.
#pragma once

#include <stdexcept>

#include "program/call.h"

namespace fovea {

/** The most axes that an operand of binary, reduce and copy may have. */
constexpr int kMaxRank = 32;

class Numbers {
 public:
  explicit Numbers(const Call& call) : next_(call.numbers) {}
  double real() { return *next_++; }
  int64_t whole() { return int64_t(*next_++); }
  int small() { return int(*next_++); }
  bool flag() { return *next_++ != 0; }
  int rank() {
    const int rank = small();
    if (rank > kMaxRank)
      throw std::length_error("native: a tensor of more than 32 axes; reshape it to fewer");
    return rank;
  }
  void whole(int64_t* out, int count) {
    for (int i = 0; i < count; i++) out[i] = whole();
  }

 private:
  const double* next_;
};

}  // namespace fovea
