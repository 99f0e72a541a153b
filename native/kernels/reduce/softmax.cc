// softmax and its logarithm, a row at a time.
#include "kernels/reduce/totals.h"
#include "kernels/simd/math.h"
#include "program/numbers.h"

namespace fovea::FOVEA_ISA {
namespace {

void softmax_row(const float* x, float* y, int64_t columns, bool is_logarithm) {
  const auto largest =
      row_totals<Largest, 1>(columns, [x](int64_t i, auto lanes) { return Values<1>{{lanes.get(x + i)}}; });
  const vf top = splat(float(largest[0]));
  const auto sum = row_totals<Sum, 1>(columns, [=](int64_t i, auto lanes) {
    const vf shifted = lanes.get(x + i) - top, e = exponential(shifted);
    lanes.put(y + i, is_logarithm ? shifted : e);
    return Values<1>{{e}};
  });
  if (is_logarithm) {
    const vf log_total = splat(float(std::log(sum[0])));
    for_lanes(columns, [=](int64_t i, auto lanes) { lanes.put(y + i, lanes.get(y + i) - log_total); });
  } else {
    const vf scale = splat(float(1 / sum[0]));
    for_lanes(columns, [=](int64_t i, auto lanes) { lanes.put(y + i, lanes.get(y + i) * scale); });
  }
}

}  // namespace

void softmax(const Call& call) {
  Numbers numbers(call);
  const int64_t rows = numbers.whole(), columns = numbers.whole();
  const bool is_logarithm = numbers.flag();
  const float* x = call.operands[0];
  float* y = call.operands[1];
  parallel_rows(rows, columns, [=](int64_t row, int64_t end) {
    for (; row < end; row++) softmax_row(x + row * columns, y + row * columns, columns, is_logarithm);
  });
}

}  // namespace fovea::FOVEA_ISA
