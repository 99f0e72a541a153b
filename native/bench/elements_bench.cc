// The kernels other than products, on a million elements (4 MiB an operand), as bytes a second: every operand
// is counted once.
#include <memory>

#include "bench/bench.h"

namespace fovea::bench {
namespace {

constexpr double N = 1 << 20;

/** @param lengths of the operands, inputs first. */
void add(const std::string& name, const char* kernel, std::vector<double> lengths,
         std::vector<double> call_numbers) {
  double bytes = 0;
  for (double length : lengths) bytes += 4 * length;
  const AddMoving added(name, bytes, [=] {
    std::vector<std::shared_ptr<float>> operands;
    for (double length : lengths)
      operands.push_back(random_numbers((size_t)length, (uint32_t)operands.size()));
    return [=] {
      std::vector<float*> pointers;
      for (const auto& operand : operands) pointers.push_back(operand.get());
      kernels().kernels[kernel_index(kernel)](
          {pointers.data(), call_numbers.data(), (int)pointers.size(), (int)call_numbers.size()});
    };
  });
}

void add_functions() {
  const char* unary[] = {"linear",     "relu", "leakyRelu", "sigmoid", "tanh",   "softplus", "silu", "gelu",
                         "exp",        "log",  "sqrt",      "rsqrt",   "square", "abs",      "sign", "neg",
                         "reciprocal", "sin",  "cos",       "floor",   "ceil",   "round",    "erf"};
  for (int f = 0; f < 23; f++) add(std::string("unary-") + unary[f], "unary", {N, N}, {N, (double)f, 0.2});
  for (int f : {1, 3, 4, 7})
    add(std::string("unaryGrad-") + unary[f], "unary_grad", {N, N, N}, {N, (double)f, 0.2});
  add("binary-add", "binary", {N, N, N}, {0, 1, N, N, N});
  add("binary-pow", "binary", {N, N, N}, {6, 1, N, N, N});
  add("binary-add-bias-64", "binary", {N, 64, N}, {0, 2, N / 64, 64, N / 64, 64, 1, 64});
  add("binary-mul-column-4", "binary", {N, N / 4, N}, {2, 2, N / 4, 4, N / 4, 4, N / 4, 1});
  add("select", "select", {N, N, N, N}, {N});
  // relu(a + b * c), and a chain of eight additions
  add("elementwise-3-steps", "elementwise", {N, N, N, N},
      {N, 64, 3, 1, 3, N, N, N, 2, 2, 0, 1, 2, 0, 2, 0, 0, 0, 3, 0, 0, 1, 0, 4, 0, 0, 5});
  std::vector<double> chain = {N, 64, 1, 1, 8, N};
  for (double step = 0; step < 8; step++) chain.insert(chain.end(), {2, 0, 0, 0, step, 0});
  chain.push_back(8);
  add("elementwise-8-steps", "elementwise", {N, N}, chain);
}

void add_reductions() {
  add("reduce-all", "reduce", {N, 1}, {0, 1, N, 1});
  for (double c : {4, 32, 64})
    add("reduce-to-columns-" + std::to_string((int)c), "reduce", {N, c}, {0, 2, N / c, c, 1, 0});
  for (double c : {16, 256})
    add("reduce-each-row-" + std::to_string((int)c), "reduce", {N, N / c}, {0, 2, N / c, c, 0, 1});
  for (double c : {16, 256}) add("softmax-" + std::to_string((int)c), "softmax", {N, N}, {N / c, c, 0});
  add("normalize-columns-64", "normalize", {N, N, 64, 64, 64}, {N / 64, 64, 0, 1e-5});
  add("normalize-rows-512", "normalize", {N, N, N / 512, N / 512, N / 512}, {N / 512, 512, 1, 1e-5});
  add("normalizeGrad-columns-64", "normalize_grad", {N, 64, N, N}, {N / 64, 64, 0});
  add("normalizeGrad-rows-512", "normalize_grad", {N, N / 512, N, N}, {N / 512, 512, 1});
}

void add_moves() {
  add("copy-dense", "copy", {N, N}, {1, N, 1, 1, 0, 0});
  add("copy-concatenate-64", "copy", {N / 2, N / 2}, {2, N / 128, 64, 64, 1, 64, 1, 0, 0});
  add("copy-transpose-1024", "copy", {N, N}, {2, 1024, 1024, 1, 1024, 1024, 1, 0, 0});
  add("copy-planes-to-pixels-4", "copy", {N, N}, {2, N / 4, 4, 1, N / 4, 4, 1, 0, 0});
  add("copy-pixels-to-planes-4", "copy", {N, N}, {2, 4, N / 4, 1, 4, N / 4, 1, 0, 0});
  add("copy-flip", "copy", {N, N}, {2, 1024, 1024, 1024, -1, 1024, 1, 1023, 0});
  add("fill", "fill", {N}, {N, 1});
  add("depthToSpace-2-1", "depth_to_space", {N, N}, {4, 256, 256, 1, 2});
  add("random-uniform", "random", {4, N}, {N, 0, 1, 0});
  add("random-normal", "random", {4, N}, {N, 1, 1, 0});
}

void add_images() {
  const std::vector<double> pool = {4, 64, 64, 64, 32, 32, 1, 2, 2, 2, 2, 0, 0, 0};
  std::vector<double> average = pool;
  average[6] = 0;
  add("pool-max-2x2", "pool2d", {N, N / 4}, pool);
  add("pool-average-2x2", "pool2d", {N, N / 4}, average);
  add("poolGrad-max-2x2", "pool2d_grad", {N, N / 4, N}, pool);
  add("poolGrad-max-3x3-s1", "pool2d_grad", {N, N, N}, {4, 64, 64, 64, 64, 64, 1, 3, 3, 1, 1, 1, 1, 0});
  for (double bilinear : {0, 1}) {
    const std::string mode = bilinear ? "-bilinear-2x" : "-nearest-2x";
    for (double c : {1, 64}) {
      const double side = c == 1 ? 512 : 32, n = c == 1 ? 1 : 4;
      const std::vector<double> shape = {n, side, side, c, 2 * side, 2 * side, bilinear};
      add("resize" + mode + "-" + std::to_string((int)c), "resize2d", {N / 4, N}, shape);
      add("resizeGrad" + mode + "-" + std::to_string((int)c), "resize2d_grad", {N, N / 4}, shape);
    }
  }
}

void add_optimisers() {  // in place: what is written is counted as an operand more
  add("sgdStep", "sgd_step", {4, N, N, N, N, N}, {0, 1, N});
  add("adamStep", "adam_step", {8, N, N, N, N, N, N, N}, {1, N});
}

const bool added = [] {
  add_optimisers();
  add_functions();
  add_reductions();
  add_moves();
  add_images();
  return true;
}();

}  // namespace
}  // namespace fovea::bench
