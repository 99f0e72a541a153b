// How the output pixels of a block become tiles of the microkernel: rows of one image row, or rows that wrap round into the next.
#pragma once

#include <cstddef>
#include <vector>

#include "kernels/conv/implicit_gemm/blocks.h"
#include "kernels/conv/microkernel/tile.h"

namespace fovea::FOVEA_ISA::conv::implicit_gemm {

/**
 * Tiles of neighbouring output pixels in each of some rows, for which the same rows of taps are in bounds: first `larger` ones of
 * size + 1, then `others` of `size`. Or a single tile that wraps round, from one row into the next.
 */
struct Tiles {
  int row, rows, column, size, larger, others;
  Range taps;

  int positions() const { return size * (larger + others) + larger; }  // of a row
};

/**
 * All tiles of a block. A tile lies in one row of output pixels, unless rows are so short that it may wrap round, into the next
 * image too. Where an image of in_h rows is read in place it does not wrap to a row for which other taps are in bounds. Rows are
 * counted on from image to image.
 */
std::vector<Tiles> tiles_of(const Block& block, int in_h, bool in_place, int max_rows);

/** Distances in memory from one of a block's output pixels to the next of its row, of the next row, of the next image. */
struct Strides {
  ptrdiff_t column, row, image;

  ptrdiff_t at(const Block& block, int row_of_all, int at_column) const {
    const int i = block.images > 1 ? row_of_all / block.rows : 0;  // a division takes as long as some k-steps
    return i * image + (row_of_all - i * block.rows) * row + at_column * column;
  }
};

/** Finds the rows of A and C of a tile that wraps round, from the first of them in `p`. */
void gather_rows(const Block& block, const Tiles& tile, const Strides& in, const Strides& out,
                 TileProduct& p);

}  // namespace fovea::FOVEA_ISA::conv::implicit_gemm
