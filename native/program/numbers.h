// Reads a call's flat list of numbers in the order in which src/backend/cpp/encode-elements.ts wrote them.
#pragma once

#include "program/call.h"
#include "runtime/fail.h"

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
      fail(Message() << "native: a tensor of more than " << kMaxRank << " axes; reshape it to fewer");
    return rank;
  }
  void whole(int64_t* out, int count) {
    for (int i = 0; i < count; i++) out[i] = whole();
  }

 private:
  const double* next_;
};

/** What a call of matmul or of the convolution trio ends with: flags, activation, gradientOf, alpha and variant of its numbers,
 * and its operands a, b, bias?, residual?, saved?, output. */
struct ProductEnd {
  int flags, variant;
  Epilogue epilogue;
  const float *a, *b;
  float* out;

  ProductEnd(Numbers& numbers, const Call& call) {
    flags = numbers.small();
    epilogue.activation = (Activation)numbers.small();
    epilogue.gradient_of = (Activation)numbers.small();
    epilogue.alpha = (float)numbers.real();
    variant = numbers.small();
    float* const* operand = call.operands;
    a = *operand++;
    b = *operand++;
    if (flags & kHasBias) epilogue.bias = *operand++;
    if (flags & kHasResidual) epilogue.residual = *operand++;
    if (flags & kHasSaved) epilogue.saved = *operand++;
    out = *operand;
  }
};

}  // namespace fovea
