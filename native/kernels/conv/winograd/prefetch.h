// Prefetches the next block's input and this block's output during the products of a block, when the multipliers are busy and
// memory is idle.
#pragma once

#include <vector>

#include "kernels/conv/microkernel/tile.h"
#include "kernels/conv/winograd/tile_order.h"

namespace fovea::FOVEA_ISA::conv::winograd {

/** Along an axis: steps from output to output, and how far a window reaches beyond its tile's steps. */
struct Reach {
  int step, beyond;
};
Reach reach_of(const AxisPhase& axis, const std::vector<PhasePart>& parts, int points);

/** What tiles [first, end) are the first to read or write of such images, as far as the first one's strip goes. */
PrefetchRegion region_of_tiles(const TileOrder& order, int first, int end, const Image& images, Reach y,
                               Reach x);

/** Products in which so many rows and columns are made. */
int products_of(int rows, int columns);

/** Regions that are prefetched into L2, in equal portions for so many products. */
class PrefetchQueue {
 public:
  PrefetchQueue(std::vector<PrefetchRegion> regions, int products);
  /** Spreads a portion over the k-steps of `p`, which are about to be set. */
  void spread(TileProduct& p) const { spread_to_l2(p, portion_); }
  /** Gives the next product its portion, or none. */
  void give(TileProduct& p);

 private:
  std::vector<PrefetchRegion> regions_;
  ptrdiff_t portion_;
  size_t next_ = 0;
};

}  // namespace fovea::FOVEA_ISA::conv::winograd
