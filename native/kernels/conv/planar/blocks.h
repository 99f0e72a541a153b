// The rectangles in which planar convolutions take an image, as planes.
#pragma once

#include <vector>

#include "kernels/conv/plan.h"
#include "kernels/conv/shared/planes.h"

namespace fovea::FOVEA_ISA::conv::planar {

// Sums in flight, within the registers.
constexpr int kRegisters = kLanes == 16 ? 24 : 12;

/**
 * A phase's places in equal rectangles of rows x columns. A rectangle's input is `residues` sets of planes, one for
 * each row modulo the step; in all planes, rows are one pitch apart, so that all places of a rectangle are one
 * run of numbers, of which those between two rows mean nothing.
 */
struct Blocks {
  const AxisPhase &y, &x;
  int channels, rows, columns, down, across, residues;
  Planes planes;

  Blocks(const AxisPhase& y, const AxisPhase& x, int channels, int images);
  int per_image() const { return down * across; }
  ptrdiff_t size() const { return residues * planes.all(); }
  /** Numbers of a run for so many rows of places. */
  ptrdiff_t run(int some_rows) const { return (ptrdiff_t)(some_rows - 1) * planes.pitch + columns; }
  /** Where each step (tap y, tap x, channel) of a place begins, for taps that x has. */
  std::vector<ptrdiff_t> offsets(const AxisPhase& some_of_x) const;
  /** The planes for the rectangle whose first place is (y0, x0). */
  void take(const Image& image, int y0, int x0, float* line, float* to) const;
};

}  // namespace fovea::FOVEA_ISA::conv::planar
