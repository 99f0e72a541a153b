// softmax and its logarithm, a row at a time.
#include "../math.h"
#include "../numbers.h"
#include "totals.h"

namespace fovea::FOVEA_ISA {
namespace {

/** The total of one row; at(column, lanes) gives the values. */
template <class Op, class At>
double row_total(Totals<Op, 1>& totals, int64_t columns, At at) {
  const Folded f(columns, 1);
  totals.clear(f.width);
  totals.add_rows(f.rows, f.width,
                  [&](int64_t r, int64_t i, auto lanes) { return at(r * f.width + i, lanes); });
  totals.add_rest(f.rest, [&](int64_t i, auto lanes) { return at(f.rows * f.width + i, lanes); });
  totals.fold(f.fold, 1);
  return totals.of[0][0];
}

void softmax_row(const float* x, float* y, int64_t columns, bool logarithm_wanted) {
  Totals<Largest, 1> largest;
  const vf top = splat(float(
      row_total(largest, columns, [x](int64_t i, auto lanes) { return Values<1>{{lanes.get(x + i)}}; })));
  Totals<Sum, 1> sum;
  const double total = row_total(sum, columns, [=](int64_t i, auto lanes) {
    const vf shifted = lanes.get(x + i) - top, e = exponential(shifted);
    lanes.put(y + i, logarithm_wanted ? shifted : e);
    return Values<1>{{e}};
  });
  if (logarithm_wanted) {
    const vf log_total = splat(float(std::log(total)));
    for_lanes(columns, [=](int64_t i, auto lanes) { lanes.put(y + i, lanes.get(y + i) - log_total); });
  } else {
    const vf scale = splat(float(1 / total));
    for_lanes(columns, [=](int64_t i, auto lanes) { lanes.put(y + i, lanes.get(y + i) * scale); });
  }
}

}  // namespace

void softmax(const Call& call) {
  Numbers numbers(call);
  const int64_t rows = numbers.whole(), columns = numbers.whole();
  const bool logarithm_wanted = numbers.flag();
  const float* x = call.operands[0];
  float* y = call.operands[1];
  parallel_rows(rows, columns, [=](int64_t row, int64_t end) {
    for (; row < end; row++) softmax_row(x + row * columns, y + row * columns, columns, logarithm_wanted);
  });
}

}  // namespace fovea::FOVEA_ISA
