// The rectangles in which `implicit-gemm` takes the positions of a plan's phases: what one thread makes at a time.
#pragma once

#include "kernels/conv/implicit_gemm/pack.h"

namespace fovea::FOVEA_ISA::conv::implicit_gemm {

/** Rows of one phase's output positions in a segment of its columns, the same of some images, for some of one group's output
 * channels. */
struct Block {
  const AxisPhase *y, *x;
  Segment across;
  int image, images, group, y0, rows;  // with several images, the same taps are in bounds of all rows
  int channel, channels;               // within the group
  size_t weights;                      // where those of the phase, group and first panel begin

  int columns() const { return across.size(); }
};

/** Do tiles go on in the next row? Where rows are short, or leave a short rest. */
bool wraps(int columns, int max_rows);

/** Do border columns get blocks of their own? Then no zeros are multiplied. */
bool columns_are_split(const Gather& g, const AxisPhase& y, const AxisPhase& x);

/** All of them, in the order in which they share most of what they read. */
std::vector<Block> blocks_of(const Gather& g, const WeightPanels& panels);

}  // namespace fovea::FOVEA_ISA::conv::implicit_gemm
