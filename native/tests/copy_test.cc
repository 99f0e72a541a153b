// copy, gather and fill, depthToSpace and its inverse: moves must be exact.
#include "tests/elements.h"

namespace fovea::testing {
namespace {

using Shape = std::vector<int64_t>;

struct View {
  Shape strides;
  int64_t offset;
};

void check_copy(const std::string& what, const Shape& shape, const View& from, const View& to, size_t x_size,
                size_t y_size) {
  const Floats x = random_floats(x_size, 1), before = random_floats(y_size, 2);
  Doubles expected(before.begin(), before.end()), numbers = {double(shape.size())};
  for (const Shape& list : {shape, from.strides, to.strides})
    for (int64_t k : list) numbers.push_back(double(k));
  numbers.push_back(double(from.offset));
  numbers.push_back(double(to.offset));
  int64_t total = 1;
  for (int64_t n : shape) total *= n;
  for (int64_t i = 0; i < total; i++) {
    int64_t rest = i, source = from.offset, target = to.offset;
    for (size_t k = shape.size(); k-- > 0; rest /= shape[k]) {
      source += rest % shape[k] * from.strides[k];
      target += rest % shape[k] * to.strides[k];
    }
    expected[size_t(target)] = x[size_t(source)];
  }
  check({"copy", what, {x}, numbers, {expected}, 0, 0, {before}});
}

TEST(copy_whole_and_parts) {
  check_copy("scalar", {}, {{}, 0}, {{}, 0}, 1, 1);
  check_copy("scalar with offsets", {}, {{}, 3}, {{}, 5}, 7, 9);
  check_copy("dense", {3, 4, 5}, {{20, 5, 1}, 0}, {{20, 5, 1}, 0}, 60, 60);
  check_copy("large", {300, 400}, {{400, 1}, 0}, {{400, 1}, 0}, 120000, 120000);
  check_copy("slice", {20, 30}, {{100, 1}, 207}, {{30, 1}, 0}, 5000, 600);
  check_copy("large slice", {200, 300}, {{400, 1}, 401}, {{300, 1}, 0}, 120000, 60000);
  check_copy("pad", {6, 7, 3}, {{21, 3, 1}, 0}, {{33, 3, 1}, 36}, 126, 400);
  check_copy("concatenate", {50, 24}, {{24, 1}, 0}, {{40, 1}, 16}, 1200, 2000);
  check_copy("every second", {40}, {{2}, 1}, {{1}, 0}, 80, 40);
  check_copy("spread", {9, 9}, {{9, 1}, 0}, {{40, 2}, 3}, 81, 400);
  check_copy("nothing", {4, 0, 3}, {{0, 3, 1}, 0}, {{0, 3, 1}, 0}, 3, 5);
}

TEST(copy_broadcasts_and_flips) {
  check_copy("of a number", {30000}, {{0}, 2}, {{1}, 0}, 3, 30000);
  check_copy("of rows", {700, 33}, {{0, 1}, 0}, {{33, 1}, 0}, 33, 23100);
  check_copy("of columns", {70, 33}, {{1, 0}, 0}, {{33, 1}, 0}, 70, 2310);
  check_copy("of an inner axis", {5, 6, 7}, {{7, 0, 1}, 0}, {{42, 7, 1}, 0}, 35, 210);
  check_copy("flip", {10, 20}, {{20, -1}, 19}, {{20, 1}, 0}, 200, 200);
  check_copy("flip both", {10, 20}, {{-20, -1}, 199}, {{20, 1}, 0}, 200, 200);
  check_copy("flip rows", {100, 200}, {{-200, 1}, 19800}, {{200, 1}, 0}, 20000, 20000);
  check_copy("flip by the output", {10, 20}, {{20, 1}, 0}, {{20, -1}, 19}, 200, 200);
}

TEST(copy_transposes) {
  for (auto [m, n] : std::vector<std::pair<int64_t, int64_t>>{
           {1, 5}, {2, 3}, {4, 4}, {33, 31}, {128, 64}, {300, 7}, {3, 1000}, {257, 513}})
    check_copy(std::to_string(m) + "x" + std::to_string(n), {m, n}, {{1, m}, 0}, {{n, 1}, 0}, size_t(m * n),
               size_t(m * n));
  check_copy("NHWC to NCHW", {2, 3, 11, 13}, {{429, 1, 39, 3}, 0}, {{429, 143, 13, 1}, 0}, 858, 858);
  check_copy("NCHW to NHWC", {2, 11, 13, 3}, {{429, 13, 1, 143}, 0}, {{429, 39, 3, 1}, 0}, 858, 858);
  check_copy("OIHW to HWIO", {3, 5, 17, 19}, {{5, 1, 15, 255}, 0}, {{1615, 323, 19, 1}, 0}, 4845, 4845);
  check_copy("heads", {2, 4, 50, 16}, {{3200, 16, 64, 1}, 0}, {{3200, 800, 16, 1}, 0}, 6400, 6400);
  check_copy("six axes reversed", {2, 3, 4, 5, 6, 7}, {{1, 2, 6, 24, 120, 720}, 0},
             {{2520, 840, 210, 42, 7, 1}, 0}, 5040, 5040);
  check_copy("a part, flipped", {40, 50}, {{-1, 60}, 49}, {{55, 1}, 3}, 3000, 2300);
}

TEST(fill_stores_a_value) {
  for (size_t n : {0, 1, 17, 40000}) check({"fill", "", {}, {double(n), 2.5}, {Doubles(n, 2.5)}, 0, 0});
}

TEST(gather_and_its_gradient) {
  for (auto [n, c, m] : std::vector<std::array<size_t, 3>>{
           {1, 1, 1}, {7, 1, 40}, {5, 67, 9}, {900, 16, 3000}, {3, 2, 0}, {0, 2, 3}}) {
    Floats x = random_floats(n * c, 1), dy = random_floats(m * c, 2), indices(m);
    Doubles y(m * c, 0), dx(n * c, 0);
    for (size_t i = 0; i < m; i++) {
      const size_t row = i * i * 7 % (n + 2);  // n and n + 1 are no rows
      indices[i] = float(row);
      for (size_t k = 0; k < c && row < n; k++) {
        y[i * c + k] = double(x[row * c + k]);
        dx[row * c + k] += double(dy[i * c + k]);
      }
    }
    const Doubles numbers = {double(n), double(c), double(m)};
    check({"gather", "", {x, indices}, numbers, {y}, 0, 0});
    check({"gather_grad", "", {dy, indices}, numbers, {dx}, 1e-5, 1e-4});
  }
}

TEST(depth_to_space_and_back) {
  for (auto [n, h, w, c, b] : std::vector<std::array<size_t, 5>>{
           {1, 1, 1, 1, 1}, {2, 3, 5, 1, 2}, {1, 4, 4, 3, 3}, {2, 33, 31, 16, 2}, {0, 2, 2, 1, 2}}) {
    const Floats deep = random_floats(n * h * w * b * b * c, 1);
    Doubles wide(deep.size());
    for (size_t k = 0; k < n; k++)
      for (size_t i = 0; i < h; i++)
        for (size_t j = 0; j < w; j++)
          for (size_t p = 0; p < b; p++)
            for (size_t q = 0; q < b; q++)
              for (size_t d = 0; d < c; d++)
                wide[((k * h * b + i * b + p) * w * b + j * b + q) * c + d] =
                    deep[((k * h + i) * w + j) * b * b * c + (p * b + q) * c + d];
    const Doubles numbers = {double(n), double(h), double(w), double(c), double(b)};
    check({"depth_to_space", "", {deep}, numbers, {wide}, 0, 0});
    check({"space_to_depth",
           "",
           {Floats(wide.begin(), wide.end())},
           numbers,
           {Doubles(deep.begin(), deep.end())},
           0,
           0});
  }
}

}  // namespace
}  // namespace fovea::testing
