#include "tests/conv_cases.h"

#include "runtime/core_distance.h"
#include "runtime/cpu.h"
#include "runtime/fail.h"
#include "runtime/flush_denormals.h"

namespace fovea::testing {
namespace {

enum Operand { kX, kW, kY };

size_t size_of(const ConvShape& s, Operand o) {
  if (o == kX) return (size_t)s.n * s.h * s.w * s.ci;
  if (o == kW) return (size_t)s.kh * s.kw * (s.ci / s.groups) * s.co;
  return (size_t)s.n * s.oh * s.ow * s.co;
}

/** Calls visit(x index, w index, y index) for every product in the convolution. */
template <class Visit>
void for_products(const ConvShape& s, Visit visit) {
  const int ci = s.ci / s.groups, co = s.co / s.groups;
  for (int n = 0; n < s.n; n++)
    for (int i = 0; i < s.oh; i++)
      for (int j = 0; j < s.ow; j++)
        for (int p = 0; p < s.kh; p++)
          for (int q = 0; q < s.kw; q++) {
            const int y = i * s.stride_y + p * s.dilation_y - s.pad_top;
            const int x = j * s.stride_x + q * s.dilation_x - s.pad_left;
            if (y < 0 || x < 0 || y >= s.h * s.up || x >= s.w * s.up) continue;
            const size_t pixel = ((size_t)n * s.h + y / s.up) * s.w + x / s.up;
            const size_t out = ((size_t)n * s.oh + i) * s.ow + j;
            for (int o = 0; o < s.co; o++)
              for (int c = 0; c < ci; c++)
                visit(pixel * s.ci + o / co * ci + c, ((size_t)(p * s.kw + q) * ci + c) * s.co + o,
                      out * s.co + o);
          }
}

std::vector<double> expected(const ConvShape& s, Operand result, Buffer& a, Buffer& b) {
  std::vector<double> sums(size_of(s, result));
  for_products(s, [&](size_t x, size_t w, size_t y) {
    if (result == kX) sums[x] += (double)a[y] * b[w];
    if (result == kW) sums[w] += (double)a[x] * b[y];
    if (result == kY) sums[y] += (double)a[x] * b[w];
  });
  return sums;
}

double activate(Activation f, double x, double alpha) {
  switch (f) {
    case Activation::linear:
      return x;
    case Activation::relu:
      return x > 0 ? x : 0;
    case Activation::leaky_relu:
      return x > 0 ? x : alpha * x;
    case Activation::sigmoid:
      return 1 / (1 + std::exp(-x));
    default:
      return std::tanh(x);
  }
}

double derivative(Activation f, double y, double alpha) {
  switch (f) {
    case Activation::linear:
      return 1;
    case Activation::relu:
      return y > 0 ? 1 : 0;
    case Activation::leaky_relu:
      return y > 0 ? 1 : alpha;
    case Activation::sigmoid:
      return y * (1 - y);
    default:
      return 1 - y * y;
  }
}

std::string describe(const ConvCase& c) {
  const ConvShape& s = c.s;
  std::string text = "[";
  for (int v : {s.n,
                s.h,
                s.w,
                s.ci,
                s.oh,
                s.ow,
                s.co,
                s.kh,
                s.kw,
                s.stride_y,
                s.stride_x,
                s.pad_top,
                s.pad_left,
                s.dilation_y,
                s.dilation_x,
                s.groups,
                s.up,
                c.flags,
                (int)c.activation,
                (int)c.gradient_of})
    text += std::to_string(v) + " ";
  text.back() = ']';
  return text;
}

}  // namespace

void check_conv(const ConvCase& c, const char* kernel, double tolerance) {
  constexpr int kMaxVariants = 9;  // more than there are: those that do not serve a shape are passed over
  const ConvShape& s = c.s;
  const std::string name = kernel;
  const Operand result = name == "conv2d" ? kY : name == "conv2d_input_grad" ? kX : kW;
  const Operand first = result == kX ? kY : kX, second = result == kW ? kY : kW;
  const size_t size = size_of(s, result);
  const int channels = result == kY ? s.co : s.ci, flags = result == kW ? 0 : c.flags;
  Buffer a(size_of(s, first)), b(size_of(s, second)), bias(channels), residual(size), saved(size);
  a.fill(1), b.fill(2), bias.fill(3), residual.fill(4), saved.fill(5);
  const double alpha = 0.3;

  std::vector<double> want = expected(s, result, a, b);
  for (size_t i = 0; i < size && result != kW; i++) {
    if (flags & kHasBias) want[i] += bias[i % channels];
    if (flags & kHasResidual) want[i] += residual[i];
    want[i] = activate(c.activation, want[i], alpha);
    if (flags & kHasSaved) want[i] *= derivative(c.gradient_of, saved[i], alpha);
  }

  for (const KernelTable* table : tested_tables()) {
    for (int variant = -1; variant < kMaxVariants; variant++) {
      Buffer out(size), again(size);
      std::vector<float*> operands{a.data(), b.data()};
      if (flags & kHasBias) operands.push_back(bias.data());
      if (flags & kHasResidual) operands.push_back(residual.data());
      if (flags & kHasSaved) operands.push_back(saved.data());
      operands.push_back(out.data());
      std::vector<double> numbers;
      for (int v : {s.n,
                    s.h,
                    s.w,
                    s.ci,
                    s.oh,
                    s.ow,
                    s.co,
                    s.kh,
                    s.kw,
                    s.stride_y,
                    s.stride_x,
                    s.pad_top,
                    s.pad_left,
                    s.dilation_y,
                    s.dilation_x,
                    s.groups,
                    s.up,
                    flags,
                    (int)c.activation,
                    (int)c.gradient_of})
        numbers.push_back(v);
      numbers.push_back(alpha);
      numbers.push_back(variant);
      const std::string what =
          name + " " + describe(c) + " on " + table->isa + ", variant " + std::to_string(variant);
      const int before = threads();
      const size_t l3 = cpu().l3;
      const bool in_halves = cpu().avx512_double_pumped;
      const FlushDenormals as_threads_do;
      try {
        set_threads(2);
        suppose_cores_share_l3(variant < 0);
        suppose_avx512_double_pumped(variant >= 0);
        suppose_l3(0);  // every output is large
        run_kernel(*table, kernel, operands, numbers);
        suppose_l3(l3);
        operands.back() = again.data();
        set_threads(1);
        run_kernel(*table, kernel, operands, numbers);
        set_threads(before);
        suppose_avx512_double_pumped(in_halves);
      } catch (const Failure& error) {
        set_threads(before);
        suppose_l3(l3);
        suppose_avx512_double_pumped(in_halves);
        if (variant >= 0 && std::strstr(error.what(), "does not serve")) continue;
        throw;
      }
      expect_close(out.data(), want, tolerance, what);
      out.check_guards(what);
      again.check_guards(what);
      if (std::memcmp(out.data(), again.data(), size * sizeof(float)))
        fail(what + ": the number of threads changes the result");
    }
  }
}

std::vector<ConvCase> conv_cases() {
  const int all = kHasBias | kHasResidual | kHasSaved;
  return {
      // n  h   w   ci  oh  ow  co  kh kw sy sx pt pl dy dx g up
      {{2, 7, 11, 5, 7, 11, 3, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1}},
      {{1, 8, 8, 32, 8, 8, 48, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1}, kHasBias, Activation::relu},
      {{3, 13, 9, 17, 13, 9, 33, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1},
       all,
       Activation::leaky_relu,
       Activation::relu},
      {{1, 31, 29, 64, 31, 29, 64, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1}, kHasResidual, Activation::relu},
      {{2, 16, 16, 7, 14, 14, 40, 3, 3, 1, 1, 0, 0, 1, 1, 1, 1},
       kHasSaved,
       Activation::linear,
       Activation::relu},
      {{1, 9, 12, 4, 11, 13, 6, 3, 3, 1, 1, 2, 1, 1, 1, 1, 1}, kHasBias, Activation::tanh},
      {{1, 6, 7, 18, 14, 13, 2, 3, 3, 1, 1, 5, 6, 1, 1, 1, 1}, kHasBias, Activation::relu},
      {{1, 6, 3, 16, 4, 2, 1, 5, 4, 2, 2, 2, 2, 1, 1, 1, 1}, kHasResidual},
      {{2, 17, 19, 1, 17, 19, 32, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1}, kHasBias, Activation::sigmoid},
      {{2, 17, 19, 32, 17, 19, 1, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1}, all, Activation::linear, Activation::tanh},
      {{1, 21, 10, 33, 21, 10, 3, 5, 5, 1, 1, 2, 2, 1, 1, 1, 1}, kHasResidual},
      {{1, 10, 140, 3, 10, 140, 12, 7, 7, 1, 1, 3, 3, 1, 1, 1, 1}, kHasBias},
      {{2, 15, 13, 6, 8, 7, 9, 3, 3, 2, 2, 1, 1, 1, 1, 1, 1}, all, Activation::relu, Activation::leaky_relu},
      {{1, 16, 16, 32, 8, 8, 64, 3, 3, 2, 2, 1, 1, 1, 1, 1, 1}, kHasBias, Activation::relu},
      {{2, 12, 8, 20, 6, 4, 36, 2, 2, 2, 2, 0, 0, 1, 1, 1, 1}},
      {{1, 13, 9, 4, 6, 4, 8, 2, 2, 2, 2, 0, 0, 1, 1, 1, 1},
       kHasSaved,
       Activation::linear,
       Activation::sigmoid},
      {{1, 14, 17, 5, 5, 9, 7, 3, 2, 3, 2, 1, 0, 1, 1, 1, 1}},
      {{1, 15, 16, 3, 11, 12, 18, 3, 3, 1, 1, 0, 0, 2, 2, 1, 1}},
      {{1, 15, 16, 3, 13, 6, 18, 3, 4, 1, 2, 2, 3, 3, 2, 1, 1}, kHasBias},
      {{2, 6, 7, 11, 6, 7, 23, 1, 1, 1, 1, 0, 0, 1, 1, 1, 1}, all, Activation::relu, Activation::relu},
      {{2, 9, 9, 6, 5, 5, 10, 1, 1, 2, 2, 0, 0, 1, 1, 1, 1}, kHasBias, Activation::sigmoid},
      {{1, 9, 8, 12, 9, 8, 18, 3, 3, 1, 1, 1, 1, 1, 1, 3, 1}, all, Activation::relu, Activation::tanh},
      {{2, 9, 8, 19, 5, 4, 19, 3, 3, 2, 2, 1, 1, 1, 1, 19, 1}, kHasBias, Activation::relu},
      {{1, 5, 6, 4, 5, 6, 12, 3, 3, 1, 1, 1, 1, 1, 1, 4, 1}},
      // Every channel by itself.
      {{2, 9, 31, 1, 9, 31, 1, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1}, kHasBias},
      {{1, 11, 45, 2, 11, 45, 2, 7, 7, 1, 1, 3, 3, 1, 1, 2, 1}, all, Activation::relu, Activation::tanh},
      {{2, 14, 23, 5, 6, 11, 5, 5, 4, 2, 2, 1, 1, 1, 1, 5, 1}, kHasBias},
      {{1, 13, 10, 24, 10, 5, 24, 3, 2, 1, 2, 1, 1, 2, 1, 24, 1}, all, Activation::tanh, Activation::relu},
      {{1, 21, 57, 96, 21, 57, 96, 3, 3, 1, 1, 1, 1, 1, 1, 96, 1}, kHasBias, Activation::relu},
      {{1, 8, 260, 34, 8, 260, 34, 3, 3, 1, 1, 1, 1, 1, 1, 34, 1}, kHasResidual},
      {{3, 7, 5, 301, 3, 2, 301, 2, 3, 3, 3, 1, 1, 1, 1, 301, 1}, kHasBias},
      {{2, 9, 31, 32, 9, 31, 32, 3, 3, 1, 1, 2, 2, 2, 2, 32, 1}, all, Activation::relu, Activation::relu},
      {{1, 12, 40, 16, 12, 40, 16, 5, 5, 1, 1, 2, 2, 1, 1, 16, 1}, kHasBias},
      // Vectors of channels one after the other.
      {{2, 13, 37, 150, 13, 37, 150, 7, 5, 1, 1, 3, 2, 1, 1, 150, 1},
       all,
       Activation::relu,
       Activation::tanh},
      {{1, 29, 9, 107, 27, 11, 107, 7, 7, 1, 1, 2, 4, 1, 1, 107, 1}},
      {{1, 14, 12, 208, 10, 12, 208, 5, 5, 1, 1, 2, 4, 2, 2, 208, 1}, kHasBias},
      {{1, 9, 8, 190, 3, 9, 190, 7, 7, 1, 1, 0, 3, 1, 1, 190, 1}, kHasResidual},
      // Backward, every second row meets no tap.
      {{1, 9, 7, 20, 5, 7, 20, 1, 3, 2, 1, 0, 1, 1, 1, 20, 1}, kHasBias},
      {{1, 6, 7, 6, 12, 14, 6, 3, 3, 1, 1, 1, 1, 1, 1, 6, 2}, kHasBias},
      {{1, 5, 4, 3, 4, 6, 3, 4, 2, 3, 1, 3, 2, 1, 2, 3, 2}},
      {{2, 5, 7, 13, 10, 14, 9, 3, 3, 1, 1, 1, 1, 1, 1, 1, 2}, all, Activation::relu, Activation::relu},
      {{1, 16, 16, 64, 32, 32, 32, 3, 3, 1, 1, 1, 1, 1, 1, 1, 2}, kHasBias, Activation::relu},
      {{1, 4, 5, 3, 11, 16, 5, 5, 4, 1, 1, 2, 2, 1, 1, 1, 3}},
      {{1, 6, 5, 3, 6, 5, 4, 3, 3, 2, 2, 1, 1, 1, 1, 1, 2}, kHasSaved, Activation::linear, Activation::relu},
      {{1, 6, 5, 4, 4, 4, 6, 3, 3, 3, 2, 1, 2, 2, 1, 2, 2}, kHasResidual},
      // Phases without places: one output column, of a stride beside an upsampling.
      {{2, 4, 2, 15, 8, 1, 6, 1, 4, 1, 3, 0, 1, 1, 1, 1, 2}},
      {{1, 17, 1, 35, 13, 1, 35, 1, 2, 3, 3, 2, 1, 2, 1, 35, 2}},
      {{1, 1, 1, 3, 1, 1, 5, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1}},
      {{1, 3, 2, 2, 1, 1, 2, 3, 3, 5, 5, 1, 1, 1, 1, 1, 1}},
      {{1, 70, 67, 16, 70, 67, 16, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1}, kHasBias},
      {{16, 8, 8, 128, 8, 8, 128, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1}, kHasResidual},
      {{2, 15, 20, 3, 12, 23, 35, 5, 3, 1, 1, 3, 3, 2, 1, 1, 1}},
      // Dilated: Winograd's phases share kernels, and differ in size.
      {{2, 29, 31, 33, 29, 31, 40, 3, 3, 1, 1, 2, 3, 2, 3, 1, 1}, all, Activation::relu, Activation::tanh},
      {{1, 26, 45, 20, 23, 48, 35, 5, 2, 1, 1, 4, 3, 2, 4, 1, 1}, kHasBias},
      {{1, 8, 9, 18, 16, 18, 20, 3, 3, 1, 1, 3, 3, 3, 3, 1, 2}, kHasResidual},
      // Pixels that are multiples of 4 KiB apart.
      {{2, 5, 6, 1024, 5, 6, 20, 1, 1, 1, 1, 0, 0, 1, 1, 1, 1}, all, Activation::relu, Activation::tanh},
      {{1, 5, 7, 19, 5, 7, 1024, 1, 1, 1, 1, 0, 0, 1, 1, 1, 1}, kHasBias},
      // Wide enough for several of Winograd's strips.
      {{2, 11, 421, 48, 11, 421, 40, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1}, kHasBias},
      {{1, 13, 402, 32, 7, 201, 33, 3, 3, 2, 2, 1, 1, 1, 1, 1, 1}},
      {{1, 7, 201, 33, 14, 402, 32, 3, 3, 1, 1, 1, 1, 1, 1, 1, 2}},
      // Weight gradients whose product is turned.
      {{1, 30, 37, 20, 15, 19, 6, 3, 3, 2, 2, 1, 1, 1, 1, 1, 1}, kHasBias},
      {{2, 9, 11, 40, 9, 11, 20, 1, 1, 1, 1, 0, 0, 1, 1, 1, 1}},
      {{1, 14, 15, 17, 10, 11, 3, 3, 3, 1, 1, 0, 0, 2, 2, 1, 1}},
      {{1, 7, 9, 33, 14, 18, 5, 3, 3, 1, 1, 1, 1, 1, 1, 1, 2}},
      // Several bands of squares, dilated ones too; rows so wide that a band is one strip; rows and columns
      // that no output reads; dilations larger than the image.
      {{3, 67, 61, 3, 67, 61, 40, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1}},
      {{2, 5, 1203, 2, 7, 1205, 17, 3, 3, 1, 1, 2, 2, 1, 1, 1, 1}},
      {{1, 97, 53, 3, 97, 53, 34, 3, 3, 1, 1, 2, 3, 2, 3, 1, 1}},
      {{2, 12, 14, 4, 7, 9, 21, 3, 3, 1, 1, 0, 1, 1, 1, 1, 1}},
      {{1, 4, 5, 3, 4, 5, 20, 3, 3, 1, 1, 6, 7, 6, 7, 1, 1}},
      // Small images whose borders have blocks of their own, several images at a time or one.
      {{7, 8, 6, 96, 8, 6, 33, 3, 3, 1, 1, 2, 2, 2, 2, 1, 1}, all, Activation::relu, Activation::relu},
      {{16, 9, 7, 40, 9, 7, 12, 5, 4, 1, 1, 2, 2, 1, 1, 1, 1}, kHasBias},
      {{2, 14, 14, 48, 14, 14, 64, 5, 5, 1, 1, 4, 4, 2, 2, 1, 1}, kHasResidual},
      {{1, 23, 21, 64, 23, 21, 16, 5, 5, 1, 1, 4, 4, 2, 2, 1, 1}},
      {{9, 11, 13, 20, 6, 7, 40, 5, 5, 2, 2, 2, 2, 1, 1, 1, 1}, kHasBias},
      // Few steps: half a vector beside one or two whole ones, and pixels that are stored in quarters of a vector.
      {{2, 13, 17, 3, 13, 17, 24, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1}, all, Activation::relu, Activation::tanh},
      {{1, 19, 23, 40, 19, 23, 1, 7, 7, 1, 1, 3, 3, 1, 1, 1, 1}, kHasBias},
      {{2, 11, 33, 2, 11, 33, 56, 1, 1, 1, 1, 0, 0, 1, 1, 1, 1}},
      {{2, 7, 41, 3, 4, 21, 37, 2, 3, 2, 2, 0, 1, 1, 1, 1, 1}, kHasResidual},
      {{1, 14, 31, 12, 7, 15, 5, 4, 4, 2, 2, 1, 1, 1, 1, 1, 1}},
      {{1, 15, 34, 20, 7, 17, 3, 3, 2, 2, 2, 0, 0, 1, 1, 1, 1}, kHasBias},
      // So many tiles that their blocks are whole rows of strips.
      {{2, 25, 603, 5, 25, 603, 4, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1}, all, Activation::relu, Activation::relu},
      {{2, 37, 1205, 3, 19, 603, 5, 3, 3, 2, 2, 1, 1, 1, 1, 1, 1}},
      {{1, 50, 70, 48, 100, 140, 33, 3, 3, 1, 1, 1, 1, 1, 1, 1, 2}, kHasResidual},
  };
}

}  // namespace fovea::testing
