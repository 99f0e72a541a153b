// Asks, while the products of one block of Winograd's tiles are made, for what the next block reads and what this one ends
// with: the multipliers are busy then, and the memory is not.
#pragma once

#include <vector>

#include "kernels/conv/microkernel/tile.h"
#include "kernels/conv/winograd/tile_order.h"

namespace fovea::FOVEA_ISA::conv::winograd {

/** A part of some rows of an image that will be wanted, to be asked for bit by bit. */
struct Ahead {
  const float* row = nullptr;
  ptrdiff_t length = 0, pitch = 0;  // of the part of a row, and from row to row
  int rows = 0;
  ptrdiff_t at = 0;  // in the row

  ptrdiff_t lines() const { return rows * (length / kLine + 1); }
  /** The next numbers, up to the end of the row. */
  const float* take(ptrdiff_t numbers);
};

/** Along an axis: steps from output to output, and how far a window reaches beyond its tile's steps. */
struct Reach {
  int step, beyond;
};
Reach reach_of(const AxisPhase& axis, const std::vector<PhasePart>& parts, int points);

/** What tiles [first, end) are the first to touch of such images, as far as the first one's strip goes. */
Ahead ahead_of(const TileOrder& order, int first, int end, const Image& images, Reach y, Reach x);

/** Products in which so many rows and columns are made. */
int products_of(int rows, int columns);

/** All that is wanted, in equal portions for so many products. */
class Wanted {
 public:
  Wanted(std::vector<Ahead> parts, int products);
  /** `p` is about to have its steps: spreads a portion over them. */
  void spread(TileProduct& p) const { spread_far(p, portion_); }
  /** Gives the next product its portion, or none. */
  void give(TileProduct& p);

 private:
  std::vector<Ahead> parts_;
  ptrdiff_t portion_;
  size_t turn_ = 0;
};

}  // namespace fovea::FOVEA_ISA::conv::winograd
