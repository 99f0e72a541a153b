// `tiled`: the same sums in another order, so that the caches and the vectors are used. The rung before is naive.cc.
//
// The innermost loop runs along a row of C: neighbours in memory, none of which waits for another, so that the compiler makes vectors
// of it. And the loops are cut into tiles: 32 steps of the sum by 256 columns of B are 32 KiB, which stay in the caches while all rows of
// a task use them. B comes from memory once for each task, no longer once for each row.
//
// What is left: C's row is loaded and stored for each multiply-add, rows of a tile of B lie far apart, and a transposed B is still
// read down its columns.
#include <algorithm>

#include "kernels/gemm/gemm.h"
#include "kernels/matmul/variants.h"
#include "kernels/simd/integers.h"
#include "runtime/thread_pool.h"

namespace fovea::FOVEA_ISA::ladder {
namespace {

constexpr int kDepthOfTile = 32, kColumnsOfTile = 256, kRowsOfTask = 32;

/** Where a range of rows, columns or steps lies in its axis. */
struct Span {
  int begin, end;
  Span(int begin, int size, int length) : begin(begin), end(std::min(begin + size, length)) {}
};

/** C[rows, columns] += A[rows, depth] * B[depth, columns] */
void add_tile(const MatrixProduct& p, Span rows, Span columns, Span depth) {
  for (int i = rows.begin; i < rows.end; i++) {
    float* const y = p.c.base + p.c.offset(i);
    for (int step = depth.begin; step < depth.end; step++) {
      const float x = p.a.at(i, step);
      for (int j = columns.begin; j < columns.end; j++) y[j] += x * p.b.at(j, step);
    }
  }
}

}  // namespace

void tiled(const MatrixProduct& product) {
  parallel_for(ceil_div(product.m, kRowsOfTask), [&p = product](int task, int) {
    const Span rows(task * kRowsOfTask, kRowsOfTask, p.m);
    for (int i = rows.begin; i < rows.end; i++) std::fill_n(p.c.base + p.c.offset(i), p.n, 0.0f);
    for (int column = 0; column < p.n; column += kColumnsOfTile)
      for (int step = 0; step < p.k; step += kDepthOfTile)
        add_tile(p, rows, Span(column, kColumnsOfTile, p.n), Span(step, kDepthOfTile, p.k));
    for (int i = rows.begin; i < rows.end; i++)
      finish_row(p.epilogue, p.c.base + p.c.offset(i), p.c.offset(i), 0, p.n);
  });
}

}  // namespace fovea::FOVEA_ISA::ladder
