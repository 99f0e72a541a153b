// normalize and its gradient, over columns (axis 0: batch normalisation, a column a channel) or rows (axis 1:
// layer normalisation). The moments take two passes, as the variance as a difference of sums would lose its
// digits where the mean is large.
#include <cmath>

#include "kernels/reduce/totals.h"
#include "program/numbers.h"

namespace fovea::FOVEA_ISA {
namespace {

struct Moments {
  float *mean, *inverse_std, *variance;
  double count, epsilon;
  void set_variance(int64_t i, double squares) const {
    const double v = squares / count;
    variance[i] = float(v);
    inverse_std[i] = float(1 / std::sqrt(v + epsilon));
  }
};

/** A row that is in L1 after the first pass. */
void normalize_row(const float* x, float* y, int64_t columns, int64_t row, const Moments& to) {
  const auto value = [x](int64_t i, auto lanes) { return Values<1>{{lanes.get(x + i)}}; };
  to.mean[row] = float(row_totals<Sum, 1>(columns, value)[0] / to.count);
  const vf mean = splat(to.mean[row]);
  const auto square = [x, mean](int64_t i, auto lanes) {
    const vf d = lanes.get(x + i) - mean;
    return Values<1>{{d * d}};
  };
  to.set_variance(row, row_totals<Sum, 1>(columns, square)[0]);
  const vf scale = splat(to.inverse_std[row]);
  for_lanes(columns, [=](int64_t i, auto lanes) { lanes.put(y + i, (lanes.get(x + i) - mean) * scale); });
}

void normalize_columns(const float* x, float* y, int64_t rows, int64_t columns, const Moments& to) {
  totals_over<Sum, 1>(
      1, rows, columns, [=](Place at, auto lanes) { return Values<1>{{lanes.get(x + at.element)}}; },
      [&](int64_t first, int64_t n, const Totals<Sum, 1>& totals) {
        for (int64_t i = 0; i < n; i++) to.mean[first + i] = float(totals.of[0][i] / to.count);
      });
  // The means as often side by side as there are rows in a folded one.
  const Folded f(rows, columns);
  float* wide = (float*)shared_scratch(1, size_t(f.width) * sizeof(float));
  for (int64_t i = 0; i < f.width; i++) wide[i] = to.mean[i % columns];
  totals_over<Sum, 1>(
      1, rows, columns,
      [=](Place at, auto lanes) {
        const vf d = lanes.get(x + at.element) - lanes.get(wide + at.column);
        return Values<1>{{d * d}};
      },
      [&](int64_t first, int64_t n, const Totals<Sum, 1>& totals) {
        for (int64_t i = 0; i < n; i++) to.set_variance(first + i, totals.of[0][i]);
      });
  parallel_rows(rows, columns, [&](int64_t row, int64_t end) {
    for (; row < end; row++)
      for_lanes(columns, [&](int64_t i, auto lanes) {
        const vf centred = lanes.get(x + row * columns + i) - lanes.get(to.mean + i);
        lanes.put(y + row * columns + i, centred * lanes.get(to.inverse_std + i));
      });
  });
}

/** dy and dy * y, whose means the gradient takes away. */
template <class Lanes>
Values<2> gradient_terms(const float* y, const float* dy, int64_t i, Lanes lanes) {
  const vf g = lanes.get(dy + i);
  return {{g, g * lanes.get(y + i)}};
}

void normalize_row_grad(const float* y, const float* dy, float* dx, int64_t columns, float inverse_std) {
  const auto totals =
      row_totals<Sum, 2>(columns, [=](int64_t i, auto lanes) { return gradient_terms(y, dy, i, lanes); });
  const vf mean = splat(float(totals[0] / double(columns))),
           with_y = splat(float(totals[1] / double(columns)));
  const vf scale = splat(inverse_std);
  for_lanes(columns, [=](int64_t i, auto lanes) {
    lanes.put(dx + i, scale * (lanes.get(dy + i) - mean - lanes.get(y + i) * with_y));
  });
}

void normalize_columns_grad(const float* y, const float* dy, float* dx, int64_t rows, int64_t columns,
                            const float* inverse_std) {
  float* mean = (float*)shared_scratch(1, size_t(2 * columns) * sizeof(float));
  float* with_y = mean + columns;
  totals_over<Sum, 2>(
      1, rows, columns, [=](Place at, auto lanes) { return gradient_terms(y, dy, at.element, lanes); },
      [=](int64_t first, int64_t n, const Totals<Sum, 2>& totals) {
        for (int64_t i = 0; i < n; i++) {
          mean[first + i] = float(totals.of[0][i] / double(rows));
          with_y[first + i] = float(totals.of[1][i] / double(rows));
        }
      });
  parallel_rows(rows, columns, [=](int64_t row, int64_t end) {
    for (; row < end; row++)
      for_lanes(columns, [=](int64_t i, auto lanes) {
        const int64_t at = row * columns + i;
        const vf centred =
            lanes.get(dy + at) - lanes.get(mean + i) - lanes.get(y + at) * lanes.get(with_y + i);
        lanes.put(dx + at, lanes.get(inverse_std + i) * centred);
      });
  });
}

}  // namespace

void normalize(const Call& call) {
  Numbers numbers(call);
  const int64_t rows = numbers.whole(), columns = numbers.whole();
  const bool by_row = numbers.flag();
  const Moments moments{call.operands[2], call.operands[3], call.operands[4], double(by_row ? columns : rows),
                        numbers.real()};
  const float* x = call.operands[0];
  float* y = call.operands[1];
  if (!by_row) return normalize_columns(x, y, rows, columns, moments);
  parallel_rows(rows, columns, [&](int64_t row, int64_t end) {
    for (; row < end; row++) normalize_row(x + row * columns, y + row * columns, columns, row, moments);
  });
}

void normalize_grad(const Call& call) {
  Numbers numbers(call);
  const int64_t rows = numbers.whole(), columns = numbers.whole();
  const bool by_row = numbers.flag();
  const float *y = call.operands[0], *inverse_std = call.operands[1], *dy = call.operands[2];
  float* dx = call.operands[3];
  if (!by_row) return normalize_columns_grad(y, dy, dx, rows, columns, inverse_std);
  parallel_rows(rows, columns, [=](int64_t row, int64_t end) {
    for (; row < end; row++) {
      const int64_t at = row * columns;
      normalize_row_grad(y + at, dy + at, dx + at, columns, inverse_std[row]);
    }
  });
}

}  // namespace fovea::FOVEA_ISA
