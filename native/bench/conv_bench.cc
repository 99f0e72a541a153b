// The convolution shapes of `fovea bench` and of the networks that it runs; GFLOP/s count a direct
// evaluation. The environment variable CONV_VARIANT forces a variant by its number.
#include <cstdlib>

#include "bench/bench.h"

namespace fovea::bench {
namespace {

struct Shape {
  const char* tag;
  int n, ci, co, kernel, size, stride, up;
};

std::function<void()> prepare(const Shape& f, const char* kernel) {
  const int pad = f.kernel % 2 ? f.kernel / 2 : 0;
  const int out = (f.size * f.up + 2 * pad - f.kernel) / f.stride + 1;
  const size_t x = (size_t)f.n * f.size * f.size * f.ci, w = (size_t)f.kernel * f.kernel * f.ci * f.co,
               y = (size_t)f.n * out * out * f.co;
  const std::string name = kernel;
  const size_t a = name == "conv2d_input_grad" ? y : x, b = name == "conv2d_weight_grad" ? y : w,
               c = name == "conv2d"              ? y
                   : name == "conv2d_input_grad" ? x
                                                 : w;
  std::vector<std::shared_ptr<float>> buffers{random_numbers(a, 1), random_numbers(b, 2),
                                              random_numbers(c, 3)};
  const char* forced = std::getenv("CONV_VARIANT");
  std::vector<double> numbers;
  for (int v : {f.n,      f.size,
                f.size,   f.ci,
                out,      out,
                f.co,     f.kernel,
                f.kernel, f.stride,
                f.stride, pad,
                pad,      1,
                1,        1,
                f.up,     0,
                0,        0,
                0,        forced ? std::atoi(forced) : -1})
    numbers.push_back(v);
  const int index = kernel_index(kernel);
  return [buffers = std::move(buffers), numbers, index]() {
    std::vector<float*> operands;
    for (const auto& buffer : buffers) operands.push_back(buffer.get());
    try {
      kernels().kernels[index]({operands.data(), numbers.data(), 3, (int)numbers.size()});
    } catch (const std::exception&) {  // the forced variant does not do this shape
    }
  };
}

const std::vector<Shape> kShapes = {
    {"8x64x64-3x3-64px", 8, 64, 64, 3, 64, 1, 1},         {"16x1x32-3x3-64px", 16, 1, 32, 3, 64, 1, 1},
    {"16x32x64-3x3-s2-64px", 16, 32, 64, 3, 64, 2, 1},    {"16x64x128-3x3-s2-32px", 16, 64, 128, 3, 32, 2, 1},
    {"16x128x64-3x3-up2-16px", 16, 128, 64, 3, 16, 1, 2}, {"16x64x32-3x3-up2-32px", 16, 64, 32, 3, 32, 1, 2},
    {"16x32x1-3x3-64px", 16, 32, 1, 3, 64, 1, 1},         {"16x5x32-3x3-32px", 16, 5, 32, 3, 32, 1, 1},
    {"16x32x32-3x3-32px", 16, 32, 32, 3, 32, 1, 1},       {"16x64x64-3x3-16px", 16, 64, 64, 3, 16, 1, 1},
    {"16x128x128-3x3-8px", 16, 128, 128, 3, 8, 1, 1},     {"16x32x64-2x2-s2-32px", 16, 32, 64, 2, 32, 2, 1},
    {"16x64x128-2x2-s2-16px", 16, 64, 128, 2, 16, 2, 1},  {"16x32x4-3x3-32px", 16, 32, 4, 3, 32, 1, 1},
    {"1x64x64-3x3-256px", 1, 64, 64, 3, 256, 1, 1},       {"1x1x64-3x3-256px", 1, 1, 64, 3, 256, 1, 1},
    {"1x64x1-3x3-256px", 1, 64, 1, 3, 256, 1, 1},         {"1x32x32-3x3-256px", 1, 32, 32, 3, 256, 1, 1},
    {"1x64x64-3x3-128px", 1, 64, 64, 3, 128, 1, 1},       {"1x128x128-3x3-64px", 1, 128, 128, 3, 64, 1, 1},
    {"4x48x96-3x3-50px", 4, 48, 96, 3, 50, 1, 1},         {"4x96x48-5x5-33px", 4, 96, 48, 5, 33, 1, 1},
    {"2x48x48-7x7-41px", 2, 48, 48, 7, 41, 1, 1},         {"8x3x64-7x7-s2-96px", 8, 3, 64, 7, 96, 2, 1},
    {"8x64x256-1x1-32px", 8, 64, 256, 1, 32, 1, 1},       {"1x17x19-3x3-61px", 1, 17, 19, 3, 61, 1, 1},
};

struct AddAll {
  AddAll() {
    for (const Shape& s : kShapes) {
      const int pad = s.kernel % 2 ? s.kernel / 2 : 0,
                out = (s.size * s.up + 2 * pad - s.kernel) / s.stride + 1;
      const double flops = 2.0 * s.n * out * out * s.co * s.ci * s.kernel * s.kernel;
      for (const auto& [tag, kernel] :
           {std::pair{"fwd", "conv2d"}, {"dx", "conv2d_input_grad"}, {"dw", "conv2d_weight_grad"}})
        Add(std::string("conv-") + tag + "-" + s.tag, flops,
            [s, kernel = kernel] { return prepare(s, kernel); });
    }
  }
} add_all;

}  // namespace
}  // namespace fovea::bench
