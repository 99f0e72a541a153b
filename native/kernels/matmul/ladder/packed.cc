// `packed`: tiles of B are copied before they are used, into the order in which the innermost loop reads them. The rung before is
// tiled.cc.
//
// In B the rows of a tile are a whole row of B apart. Where that is a multiple of 4 KiB, as with 1024 columns, they all fall into the
// same quarter of the sets of L1 and drive each other out; and each lies in a page of its own, of which the TLB knows few. Copied, a
// tile of 32 KiB is one piece of memory that stays in L1. The copy costs n * k moves, for m * n * k multiply-adds. It also makes a
// transposed B as fast as another: only the copy reads down the columns.
//
// What is left: C's row is loaded and stored for each multiply-add.
#include <algorithm>

#include "kernels/gemm/gemm.h"
#include "kernels/matmul/variants.h"
#include "kernels/simd/integers.h"
#include "runtime/thread_pool.h"

namespace fovea::FOVEA_ISA::ladder {
namespace {

constexpr int kDepthOfTile = 32, kColumnsOfTile = 256, kRowsOfTask = 32;  // as in tiled.cc

/** A copy of B[step .. step + depth, column .. column + columns]; a row of it follows the other. */
struct PackedTile {
  int step, depth, column, columns;
  const float* elements;
};

PackedTile pack(const MatrixProduct& p, int step, int column, float* to) {
  const PackedTile tile{step, std::min(kDepthOfTile, p.k - step), column,
                        std::min(kColumnsOfTile, p.n - column), to};
  for (int s = 0; s < tile.depth; s++)
    for (int j = 0; j < tile.columns; j++) *to++ = p.b.at(column + j, step + s);
  return tile;
}

/** The tile's columns of a row of C += the tile's steps of a row of A * the tile */
void add_row(const MatrixProduct& p, int i, const PackedTile& tile) {
  float* const y = p.c.base + p.c.offset(i) + tile.column;
  const float* b = tile.elements;
  for (int s = 0; s < tile.depth; s++, b += tile.columns) {
    const float x = p.a.at(i, tile.step + s);
    for (int j = 0; j < tile.columns; j++) y[j] += x * b[j];
  }
}

}  // namespace

void packed(const MatrixProduct& product) {
  const MatrixProduct& p = product;
  const auto for_rows = [&](auto run) {
    parallel_for(ceil_div(p.m, kRowsOfTask), [&](int task, int) {
      for (int i = task * kRowsOfTask; i < std::min((task + 1) * kRowsOfTask, p.m); i++) run(i);
    });
  };
  for_rows([&](int i) { std::fill_n(p.c.base + p.c.offset(i), p.n, 0.0f); });
  float* const copy = (float*)shared_scratch(0, sizeof(float) * kDepthOfTile * kColumnsOfTile);
  for (int column = 0; column < p.n; column += kColumnsOfTile)
    for (int step = 0; step < p.k; step += kDepthOfTile) {
      const PackedTile tile = pack(p, step, column, copy);
      for_rows([&](int i) { add_row(p, i, tile); });
    }
  for_rows([&](int i) { finish_row(p.epilogue, p.c.base + p.c.offset(i), p.c.offset(i), 0, p.n); });
}

}  // namespace fovea::FOVEA_ISA::ladder
