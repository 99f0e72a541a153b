#include "kernels/conv/implicit_gemm/tiles.h"

#include <algorithm>

#include "kernels/simd/integers.h"

namespace fovea::FOVEA_ISA::conv::implicit_gemm {

std::vector<Tiles> tiles_of(const Block& block, int in_h, bool in_place, int max_rows) {
  const int columns = block.columns(), tiles_a_row = ceil_div(columns, max_rows);
  const bool wrap = wraps(columns, max_rows);
  const int size = columns / tiles_a_row, larger = columns % tiles_a_row, rows = block.images * block.rows;
  std::vector<Tiles> tiles;
  const auto taps_of = [&](int row, int end) {
    if (block.images > 1) row = 0, end = 1;
    return taps_in_bounds_of(*block.y, block.y0 + row, block.y0 + end, in_h);
  };
  for (int row = 0, end; row < rows; row = end) {
    const Range taps = taps_of(row, row + 1);
    for (end = row + 1; end < rows; end++)
      if ((in_place || !wrap) && taps_of(end, end + 1) != taps) break;
    if (!wrap || end == row + 1) {
      tiles.push_back({row, end - row, 0, size, larger, tiles_a_row - larger, taps});
      continue;
    }
    const int positions = (end - row) * columns;
    const int count = ceil_div(positions, std::min(kMaxGathered, max_rows));
    for (int i = 0; i < count; i++) {
      const int at = part_start(positions, i, count), size = part_start(positions, i + 1, count) - at;
      const int first = row + at / columns;
      tiles.push_back(
          {first, 1, at % columns, size, 0, 1, taps_of(first, row + (at + size - 1) / columns + 1)});
    }
  }
  return tiles;
}

void gather_rows(const Block& block, const Tiles& tile, const Strides& in, const Strides& out,
                 TileProduct& p) {
  const int columns = block.columns();
  const float* a = p.a.first;
  float* c = p.c.first;
  int column = tile.column, row = block.images > 1 ? tile.row % block.rows : tile.row;
  const auto go = [&](ptrdiff_t of_a, ptrdiff_t of_c) { a += of_a, c += of_c; };
  for (int r = 0; r < tile.size; r++) {
    p.a.gathered[r] = a, p.c.gathered[r] = c;
    go(in.column, out.column);
    if (++column < columns) continue;
    column = 0;
    go(in.row - columns * in.column, out.row - columns * out.column);
    if (++row < block.rows) continue;
    row = 0;
    go(in.image - block.rows * in.row, out.image - block.rows * out.row);
  }
}

}  // namespace fovea::FOVEA_ISA::conv::implicit_gemm
