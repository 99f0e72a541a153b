// The rectangles in which planar convolutions take an image, as planes.
#pragma once

#include <vector>

#include "kernels/conv/plan.h"
#include "kernels/conv/shared/planes.h"

namespace fovea::FOVEA_ISA::conv::planar {

/**
 * A phase's positions in equal rectangles of rows x columns. A rectangle's input is `residues` sets of planes, one for
 * each row modulo the step; in all planes, rows have one pitch, so that all positions of a rectangle are one
 * run of elements, of which those between two rows mean nothing.
 */
struct Blocks {
  const AxisPhase &y, &x;
  int channels, rows, columns, down, across, residues;
  Planes planes;

  Blocks(const AxisPhase& y, const AxisPhase& x, int channels, int images);
  int per_image() const { return down * across; }
  ptrdiff_t size() const { return residues * planes.all(); }
  /** Floats of a run over so many rows of positions. */
  ptrdiff_t run(int some_rows) const { return (ptrdiff_t)(some_rows - 1) * planes.pitch + columns; }
  /** Where each step (tap y, tap x, channel) of a position begins, for taps that x has. */
  std::vector<ptrdiff_t> offsets(const AxisPhase& some_of_x) const;
  /** The planes for the rectangle whose first position is (y0, x0). */
  void take(const Image& image, int y0, int x0, float* line, float* to) const;
};

}  // namespace fovea::FOVEA_ISA::conv::planar
