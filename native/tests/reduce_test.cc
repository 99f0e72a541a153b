// reduce, softmax, normalize and its gradient against plain loops in double.
#include "tests/elements.h"

namespace fovea::testing {
namespace {

using Shape = std::vector<size_t>;

void check_reduce(int function, const Shape& shape, const std::vector<bool>& reduced, float offset = 0) {
  size_t size = 1, outputs = 1;
  Doubles numbers = {double(function), double(shape.size())};
  for (size_t n : shape) size *= n, numbers.push_back(double(n));
  std::string what = std::to_string(function) + " over";
  for (size_t k = 0; k < shape.size(); k++) {
    numbers.push_back(reduced[k]);
    if (!reduced[k]) outputs *= shape[k];
    what += ' ';
    what += std::to_string(shape[k]);
    if (reduced[k]) what += '*';
  }
  Floats x = random_floats(size, uint32_t(size));
  for (float& v : x) v += offset;
  const double start = function == 2 ? -INFINITY : function == 3 ? INFINITY : 0;
  Doubles expected(outputs, start);
  for (size_t i = 0; i < size; i++) {
    size_t rest = i, at = 0, step = 1;
    for (size_t k = shape.size(); k-- > 0; rest /= shape[k]) {
      if (reduced[k]) continue;
      at += rest % shape[k] * step;
      step *= shape[k];
    }
    double& y = expected[at];
    y = function < 2 ? y + x[i] : function == 2 ? std::max(y, double(x[i])) : std::min(y, double(x[i]));
  }
  const double count = outputs ? double(size) / double(outputs) : 1;
  if (function == 1)
    for (double& y : expected) y /= count;
  // sums: rounding errors grow slowly with the number of terms, each of which is about 1
  const double absolute = function == 0 ? 2e-7 * std::sqrt(count) : function == 1 ? 2e-7 : 0;
  check({"reduce", what, {x}, numbers, {expected}, 1.5e-7, absolute});
}

TEST(reduce_every_pattern) {
  for (int f = 0; f < 4; f++) {
    check_reduce(f, {}, {});
    check_reduce(f, {1}, {true});
    check_reduce(f, {7}, {false});
    for (size_t n : {2, 15, 63, 64, 65, 511, 513, 5000}) check_reduce(f, {n}, {true});
    check_reduce(f, {300007}, {true});
    check_reduce(f, {1000, 10}, {false, true});
    check_reduce(f, {77, 513}, {false, true});
    check_reduce(f, {3, 70001}, {false, true});
    for (size_t c : {1, 2, 3, 5, 8, 16, 31, 33, 48, 63, 64, 65, 100, 1025})
      check_reduce(f, {517, c}, {true, false});
    check_reduce(f, {60001, 3}, {true, false});
    check_reduce(f, {5001, 64}, {true, false});
    check_reduce(f, {9, 3001}, {true, false});
    check_reduce(f, {2, 37, 41, 3}, {true, true, true, false});
    check_reduce(f, {4, 19, 17, 24}, {false, true, true, false});
    check_reduce(f, {5, 1, 6, 7}, {true, false, false, true});
    check_reduce(f, {2, 3, 4, 5, 6, 7}, {true, false, true, false, true, false});
    check_reduce(f, {2, 3, 4, 5, 6, 7}, {false, true, false, true, false, true});
    check_reduce(f, {2, 1, 3, 2, 1, 2, 3, 1, 2, 2},
                 {true, false, false, true, true, false, true, false, true, false});
    check_reduce(f, {0, 5}, {true, false});
    check_reduce(f, {5, 0}, {true, false});
    check_reduce(f, {5, 0}, {false, true});
  }
}

TEST(reduce_keeps_digits_beside_a_large_mean) {
  check_reduce(1, {300007}, {true}, 1000);
  check_reduce(1, {40001, 5}, {true, false}, 1000);
  check_reduce(0, {1000003}, {true}, 1);
}

TEST(reduce_lets_nan_through) {
  for (size_t at : {0, 70, 998})
    for (int f = 0; f < 4; f++) {
      Floats x = random_floats(999, 1);
      x[at] = std::numeric_limits<float>::quiet_NaN();
      check({"reduce", "NaN", {x}, {double(f), 1, 999, 1}, {{NAN}}});
    }
}

TEST(softmax_rows) {
  for (auto [rows, columns] : std::vector<std::pair<size_t, size_t>>{
           {1, 1}, {3, 10}, {5000, 10}, {7, 64}, {9, 77}, {2, 5003}, {0, 5}, {4, 0}})
    for (int log : {0, 1}) {
      Floats x = random_floats(rows * columns, 5, 30);
      Doubles expected(x.size());
      for (size_t r = 0; r < rows; r++) {
        const float* row = x.data() + r * columns;
        double top = -INFINITY, total = 0;
        for (size_t j = 0; j < columns; j++) top = std::max(top, double(row[j]));
        for (size_t j = 0; j < columns; j++) total += std::exp(row[j] - top);
        for (size_t j = 0; j < columns; j++)
          expected[r * columns + j] = log ? row[j] - top - std::log(total) : std::exp(row[j] - top) / total;
      }
      check({"softmax",
             std::to_string(rows) + "x" + std::to_string(columns),
             {x},
             {double(rows), double(columns), double(log)},
             {expected},
             1e-6,
             1e-9});
    }
  check({"softmax", "of NaN", {{1, NAN, 2}}, {1, 3, 0}, {{NAN, NAN, NAN}}});
}

struct Groups {
  size_t groups, count, group_step, step;
  Groups(size_t rows, size_t columns, int axis)
      : groups(axis ? rows : columns),
        count(axis ? columns : rows),
        group_step(axis ? columns : 1),
        step(axis ? 1 : columns) {}
};

const std::vector<std::pair<size_t, size_t>> kMatrices = {
    {1, 1}, {2, 3}, {100, 1}, {1, 100}, {3001, 3}, {4097, 64}, {513, 65}, {40, 1500}, {5, 40001}};

TEST(normalize_moments_and_values) {
  for (auto [rows, columns] : kMatrices)
    for (int axis : {0, 1}) {
      Floats x = random_floats(rows * columns, 9, 2);
      for (size_t i = 0; i < x.size(); i++) x[i] += float(i % columns % 8);
      const Groups g(rows, columns, axis);
      Doubles y(x.size()), mean(g.groups), inverse(g.groups), variance(g.groups);
      for (size_t k = 0; k < g.groups; k++) {
        const auto at = [&](size_t i) { return k * g.group_step + i * g.step; };
        for (size_t i = 0; i < g.count; i++) mean[k] += x[at(i)] / double(g.count);
        for (size_t i = 0; i < g.count; i++)
          variance[k] += (x[at(i)] - mean[k]) * (x[at(i)] - mean[k]) / double(g.count);
        inverse[k] = 1 / std::sqrt(variance[k] + 0.1);
        for (size_t i = 0; i < g.count; i++) y[at(i)] = (x[at(i)] - mean[k]) * inverse[k];
      }
      const std::string what =
          std::to_string(rows) + "x" + std::to_string(columns) + " axis " + std::to_string(axis);
      check({"normalize",
             what,
             {x},
             {double(rows), double(columns), double(axis), 0.1},
             {y, mean, inverse, variance},
             1e-6,
             2e-6});
    }
}

TEST(normalize_gradient) {
  for (auto [rows, columns] : kMatrices)
    for (int axis : {0, 1}) {
      const Groups g(rows, columns, axis);
      const Floats y = random_floats(rows * columns, 1, 2), dy = random_floats(rows * columns, 2),
                   scale = random_floats(g.groups, 3);
      Doubles dx(y.size());
      for (size_t k = 0; k < g.groups; k++) {
        const auto at = [&](size_t i) { return k * g.group_step + i * g.step; };
        double sum = 0, with_y = 0;
        for (size_t i = 0; i < g.count; i++) sum += dy[at(i)], with_y += double(dy[at(i)]) * y[at(i)];
        for (size_t i = 0; i < g.count; i++)
          dx[at(i)] = scale[k] * (dy[at(i)] - sum / double(g.count) - y[at(i)] * (with_y / double(g.count)));
      }
      const std::string what =
          std::to_string(rows) + "x" + std::to_string(columns) + " axis " + std::to_string(axis);
      check({"normalize_grad",
             what,
             {y, scale, dy},
             {double(rows), double(columns), double(axis)},
             {dx},
             1e-6,
             1e-6});
    }
}

}  // namespace
}  // namespace fovea::testing
