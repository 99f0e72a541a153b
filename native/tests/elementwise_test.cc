// elementwise: fused chains must give the bits of their steps run one by one.
#include "runtime/core_distance.h"
#include "tests/elements.h"

namespace fovea::testing {
namespace {

enum Op { unary, unary_grad, binary, select };
struct Step {
  Op op;
  int function;
  double alpha;
  int a, b, c;
};

struct Chain {
  size_t size, last_axis;
  std::vector<Floats> inputs;
  std::vector<Step> steps;
  std::vector<int> results;
};

Doubles numbers_of(const Chain& chain) {
  Doubles numbers = {double(chain.size), double(chain.last_axis), double(chain.inputs.size()),
                     double(chain.results.size()), double(chain.steps.size())};
  for (const Floats& input : chain.inputs) numbers.push_back(double(input.size()));
  for (const Step& s : chain.steps)
    for (double v : {double(s.op), double(s.function), s.alpha, double(s.a), double(s.b), double(s.c)})
      numbers.push_back(v);
  for (int r : chain.results) numbers.push_back(r);
  return numbers;
}

/** Every register in full, by the single kernels. */
std::vector<Floats> step_by_step(const KernelTable& table, const Chain& chain) {
  std::vector<Floats> registers;
  for (const Floats& input : chain.inputs) {
    registers.emplace_back();
    for (size_t i = 0; i < chain.size; i++) registers.back().push_back(input[i % input.size()]);
  }
  const double n = double(chain.size);
  for (const Step& s : chain.steps) {
    Floats y(chain.size);
    float *a = registers[size_t(s.a)].data(), *b = registers[size_t(s.b)].data(),
          *c = registers[size_t(s.c)].data();
    const double function = s.function;
    if (s.op == unary) run_kernel(table, "unary", {a, y.data()}, {n, function, s.alpha});
    if (s.op == unary_grad) run_kernel(table, "unary_grad", {a, b, y.data()}, {n, function, s.alpha});
    if (s.op == binary) run_kernel(table, "binary", {a, b, y.data()}, {function, 1, n, n, n});
    if (s.op == select) run_kernel(table, "select", {a, b, c, y.data()}, {n});
    registers.push_back(y);
  }
  return registers;
}

void check_chain(const Chain& chain, const std::string& what) {
  on_every_isa([&](const KernelTable& table) {
    const std::vector<Floats> registers = step_by_step(table, chain);
    for (int count : {1, 2, 3}) {
      set_threads(count);
      suppose_cores_share_l3(count == 3);
      const std::string where = std::string(table.isa) + " elementwise " + what;
      const std::vector<Doubles> shapes(chain.results.size(), Doubles(chain.size));
      const std::vector<Floats> outputs =
          run_case(table, {"elementwise", what, chain.inputs, numbers_of(chain), shapes}, where);
      for (size_t o = 0; o < outputs.size(); o++)
        if (chain.size &&
            std::memcmp(outputs[o].data(), registers[size_t(chain.results[o])].data(), chain.size * 4))
          fail(where + ": output " + std::to_string(o) + " has other bits than the steps one by one");
    }
  });
}

/** Operands of all three kinds, all kinds of steps, intermediate results as outputs, an input as an output.
 */
Chain long_chain(size_t rows, size_t columns) {
  const size_t n = rows * columns;
  Chain chain{n,
              columns,
              {random_floats(n, 1), random_floats(columns, 2), random_floats(1, 3), random_floats(n, 4)},
              {},
              {}};
  chain.steps = {
      {binary, 0, 0, 0, 1, 0},       // 4: x + bias
      {unary, 7, 0, 4, 4, 4},        // 5: gelu
      {binary, 2, 0, 5, 2, 5},       // 6: times a number
      {unary, 3, 0, 6, 6, 6},        // 7: sigmoid
      {unary_grad, 7, 0, 4, 3, 4},   // 8
      {binary, 7, 0, 8, 7, 8},       // 9: greater
      {select, 0, 0, 9, 8, 7},       // 10
      {unary, 17, 0, 10, 10, 10},    // 11: sin
      {binary, 6, 0, 7, 11, 7},      // 12: pow
      {unary, 2, 0.1, 12, 12, 12},   // 13: leakyRelu
      {unary_grad, 4, 0, 7, 13, 7},  // 14: tanh's
      {unary, 5, 0, 2, 2, 2},        // 15: softplus of a number
      {binary, 1, 0, 14, 15, 14},    // 16
  };
  chain.results = {16, 8, 3, 8, 13, 1};
  return chain;
}

TEST(elementwise_gives_the_bits_of_its_steps) {
  for (auto [rows, columns] : std::vector<std::pair<size_t, size_t>>{{1, 1},
                                                                     {1, 7},
                                                                     {5, 1},
                                                                     {13, 3},
                                                                     {401, 33},
                                                                     {33, 64},
                                                                     {300, 100},
                                                                     {41, 512},
                                                                     {7, 513},
                                                                     {5, 1024},
                                                                     {9, 3000},
                                                                     {2, 20001}})
    check_chain(long_chain(rows, columns), std::to_string(rows) + "x" + std::to_string(columns));
}

TEST(elementwise_without_steps_or_elements) {
  check_chain({100, 10, {random_floats(100, 1), random_floats(10, 2)}, {}, {1, 0, 0}}, "copies");
  check_chain({0, 0, {{}}, {{unary, 1, 0, 0, 0, 0}}, {1}}, "of nothing");
}

TEST(elementwise_with_many_steps) {
  Chain chain{2049, 2049, {random_floats(2049, 1)}, {}, {}};
  for (int i = 0; i < 300; i++) chain.steps.push_back({binary, i % 2, 0, i, i / 2, 0});
  chain.results = {300, 150};
  check_chain(chain, "300 steps");
}

}  // namespace
}  // namespace fovea::testing
