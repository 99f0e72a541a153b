// The matrix of im2col: a row for each output pixel, in it the window of the input that the pixel depends on, zeros outside the
// image. Columns are in the order of the weights: kernel row, kernel column, channel of the group.
#pragma once

#include "kernels/conv/conv.h"

namespace fovea::FOVEA_ISA::conv::im2col {

/** Output rows [first, first + rows) of one image, and one group's channels of it. */
struct Piece {
  int image, first, rows, group;
};

/** Floats of a row of the matrix. */
inline int columns_of(const ConvShape& s) { return s.kh * s.kw * (s.ci / s.groups); }

/** Writes the windows of a piece of `x` to `matrix`. */
void gather(const ConvShape& s, const float* x, const Piece& piece, float* matrix);

/** Adds the rows of `matrix` to the windows of `x` from which gather() would read them: its transpose (col2im). */
void scatter(const ConvShape& s, const float* matrix, const Piece& piece, float* x);

}  // namespace fovea::FOVEA_ISA::conv::im2col
