// sgemm-N and the products of dense autoencoders' training steps.
#include <memory>

#include "bench/bench.h"

namespace fovea::bench {
namespace {

void add(const std::string& name, int m, int n, int k, bool transpose_a, bool transpose_b) {
  const Add added(name, 2.0 * m * n * k, [=] {
    auto a = random_numbers((size_t)m * k, 1), b = random_numbers((size_t)k * n, 2),
         y = numbers((size_t)m * n);
    auto call_numbers = std::make_shared<std::vector<double>>(std::vector<double>{
        1, 1, 1, (double)m, (double)n, (double)k, (double)transpose_a, (double)transpose_b, 0, 0, 0, 0, -1});
    return [=] {
      float* operands[] = {a.get(), b.get(), y.get()};
      kernels().kernels[kernel_index("matmul")]({operands, call_numbers->data(), 3, 13});
    };
  });
}

const bool added = [] {
  for (int size : {64, 128, 256, 512, 1024, 2048})
    add("sgemm-" + std::to_string(size), size, size, size, false, false);
  for (int size : {256, 1024}) {
    add("sgemm-" + std::to_string(size) + "-tn", size, size, size, true, false);
    add("sgemm-" + std::to_string(size) + "-nt", size, size, size, false, true);
  }
  const int widths[] = {784, 256, 32, 256, 784};
  for (int layer = 0; layer < 4; layer++) {
    const int in = widths[layer], out = widths[layer + 1];
    const std::string shape = std::to_string(in) + "x" + std::to_string(out);
    add("dense-128-" + shape + "-forward", 128, out, in, false, false);
    add("dense-128-" + shape + "-dx", 128, in, out, false, true);
    add("dense-128-" + shape + "-dw", in, out, 128, true, false);
  }
  add("tall-100000x32x32", 100000, 32, 32, false, false);
  add("wide-32x100000x32", 32, 100000, 32, false, false);
  add("deep-64x64x65536-tn", 64, 64, 65536, true, false);
  add("odd-1000x1000x1000", 1000, 1000, 1000, false, false);
  add("odd-333x777x555", 333, 777, 555, false, false);
  add("batch1-1x4096x1024", 1, 4096, 1024, false, false);
  add("batch8-8x1024x1024", 8, 1024, 1024, false, false);
  return true;
}();

}  // namespace
}  // namespace fovea::bench
