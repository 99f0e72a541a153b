// By how A and B lie in memory:
//
//   few columns, A's rows are whole     dot products with B's columns: vectors run along the sum
//   few columns, A is transposed        C^T = B^T A, which has few rows but many columns
//   few rows, B is transposed           C^T = B^T A^T by dot products of B's columns, which are whole
//   few columns beyond whole vectors    gemm() without them, and dot products
//
// C^T is transposed, square by square, on its way to C.
#include "kernels/matmul/thin.h"

#include <algorithm>

#include "kernels/conv/few_outputs/microkernel.h"
#include "kernels/elements/row_epilogue.h"
#include "kernels/gemm/gemm.h"
#include "kernels/layout/transpose.h"
#include "kernels/simd/integers.h"

namespace fovea::FOVEA_ISA {
namespace {

using namespace conv::few_outputs;

/** Rows of a task, before they are rounded up, and the most sums that it makes at once. */
constexpr int kMinRows = 4 * kLanes, kMaxSums = (kMinRows + kLanes) * kFewOutputs;

/** k-steps that are summed in float. Longer sums are made of such parts, added in double: in one chain of floats a sum
 * of 1e7 equal numbers is 6e-3 off. A multiple of kLanes. */
constexpr int kStepsOfPart = 4096;

/** sums[row * columns + column] of `rows` rows of A, `k` apart, with columns of B that were packed `padded` apart. */
void dot_product_sums(int rows, int columns, int k, const float* a, const float* packed, int padded,
                      float* sums) {
  const auto sum_part = [&](int first, int steps) {
    const Runs runs{1, steps, padded, true, false};
    const float *starts[] = {a + first}, *weights[] = {packed + first};
    kRowOfPositions[columns - 1](runs, {1, starts, weights}, k, rows, sums);
  };
  if (k <= kStepsOfPart) return sum_part(0, k);
  double totals[kMaxSums] = {};
  for (int first = 0; first < k; first += kStepsOfPart) {
    sum_part(first, std::min(kStepsOfPart, k - first));
    for (int i = 0; i < rows * columns; i++) totals[i] += sums[i];
  }
  for (int i = 0; i < rows * columns; i++) sums[i] = (float)totals[i];
}

/** Columns [first, n) of a product with whole rows of A, some at a time: as a convolution of m pixels with a kernel of one element
 * that has few outputs. */
void dot_products(const MatrixProduct& product, int first = 0) {
  const auto& [m, n, k, a, b, c, epilogue] = product;
  const int padded = round_up(k, kLanes);
  float* const packed = (float*)thread_scratch(sizeof(float) * (n - first) * padded, 1);
  for (int j = first; j < n; j++) {
    float* const to = packed + (ptrdiff_t)(j - first) * padded;
    for (int p = 0; p < k; p++) to[p] = b.at(j, p);
    std::fill(to + k, to + padded, 0.0f);
  }
  const int at_once = ceil_div(n - first, ceil_div(n - first, kFewOutputs));  // columns
  const int rows_of_task = round_up(kMinRows, kLanes / at_once);
  parallel_for(ceil_div(m, rows_of_task), [&, &p = product](int task, int) {
    const int row = task * rows_of_task, rows = std::min(rows_of_task, p.m - row);
    const float* const start = p.a.data + (ptrdiff_t)row * p.k;
    float sums[kMaxSums];
    for (int j = first; j < p.n; j += at_once) {
      const int columns = std::min(at_once, p.n - j);
      dot_product_sums(rows, columns, p.k, start, packed + (ptrdiff_t)(j - first) * padded, padded, sums);
      Epilogue end = p.epilogue;
      if (end.bias) end.bias += j;
      RowEpilogue(p.c.base, columns, end).store(sums, rows, p.n, p.c.base + (ptrdiff_t)row * p.n + j);
    }
  });
}

/** y [m, n] = epilogue(the transpose of `from` [n, m]) */
void transpose_to(int m, int n, const float* from, float* y, const Epilogue& epilogue) {
  const int down = ceil_div(m, kLanes), across = ceil_div(n, kLanes);
  parallel_ranges((int64_t)down * across, kChunk / (kLanes * kLanes), [&](int64_t begin, int64_t end) {
    for (int64_t square = begin; square < end; square++) {
      const int i0 = (int)(square / across) * kLanes, j0 = (int)(square % across) * kLanes;
      const int rows = std::min(kLanes, m - i0), columns = std::min(kLanes, n - j0);
      vf c[kLanes];
      for (int j = 0; j < kLanes; j++)
        c[j] = j < columns ? load_partial(from + (ptrdiff_t)(j0 + j) * m + i0, rows) : vf{};
      transpose(c);
      const Part lanes{columns};
      for (int i = 0; i < rows; i++) {
        const ptrdiff_t at = (ptrdiff_t)(i0 + i) * n + j0;
        lanes.put(y + at, finish(epilogue, c[i], at, j0, lanes));
      }
    }
  });
}

/**
 * Make `many` x `few` results by dot products? Each takes a multiply-add for kLanes k-steps, and the time of 64 k-steps to be summed
 * across; gemm() takes one for each k-step and row.
 */
bool are_dots_faster(int many, int few, int k) {
  if (few <= kFewOutputs) return k >= kLanes;
  return few < kLanes && many >= 8 * kLanes && few * (k + 64.0) <= 1.06 * kLanes * k;
}

/** Make the columns beyond whole vectors by dot products, if they take long enough beside the others to matter? */
bool are_better_split(int m, int n, int k) {
  const int columns = n % kLanes;
  return columns > 0 && columns <= kFewOutputs && n > kLanes && n <= 9 * kLanes && m >= 8 * kLanes &&
         columns * (k + 64.0) <= 0.5 * kLanes * k;
}

/** Transposing C takes the time of so many k-steps; and of larger ones the pool would keep the memory. */
constexpr int kMinSteps = 32;
constexpr int64_t kMaxTransposed = 4 << 20;

}  // namespace

bool thin_product(const MatrixProduct& p) {
  const auto& [m, n, k, a, b, c, epilogue] = p;
  if (m == 0 || n == 0) return false;
  if (!a.neighbours && are_dots_faster(m, n, k)) {
    dot_products(p);
    return true;
  }
  if (!a.neighbours && are_better_split(m, n, k)) {
    MatrixProduct whole = p;
    whole.n = n / kLanes * kLanes;
    gemm(whole);
    dot_products(p, whole.n);
    return true;
  }
  const bool few_columns = a.neighbours && 4 * n <= 3 * kLanes && m >= kLanes;
  const bool few_rows = !b.neighbours && are_dots_faster(n, m, k);
  if (k < kMinSteps || (int64_t)m * n > kMaxTransposed || !(few_columns || few_rows)) return false;
  const size_t bytes = sizeof(float) * m * n;
  float* const to = (float*)(inside_task() ? thread_scratch(bytes) : shared_scratch(0, bytes));
  const MatrixProduct transposed{
      n, m, k, {b.data, b.stride, b.neighbours}, {a.data, a.stride, a.neighbours}, {to, m}, {}};
  few_columns ? gemm(transposed) : dot_products(transposed);
  transpose_to(m, n, to, c.base, epilogue);
  return true;
}

}  // namespace fovea::FOVEA_ISA
