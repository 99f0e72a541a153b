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

/** How B is cut: tile (i, j) holds the i-th kDepthOfTile steps of the j-th kColumnsOfTile columns, row after row. */
struct Tiles {
  int n, k;
  float* elements;

  int down() const { return ceil_div(k, kDepthOfTile); }
  int across() const { return ceil_div(n, kColumnsOfTile); }
  int depth(int i) const { return std::min(kDepthOfTile, k - i * kDepthOfTile); }
  int columns(int j) const { return std::min(kColumnsOfTile, n - j * kColumnsOfTile); }
  float* tile(int i, int j) const {
    return elements + ((ptrdiff_t)j * down() + i) * kDepthOfTile * kColumnsOfTile;
  }
};

void pack(const MatrixProduct& p, const Tiles& tiles, int i, int j) {
  float* to = tiles.tile(i, j);
  for (int s = 0; s < tiles.depth(i); s++)
    for (int c = 0; c < tiles.columns(j); c++) *to++ = p.b.at(j * kColumnsOfTile + c, i * kDepthOfTile + s);
}

/** Tile j's columns of a row of C += tile i's steps of that row of A * the tile */
void add_row(const MatrixProduct& p, const Tiles& tiles, int row, int i, int j) {
  float* const y = p.c.base + p.c.offset(row) + j * kColumnsOfTile;
  const int columns = tiles.columns(j);
  const float* b = tiles.tile(i, j);
  for (int s = 0; s < tiles.depth(i); s++, b += columns) {
    const float x = p.a.at(row, i * kDepthOfTile + s);
    for (int c = 0; c < columns; c++) y[c] += x * b[c];
  }
}

}  // namespace

void packed(const MatrixProduct& product) {
  const MatrixProduct& p = product;
  Tiles tiles{p.n, p.k, nullptr};
  const int count = tiles.down() * tiles.across();
  tiles.elements = (float*)shared_scratch(0, sizeof(float) * kDepthOfTile * kColumnsOfTile * count);
  parallel_for(count, [&](int t, int) { pack(p, tiles, t % tiles.down(), t / tiles.down()); });
  parallel_for(ceil_div(p.m, kRowsOfTask), [&](int task, int) {
    const int begin = task * kRowsOfTask, end = std::min(begin + kRowsOfTask, p.m);
    for (int row = begin; row < end; row++) std::fill_n(p.c.base + p.c.offset(row), p.n, 0.0f);
    for (int j = 0; j < tiles.across(); j++)
      for (int i = 0; i < tiles.down(); i++)
        for (int row = begin; row < end; row++) add_row(p, tiles, row, i, j);
    for (int row = begin; row < end; row++)
      finish_row(p.epilogue, p.c.base + p.c.offset(row), p.c.offset(row), 0, p.n);
  });
}

}  // namespace fovea::FOVEA_ISA::ladder
