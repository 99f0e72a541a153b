// matmul: batches of matrix products, either side transposed, with an epilogue.
// Numbers: batchA, batchB, batch, m, n, k, transposeA, transposeB, flags, activation, gradientOf, alpha,
// variant. Operands: a, b, bias?, residual?, saved?, y.
#include "kernels/conv/few_outputs/forward.h"
#include "kernels/conv/table.h"
#include "kernels/gemm/gemm.h"
#include "kernels/matmul/thin.h"
#include "program/numbers.h"

namespace fovea::FOVEA_ISA {
namespace {

enum Variant { kBlocked = 0, kPlain = 1 };

/** The study's version: one row of C at a time, a vector of columns at a time. */
void plain_product(int m, int n, int k, const DenseA& a, const DenseB& b, const DenseC& c,
                   const Epilogue& epilogue) {
  parallel_for(m, [&](int i, int) {
    float* y = c.base + c.offset(i);
    std::fill(y, y + n, 0.0f);
    for (int p = 0; p < k; p++) {
      const float x = a.neighbours ? a.data[i + p * a.stride] : a.data[i * a.stride + p];
      if (b.neighbours)
        for (int j = 0; j < n; j++) y[j] += x * b.data[j + p * b.stride];
      else
        for (int j = 0; j < n; j++) y[j] += x * b.data[j * b.stride + p];
    }
    finish_row(epilogue, y, c.offset(i), 0, n);
  });
}

/**
 * Of a tall and narrow product A is read where it lies, by the convolution of m pixels with a kernel of one element: to
 * pack it, as gemm() does, takes about as long as to multiply it.
 */
bool is_tall(int m, int n, int k) {
  return m >= 2048 && n > conv::few_outputs::kFewOutputs && n <= std::min(m / 40, 256) && k > 0 &&
         k <= 2048 && k % 1024 > 0;
}

void tall_product(int m, int n, int k, const float* a, const float* b, bool transpose_b, float* y,
                  const Epilogue& epilogue) {
  ConvShape s{};
  for (int* one : {&s.n, &s.h, &s.oh, &s.kh, &s.kw, &s.stride_y, &s.stride_x, &s.dilation_y, &s.dilation_x,
                   &s.groups, &s.up})
    *one = 1;
  s.w = s.ow = m;
  s.ci = transpose_b ? n : k;
  s.co = transpose_b ? k : n;
  const auto direction = transpose_b ? conv::Direction::input_grad : conv::Direction::forward;
  conv::run({direction, s, a, b, y, epilogue, nullptr}, -1);
}

}  // namespace

void matmul(const Call& call) {
  Numbers numbers(call);
  const int batch_a = numbers.small(), batch_b = numbers.small();
  int batch = numbers.small(), m = numbers.small();
  const int n = numbers.small(), k = numbers.small();
  const bool transpose_a = numbers.flag(), transpose_b = numbers.flag();
  const ProductEnd end(numbers, call);
  const Epilogue& epilogue = end.epilogue;
  const int variant = end.variant;
  const float *a_data = end.a, *b_data = end.b;
  float* const y = end.out;

  // Rows of all batches that have one B are one tall matrix.
  if (batch_b == 1 && batch_a == batch && !transpose_a) m *= batch, batch = 1;
  if (batch == 1 && !transpose_a && variant != kPlain && is_tall(m, n, k))
    return tall_product(m, n, k, a_data, b_data, transpose_b, y, epilogue);
  const auto one = [&](int i) {
    const DenseA a{a_data + (batch_a > 1 ? (size_t)i * m * k : 0), transpose_a ? m : k, transpose_a};
    const DenseB b{b_data + (batch_b > 1 ? (size_t)i * k * n : 0), transpose_b ? k : n, !transpose_b};
    const size_t start = (size_t)i * m * n;
    const DenseC c{y + start, n};
    Epilogue e = epilogue;
    if (e.residual) e.residual += start;
    if (e.saved) e.saved += start;
    if (variant == kPlain)
      plain_product(m, n, k, a, b, c, e);
    else if (!thin_product(m, n, k, a, b, c.base, e))
      gemm(m, n, k, a, b, c, e, batch_b == 1 && (end.flags & kFrozenWeights) ? call.cache : nullptr);
  };
  // Many or small products are shared out whole; a few big ones are each cut up. With a cache the first call
  // fills it.
  const bool whole = batch >= 2 * threads() || 2.0 * m * n * k < 4e6;
  if (whole && !call.cache)
    parallel_for(batch, [&](int i, int) { one(i); });
  else
    for (int i = 0; i < batch; i++) one(i);
}

}  // namespace fovea::FOVEA_ISA
