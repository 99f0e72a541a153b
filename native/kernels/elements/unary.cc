// unary, unaryGrad and select: kernels whose operands all have the output's shape.
#include "kernels/elements/loops.h"
#include "kernels/simd/lanes.h"
#include "program/numbers.h"

namespace fovea::FOVEA_ISA {

void unary(const Call& call) {
  Numbers numbers(call);
  const int64_t size = numbers.whole();
  const UnaryRun run = unary_run(numbers.small());
  const float alpha = float(numbers.real());
  const float* x = call.operands[0];
  float* y = call.operands[1];
  parallel_ranges(size, kChunk, [=](int64_t i, int64_t end) { run(x + i, y + i, end - i, alpha); });
}

void unary_grad(const Call& call) {
  Numbers numbers(call);
  const int64_t size = numbers.whole();
  const GradientRun run = gradient_run(numbers.small());
  const float alpha = float(numbers.real());
  const float *saved = call.operands[0], *dy = call.operands[1];
  float* dx = call.operands[2];
  parallel_ranges(size, kChunk,
                  [=](int64_t i, int64_t end) { run(saved + i, dy + i, dx + i, end - i, alpha); });
}

void select(const Call& call) {
  const int64_t size = Numbers(call).whole();
  const float *condition = call.operands[0], *a = call.operands[1], *b = call.operands[2];
  float* y = call.operands[3];
  parallel_ranges(size, kChunk,
                  [=](int64_t i, int64_t end) { select_run(condition + i, a + i, b + i, y + i, end - i); });
}

}  // namespace fovea::FOVEA_ISA
