// pool2d, resize2d and their gradients against plain loops in double.
#include "tests/elements.h"

namespace fovea::testing {
namespace {

struct Pool {
  size_t n, h, w, c, oh, ow;
  int wy, wx, sy, sx, top, left;
};

/** each(output element, x elements of its window in row-major order) */
template <class Each>
void for_each_window(const Pool& p, Each each) {
  for (size_t n = 0; n < p.n; n++)
    for (size_t i = 0; i < p.oh; i++)
      for (size_t j = 0; j < p.ow; j++)
        for (size_t c = 0; c < p.c; c++) {
          std::vector<size_t> members;
          for (int q = 0; q < p.wy; q++)
            for (int r = 0; r < p.wx; r++) {
              const int row = int(i) * p.sy - p.top + q, column = int(j) * p.sx - p.left + r;
              if (row >= 0 && row < int(p.h) && column >= 0 && column < int(p.w))
                members.push_back(((n * p.h + size_t(row)) * p.w + size_t(column)) * p.c + c);
            }
          each(((n * p.oh + i) * p.ow + j) * p.c + c, members);
        }
}

size_t first_maximum(const Floats& x, const std::vector<size_t>& members) {
  size_t best = members[0];
  for (size_t m : members)
    if (x[m] > x[best] || (std::isnan(x[m]) && !std::isnan(x[best]))) best = m;
  return best;
}

const Pool kPools[] = {{1, 2, 2, 1, 1, 1, 2, 2, 2, 2, 0, 0},      {2, 8, 8, 16, 4, 4, 2, 2, 2, 2, 0, 0},
                       {3, 9, 7, 5, 4, 3, 3, 3, 2, 2, 0, 0},      {2, 9, 7, 33, 9, 7, 3, 3, 1, 1, 1, 1},
                       {1, 11, 13, 70, 6, 7, 3, 2, 2, 2, 1, 1},   {1, 64, 64, 8, 1, 1, 64, 64, 1, 1, 0, 0},
                       {2, 10, 10, 3, 3, 3, 2, 2, 4, 4, 0, 1},    {1, 5, 6, 1, 5, 6, 5, 3, 1, 1, 2, 1},
                       {2, 40, 40, 24, 20, 20, 2, 2, 2, 2, 0, 0}, {1, 41, 37, 130, 41, 37, 3, 3, 1, 1, 1, 1}};

TEST(pooling_and_its_gradient) {
  for (const Pool& p : kPools)
    for (int max : {0, 1}) {
      Floats x = random_floats(p.n * p.h * p.w * p.c, 1), v = random_floats(x.size(), 2);
      for (float& value : x) value = std::round(value * 8) / 8;  // many equal values: the first one counts
      x[x.size() / 2] = std::numeric_limits<float>::quiet_NaN();
      const Floats dy = random_floats(p.n * p.oh * p.ow * p.c, 3);
      Doubles y(dy.size()), picked(dy.size()), dx(x.size());
      for_each_window(p, [&](size_t out, const std::vector<size_t>& members) {
        if (max) {
          const size_t at = first_maximum(x, members);
          y[out] = x[at], picked[out] = v[at], dx[at] += dy[out];
        } else {
          for (size_t m : members)
            y[out] += x[m] / double(members.size()), dx[m] += dy[out] / double(members.size());
        }
      });
      Doubles numbers = {
          double(p.n),  double(p.h),  double(p.w),  double(p.c),  double(p.oh),  double(p.ow),   double(max),
          double(p.wy), double(p.wx), double(p.sy), double(p.sx), double(p.top), double(p.left), 0};
      const std::string what = (max ? "max " : "average ") + std::to_string(&p - kPools);
      check({"pool2d", what, {x}, numbers, {y}, 1e-6, max ? 0 : 2e-7});
      check({"pool2d_grad", what, {x, dy}, numbers, {dx}, 1e-6, 4e-7});
      numbers.back() = 1;
      if (max) check({"pool2d", what + " of others", {x, v}, numbers, {picked}, 0, 0});
    }
}

/** The two inputs that an output reads along one axis, and the second one's weight. */
void sample(size_t inputs, size_t outputs, size_t i, bool bilinear, size_t& low, size_t& high,
            double& fraction) {
  const double centre = (double(i) + 0.5) * double(inputs) / double(outputs);
  if (!bilinear) {
    low = high = size_t(std::floor(centre));
    fraction = 0;
    return;
  }
  const double position = std::min(std::max(centre - 0.5, 0.0), double(inputs - 1));
  low = size_t(position);
  high = std::min(low + 1, inputs - 1);
  fraction = position - double(low);
}

TEST(resizing_and_its_gradient) {
  struct Size {
    size_t n, h, w, c, oh, ow;
  };
  for (const Size& s : std::vector<Size>{{1, 1, 1, 1, 3, 2},
                                         {2, 4, 5, 3, 8, 10},
                                         {1, 7, 9, 16, 5, 13},
                                         {2, 8, 8, 64, 16, 16},
                                         {1, 33, 31, 1, 66, 62},
                                         {1, 64, 64, 4, 16, 21},
                                         {2, 5, 5, 17, 5, 5},
                                         {1, 13, 2, 2, 1, 1},
                                         {2, 40, 40, 32, 80, 80}})
    for (int bilinear : {0, 1}) {
      const Floats x = random_floats(s.n * s.h * s.w * s.c, 1),
                   dy = random_floats(s.n * s.oh * s.ow * s.c, 2);
      Doubles y(dy.size()), dx(x.size());
      for (size_t n = 0; n < s.n; n++)
        for (size_t i = 0; i < s.oh; i++)
          for (size_t j = 0; j < s.ow; j++) {
            size_t top, bottom, left, right;
            double v, u;
            sample(s.h, s.oh, i, bilinear, top, bottom, v);
            sample(s.w, s.ow, j, bilinear, left, right, u);
            for (size_t c = 0; c < s.c; c++) {
              const size_t out = ((n * s.oh + i) * s.ow + j) * s.c + c;
              const auto read = [&](size_t row, size_t column, double weight) {
                const size_t at = ((n * s.h + row) * s.w + column) * s.c + c;
                y[out] += weight * x[at];
                dx[at] += weight * dy[out];
              };
              read(top, left, (1 - v) * (1 - u));
              read(top, right, (1 - v) * u);
              read(bottom, left, v * (1 - u));
              read(bottom, right, v * u);
            }
          }
      const Doubles numbers = {double(s.n),  double(s.h),  double(s.w),     double(s.c),
                               double(s.oh), double(s.ow), double(bilinear)};
      std::string what = bilinear ? "bilinear" : "nearest";
      for (double number : numbers) {
        what += ' ';
        what += std::to_string(int(number));
      }
      check({"resize2d", what, {x}, numbers, {y}, 0, bilinear ? 3e-7 : 0});
      check({"resize2d_grad", what, {dy}, numbers, {dx}, 1e-6, 1e-6});
    }
}

}  // namespace
}  // namespace fovea::testing
