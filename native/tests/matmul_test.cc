// matmul against a sum of products in double, for odd shapes, transposes, batches, epilogues, variants,
// threads and caches.
#include <random>

#include "runtime/core_distance.h"
#include "tests/testing.h"

namespace fovea::testing {
namespace {

struct Case {
  int batch_a, batch_b, batch, m, n, k;
  bool transpose_a, transpose_b;
  int flags;
  Activation activation, gradient_of;
};

double activate(Activation f, double x) {
  switch (f) {
    case Activation::relu:
      return x > 0 ? x : 0;
    case Activation::leaky_relu:
      return x > 0 ? x : 0.2 * x;
    case Activation::sigmoid:
      return 1 / (1 + std::exp(-x));
    case Activation::tanh:
      return std::tanh(x);
    default:
      return x;
  }
}

double derivative(Activation f, double y) {
  switch (f) {
    case Activation::relu:
      return y > 0;
    case Activation::leaky_relu:
      return y > 0 ? 1 : 0.2;
    case Activation::sigmoid:
      return y * (1 - y);
    case Activation::tanh:
      return 1 - y * y;
    default:
      return 1;
  }
}

std::string describe(const Case& c, const KernelTable& table, int variant) {
  return std::string(table.isa) + " variant " + std::to_string(variant) + " [" + std::to_string(c.batch_a) +
         "," + std::to_string(c.batch_b) + "] " + std::to_string(c.m) + "x" + std::to_string(c.n) + "x" +
         std::to_string(c.k) + (c.transpose_a ? " A^T" : "") + (c.transpose_b ? " B^T" : "") + " flags " +
         std::to_string(c.flags);
}

void check(const Case& c, bool every_variant = true) {
  const size_t outputs = (size_t)c.batch * c.m * c.n;
  Buffer a((size_t)c.batch_a * c.m * c.k, 1), b((size_t)c.batch_b * c.k * c.n, 2), bias(c.n, 3),
      residual(outputs, 4), saved(outputs, 5), y(outputs, c.k % 2 ? 6 : 0);
  a.fill(1), b.fill(2), bias.fill(3), residual.fill(4), saved.fill(5);
  std::vector<double> expected(outputs);
  for (int s = 0; s < c.batch; s++)
    for (int i = 0; i < c.m; i++)
      for (int j = 0; j < c.n; j++) {
        const float* as = a.data() + (c.batch_a > 1 ? (size_t)s * c.m * c.k : 0);
        const float* bs = b.data() + (c.batch_b > 1 ? (size_t)s * c.k * c.n : 0);
        double sum = 0;
        for (int p = 0; p < c.k; p++)
          sum += (double)(c.transpose_a ? as[(size_t)p * c.m + i] : as[(size_t)i * c.k + p]) *
                 (c.transpose_b ? bs[(size_t)j * c.k + p] : bs[(size_t)p * c.n + j]);
        const size_t at = ((size_t)s * c.m + i) * c.n + j;
        if (c.flags & kHasBias) sum += bias[j];
        if (c.flags & kHasResidual) sum += residual[at];
        sum = activate(c.activation, sum);
        if (c.flags & kHasSaved) sum *= derivative(c.gradient_of, saved[at]);
        expected[at] = sum;
      }
  std::vector<float*> operands{a.data(), b.data()};
  if (c.flags & kHasBias) operands.push_back(bias.data());
  if (c.flags & kHasResidual) operands.push_back(residual.data());
  if (c.flags & kHasSaved) operands.push_back(saved.data());
  operands.push_back(y.data());
  on_every_isa([&](const KernelTable& table) {
    const int matmul = kernel_index("matmul");
    for (int variant = -1; variant < 0 || (every_variant && table.variant_name(matmul, variant)); variant++) {
      std::vector<double> numbers{(double)c.batch_a,     (double)c.batch_b,     (double)c.batch,
                                  (double)c.m,           (double)c.n,           (double)c.k,
                                  (double)c.transpose_a, (double)c.transpose_b, (double)c.flags,
                                  (double)c.activation,  (double)c.gradient_of, 0.2,
                                  (double)variant};
      std::vector<float> first;
      const std::string what = describe(c, table, variant);
      for (int count : {1, 2, 3}) {
        set_threads(count);
        suppose_cores_share_l3(count == 3);
        for (size_t i = 0; i < outputs; i++) y[i] = NAN;
        run_kernel(table, "matmul", operands, numbers);
        if (count == 1) {
          expect_close(y.data(), expected, 1e-11, what);
          first.assign(y.data(), y.data() + outputs);
        } else if (outputs > 0 && std::memcmp(first.data(), y.data(), outputs * 4) != 0) {
          fail(what + ": other bits with " + std::to_string(count) + " threads");
        }
        y.check_guards(what);
      }
      // Frozen weights: the first run packs them, the second uses what is packed, the third packs them again.
      numbers[8] = c.flags | kFrozenWeights;
      const std::unique_ptr<Step> step =
          table.prepare(matmul, {operands.data(), numbers.data(), (int)operands.size(), (int)numbers.size()});
      for (int round = 0; round < 3; round++) {
        if (round == 2) step->forget();
        for (size_t i = 0; i < outputs; i++) y[i] = NAN;
        step->run();
        expect_close(y.data(), expected, 1e-11, what + " frozen");
        y.check_guards(what + " frozen");
      }
    }
  });
}

Case plain(int m, int n, int k, bool transpose_a, bool transpose_b) {
  return {1, 1, 1, m, n, k, transpose_a, transpose_b, 0, Activation::linear, Activation::linear};
}

TEST(matmul_shapes) {
  const int shapes[][3] = {{1, 1, 1},      {1, 7, 3},     {5, 1, 9},      {2, 3, 0},       {2, 0, 40},
                           {14, 32, 16},   {15, 33, 17},  {13, 31, 15},   {29, 65, 40},    {64, 64, 64},
                           {100, 3, 50},   {3, 100, 50},  {1, 300, 400},  {300, 1, 400},   {61, 67, 300},
                           {20, 40, 900},  {9, 32, 5000}, {64, 48, 4100}, {130, 290, 520}, {257, 96, 31},
                           {40, 1100, 270}};
  for (const auto& s : shapes)
    for (int transposes = 0; transposes < 4; transposes++)
      check(plain(s[0], s[1], s[2], transposes & 1, transposes & 2), s[0] * s[1] < 9000);
}

// Fewer columns or rows than a vector has lanes, and columns beyond whole vectors.
TEST(matmul_thin) {
  for (int few = 1; few <= 16; few++)
    for (int transposes = 0; transposes < 4; transposes++) {
      const bool transpose_a = transposes & 1, transpose_b = transposes & 2;
      const int flags = (few + transposes) % 8;
      const Activation f = few % 2 ? Activation::relu : Activation::linear;
      for (const auto& [many, k] : {std::array{131, 250}, {147, 67}, {40, 41}}) {
        check({1, 1, 1, many, few, k, transpose_a, transpose_b, flags, f, f}, false);
        check({1, 1, 1, few, many, k, transpose_a, transpose_b, flags, f, f}, false);
        check({1, 1, 1, many, 32 + few, k, transpose_a, transpose_b, flags, f, f}, false);
      }
      check({5, 5, 5, 30, few, 70, transpose_a, transpose_b, flags, f, f}, false);
      check({5, 1, 5, few, 30, 70, transpose_a, transpose_b, flags, f, f}, false);
    }
}

TEST(matmul_tall) {
  for (const auto& [n, k] : {std::array{4, 40}, {5, 3}, {19, 33}, {48, 20}, {51, 64}})
    for (int flags : {0, 7})
      for (bool transpose_b : {false, true})
        check({1, 1, 1, 2051, n, k, false, transpose_b, flags, Activation::relu, Activation::tanh}, false);
  check({3, 1, 3, 700, 17, 30, false, false, 7, Activation::linear, Activation::relu}, false);
}

TEST(matmul_batches) {
  for (int transposes = 0; transposes < 4; transposes++)
    for (const auto& [batch_a, batch_b, batch] :
         {std::array{3, 3, 3}, {1, 4, 4}, {5, 1, 5}, {1, 1, 1}, {13, 13, 13}})
      check({batch_a, batch_b, batch, 17, 35, 23, (transposes & 1) != 0, (transposes & 2) != 0, 0,
             Activation::linear, Activation::linear});
  check({2, 2, 2, 150, 170, 160, false, false, 0, Activation::linear, Activation::linear});
}

TEST(matmul_long_sums_in_batches) {
  check({4, 4, 4, 9, 11, 4200, true, false, 0, Activation::linear, Activation::linear}, false);
  check({9, 1, 9, 9, 11, 4200, true, false, 0, Activation::linear, Activation::linear}, false);
}

TEST(matmul_epilogues) {
  for (Activation f :
       {Activation::linear, Activation::relu, Activation::leaky_relu, Activation::sigmoid, Activation::tanh})
    for (int flags = 0; flags < 8; flags++) {
      check({1, 1, 1, 31, 45, 29, false, false, flags, f, f});
      check({3, 3, 3, 9, 20, 11, false, true, flags, f, f});
      for (int columns = 1; columns <= 4; columns++) {
        check({1, 1, 1, 67, columns, 37, false, columns % 2 == 0, flags, f, f});
        check({1, 3, 3, 5, columns, 16, false, columns % 2 == 1, flags, f, f});
      }
      check({1, 1, 1, 20, 36, 4400, true, false, flags, f, f}, false);
    }
  check({1, 1, 1, 150, 300, 530, false, true, 7, Activation::relu, Activation::tanh}, false);
}

// Sizes that nobody chose. SEED=n COUNT=n fovea_native_tests random_products: others, and more of them.
TEST(random_products) {
  std::mt19937 random(number("SEED", 1));
  const auto between = [&](int least, int most) {
    return least + (int)(random() % (uint32_t)(most - least + 1));
  };
  // Small ones, too: up to 8, 64, 512 or 4096.
  const auto size = [&](int digits) { return between(1, 1 << 3 * between(1, digits)); };
  for (int i = number("COUNT", 60); i > 0;) {
    const int batch = between(1, 4) == 1 ? between(2, 5) : 1;
    const auto f = (Activation)between(0, 4), gradient_of = (Activation)between(0, 4);
    const int batch_a = between(0, 1) ? batch : 1, batch_b = between(0, 1) ? batch : 1;
    const bool transpose_a = between(0, 1), transpose_b = between(0, 1);
    const Case c{batch_a,     batch_b,     batch,         size(4), size(3),    size(3),
                 transpose_a, transpose_b, between(0, 7), f,       gradient_of};
    const double products = (double)c.batch * c.m * c.n * c.k;
    if (products > 1e6) continue;
    check(c, false);
    i--;
  }
}

}  // namespace
}  // namespace fovea::testing
