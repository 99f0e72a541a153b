// The rectangles in which `implicit-gemm` takes the places of a plan's phases: what one thread makes at a time.
#pragma once

#include "conv_gather.h"

namespace fovea::FOVEA_ISA {

/** Rows of one phase's output places in a segment of its columns, for some of one group's output channels. */
struct Block {
  const AxisPhase *y, *x;
  Segment across;
  int image, group, y0, rows;
  int channel, channels;  // within the group
  const float* weights;   // of the phase, group and first panel

  int columns() const { return across.size(); }
};

/** All of them, in the order in which they share most of what they read. */
std::vector<Block> blocks_of(const Gather& g, const WeightPanels& panels, const float* packed);

}  // namespace fovea::FOVEA_ISA
