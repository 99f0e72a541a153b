// normalize and its gradient, over columns (axis 0: batch normalisation, a column a channel) or rows (axis 1:
// layer normalisation). The moments take two passes, as the variance as a difference of sums would lose its
// digits where the mean is large.
#include <cmath>

#include "../numbers.h"
#include "totals.h"

namespace fovea::FOVEA_ISA {
namespace {

/** The matrix as [outer, count, inner] around the axis that is averaged over. */
struct Matrix {
  int64_t rows, columns;
  bool by_row;
  explicit Matrix(Numbers& numbers)
      : rows(numbers.whole()), columns(numbers.whole()), by_row(numbers.whole() == 1) {}

  int64_t outer() const { return by_row ? rows : 1; }
  int64_t count() const { return by_row ? columns : rows; }
  int64_t inner() const { return by_row ? 1 : columns; }

  /** each(element, statistic of a column or a row, lanes) for every element. */
  template <class Each>
  void for_each(Each each) const {
    parallel_rows(rows, columns, [&](int64_t row, int64_t end) {
      for (; row < end; row++) {
        for_lanes(columns, [&](int64_t i, auto lanes) {
          const auto statistic = [&](const float* p) { return by_row ? splat(p[row]) : lanes.get(p + i); };
          each(row * columns + i, statistic, lanes);
        });
      }
    });
  }
};

/** The totals of (x - mean)^2. */
template <class Finish>
void squared_deviations(const Matrix& matrix, const float* x, const float* mean, Finish finish) {
  const int64_t columns = matrix.columns;
  if (matrix.by_row) {
    totals_over<Sum, 1>(
        matrix.rows, columns, 1,
        [=](Place at, auto lanes) {
          const vf d = lanes.get(x + at.element) - mean[at.outer];
          return Values<1>{{d * d}};
        },
        finish);
    return;
  }
  // The means as often side by side as there are rows in a folded one.
  const Folded f(matrix.rows, columns);
  float* wide = (float*)shared_scratch(1, size_t(f.width) * sizeof(float));
  for (int64_t i = 0; i < f.width; i++) wide[i] = mean[i % columns];
  totals_over<Sum, 1>(
      1, matrix.rows, columns,
      [=](Place at, auto lanes) {
        const vf d = lanes.get(x + at.element) - lanes.get(wide + at.column);
        return Values<1>{{d * d}};
      },
      finish);
}

}  // namespace

void normalize(const Call& call) {
  Numbers numbers(call);
  const Matrix matrix(numbers);
  const double epsilon = numbers.real(), count = double(matrix.count());
  const float* x = call.operands[0];
  float *y = call.operands[1], *mean = call.operands[2], *inverse_std = call.operands[3],
        *variance = call.operands[4];

  totals_over<Sum, 1>(
      matrix.outer(), matrix.count(), matrix.inner(),
      [=](Place at, auto lanes) { return Values<1>{{lanes.get(x + at.element)}}; },
      [=](int64_t first, int64_t n, const Totals<Sum, 1>& totals) {
        for (int64_t i = 0; i < n; i++) mean[first + i] = float(totals.of[0][i] / count);
      });
  squared_deviations(matrix, x, mean, [=](int64_t first, int64_t n, const Totals<Sum, 1>& totals) {
    for (int64_t i = 0; i < n; i++) {
      const double v = totals.of[0][i] / count;
      variance[first + i] = float(v);
      inverse_std[first + i] = float(1 / std::sqrt(v + epsilon));
    }
  });
  matrix.for_each([=](int64_t i, auto statistic, auto lanes) {
    lanes.put(y + i, (lanes.get(x + i) - statistic(mean)) * statistic(inverse_std));
  });
}

void normalize_grad(const Call& call) {
  Numbers numbers(call);
  const Matrix matrix(numbers);
  const double count = double(matrix.count());
  const float *y = call.operands[0], *inverse_std = call.operands[1], *dy = call.operands[2];
  float* dx = call.operands[3];

  float* mean_dy = (float*)shared_scratch(1, size_t(2 * matrix.outer() * matrix.inner()) * sizeof(float));
  float* mean_dy_y = mean_dy + matrix.outer() * matrix.inner();
  totals_over<Sum, 2>(
      matrix.outer(), matrix.count(), matrix.inner(),
      [=](Place at, auto lanes) {
        const vf g = lanes.get(dy + at.element);
        return Values<2>{{g, g * lanes.get(y + at.element)}};
      },
      [=](int64_t first, int64_t n, const Totals<Sum, 2>& totals) {
        for (int64_t i = 0; i < n; i++) {
          mean_dy[first + i] = float(totals.of[0][i] / count);
          mean_dy_y[first + i] = float(totals.of[1][i] / count);
        }
      });
  matrix.for_each([=](int64_t i, auto statistic, auto lanes) {
    const vf centred = lanes.get(dy + i) - statistic(mean_dy) - lanes.get(y + i) * statistic(mean_dy_y);
    lanes.put(dx + i, statistic(inverse_std) * centred);
  });
}

}  // namespace fovea::FOVEA_ISA
