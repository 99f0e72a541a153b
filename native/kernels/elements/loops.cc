// The loops that blocks.h names, one of each function.
#include "kernels/elements/loops.h"

#include "kernels/elements/functions.h"
#include "kernels/simd/lanes.h"

namespace fovea::FOVEA_ISA {
namespace {

template <class F>
void unary_loop(const float* x, float* y, int64_t n, float alpha) {
  const vf a = splat(alpha);
  for_lanes(n, [&](int64_t i, auto lanes) { lanes.put(y + i, F::value(lanes.get(x + i), a)); });
}

template <class F>
void gradient_loop(const float* saved, const float* dy, float* dx, int64_t n, float alpha) {
  const vf a = splat(alpha);
  for_lanes(n, [&](int64_t i, auto lanes) {
    lanes.put(dx + i, F::gradient(lanes.get(saved + i), lanes.get(dy + i), a));
  });
}

template <class F, Operand A, Operand B>
void binary_loop(const float* a, const float* b, float* y, int64_t n) {
  if (n <= 0) return;
  const vf a0 = splat(*a), b0 = splat(*b);
  for_lanes(n, [&](int64_t i, auto lanes) {
    const vf left = A == Operand::number ? a0 : lanes.get(a + i);
    const vf right = B == Operand::number ? b0 : lanes.get(b + i);
    lanes.put(y + i, F::value(left, right));
  });
}

#define FOVEA_ENTRY(F) unary_loop<functions::F>,
constexpr UnaryRun kUnary[] = {FOVEA_UNARY_FUNCTIONS(FOVEA_ENTRY)};
#undef FOVEA_ENTRY

#define FOVEA_ENTRY(F) gradient_loop<functions::F>,
constexpr GradientRun kGradient[] = {FOVEA_UNARY_FUNCTIONS(FOVEA_ENTRY)};
#undef FOVEA_ENTRY

#define FOVEA_ENTRY(F)                                         \
  {binary_loop<functions::F, Operand::array, Operand::array>,  \
   binary_loop<functions::F, Operand::array, Operand::number>, \
   binary_loop<functions::F, Operand::number, Operand::array>},
constexpr BinaryRun kBinary[][3] = {FOVEA_BINARY_FUNCTIONS(FOVEA_ENTRY)};
#undef FOVEA_ENTRY

}  // namespace

UnaryRun unary_run(int function) { return kUnary[function]; }
GradientRun gradient_run(int function) { return kGradient[function]; }
BinaryRun binary_run(int function, Operand a, Operand b) {
  return kBinary[function][a == Operand::number ? 2 : b == Operand::number ? 1 : 0];
}

void select_run(const float* condition, const float* a, const float* b, float* y, int64_t n) {
  for_lanes(n, [&](int64_t i, auto lanes) {
    lanes.put(y + i, lanes.get(condition + i) != 0.0f ? lanes.get(a + i) : lanes.get(b + i));
  });
}

}  // namespace fovea::FOVEA_ISA
