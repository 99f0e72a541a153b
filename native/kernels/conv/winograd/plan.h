// Which convolutions are made of Winograd's, and how. A phase of a plan (conv/plan.h) along one axis is
//
//   y[j] = sum over taps t of x[j * in_step + offset_t] * W_t.
//
// Taps whose offsets agree modulo in_step read one sub-sequence of x, and are neighbours there: a convolution
// with stride 1. So a phase is a sum of parts, each of one to three neighbouring taps (longer rows of taps
// are cut up), and all parts of a phase use the transform of the longest, so that their products add up
// before the output's transform. A part with fewer taps than its transform has 0 at infinity, which is
// skipped.
//
//   3x3                     one phase, one part        36 products for 4x4 outputs instead of 144
//   3x3 stride 2            one phase, 2x2 parts       25 + 20 + 20 + 16 = 81 instead of 144
//     its input gradient    2x2 phases, one part       25 + 20 + 20 + 16 for 4 x 4x4 outputs instead of 144
//   3x3 on a doubled image  2x2 phases, one part       4 x 25 for 4 x 4x4 outputs instead of 4 x 144
//     its input gradient    one phase, 2x2 parts       4 x 25 instead of 4 x 144
//   5x5, 7x7                one phase, 2x2, 3x3 parts  11 x 11 instead of 400, 16 x 16 instead of 784
//   3x3, dilated by 2       2x2 phases, one part       as 3x3, with the same kernels in all phases
#pragma once

#include <vector>

#include "kernels/conv/plan.h"

namespace fovea::FOVEA_ISA::conv::winograd {

/** A part along one axis: its window of the input for the outputs from j begins at element j * in_step +
 * offset. */
struct PhasePart {
  int offset;
  std::vector<const Tap*> taps;
};

struct Phase {
  const AxisPhase *y, *x;
  int taps_y, taps_x;  // of the longest part: they name the transforms
  int points_y, points_x;
  std::vector<PhasePart> parts_y, parts_x;
  bool repeats;  // Are its kernels those of the phase before?

  int points() const { return points_y * points_x; }
  int parts() const { return (int)(parts_y.size() * parts_x.size()); }
  const PhasePart& part_y(int part) const { return parts_y[part / parts_x.size()]; }
  const PhasePart& part_x(int part) const { return parts_x[part % parts_x.size()]; }
  /** Whether a part's products at a point are not 0 anyway. */
  bool uses(int part, int point) const {
    return !(skips_row(part) && point / points_x == points_y - 1) &&
           !(skips_column(part) && point % points_x == points_x - 1);
  }
  bool skips_row(int part) const { return (int)part_y(part).taps.size() < taps_y; }
  bool skips_column(int part) const { return (int)part_x(part).taps.size() < taps_x; }
  /** Parts in use at a point: the depth of its matrix product, in units of the input's channels. */
  int depth(int point) const {
    int count = 0;
    for (int part = 0; part < parts(); part++) count += uses(part, point);
    return count;
  }
  /** The depths of all points together: rows of all matrices of weights, in the same units. */
  ptrdiff_t depth() const {
    ptrdiff_t sum = 0;
    for (int point = 0; point < points(); point++) sum += depth(point);
    return sum;
  }
  int tiles_y() const { return (y->count + 3) / 4; }
  int tiles_x() const { return (x->count + 3) / 4; }
};

/** The phases of an undilated plan, or none where one of them has no such parts (or nothing would be won). */
std::vector<Phase> phases_of(const Plan& plan);

}  // namespace fovea::FOVEA_ISA::conv::winograd
