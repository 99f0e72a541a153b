// reduce: sum, mean, max or min over any axes. Neighbouring axes that are both reduced, or both kept, count
// as one; the reduced groups are then dealt with from the last to the first, each in a pass over [outer,
// count, inner].
#include "kernels/reduce/totals.h"
#include "program/numbers.h"

namespace fovea::FOVEA_ISA {
namespace {

enum class Function { sum, mean, max, min };

template <class Op>
void pass(const float* x, float* y, int64_t outer, int64_t count, int64_t inner, double divisor) {
  // Eight rows at a time are no order that the processor would see, and fetch what is next.
  constexpr ptrdiff_t kAhead = 512;
  const auto value = [x](Place at, auto lanes) {
    __builtin_prefetch(x + at.element + kAhead);
    return Values<1>{{lanes.get(x + at.element)}};
  };
  totals_over<Op, 1>(outer, count, inner, value,
                     [y, divisor](int64_t first, int64_t n, const Totals<Op, 1>& totals) {
                       for (int64_t i = 0; i < n; i++) y[first + i] = float(totals.of[0][i] / divisor);
                     });
}

void run_pass(Function function, const float* x, float* y, int64_t outer, int64_t count, int64_t inner,
              double divisor) {
  if (function == Function::max) return pass<Largest>(x, y, outer, count, inner, 1);
  if (function == Function::min) return pass<Smallest>(x, y, outer, count, inner, 1);
  pass<Sum>(x, y, outer, count, inner, divisor);
}

}  // namespace

void reduce(const Call& call) {
  Numbers numbers(call);
  const Function function = Function(numbers.small());
  const int rank = numbers.rank();
  int64_t shape[kMaxRank];
  numbers.whole(shape, rank);

  // groups of axes, alternately kept and reduced, first a kept one
  int64_t group[kMaxRank + 2] = {1};
  int groups = 1;
  int64_t count = 1;
  for (int axis = 0; axis < rank; axis++) {
    const bool reduced = numbers.flag();
    if (shape[axis] == 1) continue;
    if (reduced == (groups % 2 == 0)) {
      group[groups - 1] *= shape[axis];
    } else {
      group[groups++] = shape[axis];
    }
    if (reduced) count *= shape[axis];
  }
  if (groups % 2 == 0) group[groups++] = 1;
  const double divisor = function == Function::mean ? double(count) : 1;

  const float* x = call.operands[0];
  float* y = call.operands[1];
  if (groups == 1) return run_pass(function, x, y, group[0], 1, 1, divisor);
  int64_t inner = group[groups - 1];
  for (int g = groups - 2; g > 0; g -= 2) {
    int64_t outer = 1;
    for (int k = 0; k < g; k++) outer *= group[k];
    const bool last = g == 1;
    float* to = last ? y : (float*)shared_scratch(1 + g / 2 % 2, size_t(outer * inner) * sizeof(float));
    run_pass(function, x, to, outer, group[g], inner, last ? divisor : 1);
    x = to;
    inner *= group[g - 1];
  }
}

}  // namespace fovea::FOVEA_ISA
