// What tiles of all sizes share: the prefetches for a tile's end, and the end itself where it is made in memory.
#pragma once

#include "kernels/conv/microkernel/tile.h"

namespace fovea::FOVEA_ISA::conv {

/** Prefetches the operands of a tile's epilogue: when its sums are made they are there. */
void prefetch_operands(const TileProduct& p, const float* c, int rows);

/** Prefetches the lines that a later tile writes: stores are faster to lines that are in a cache. */
void prefetch_outputs(const TileProduct& p, const float* c, int rows);

/** The epilogue and the stores of a tile whose first row is at `c`, from sums[row][vector]. All operands are read before anything is
 * stored, as they may lie in C's place. */
void end_in_memory(const TileProduct& p, float* c, float* sums, int rows);

}  // namespace fovea::FOVEA_ISA::conv
