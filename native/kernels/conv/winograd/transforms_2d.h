// The transforms of winograd/transforms_1d.h in two dimensions, tile by tile for all channels, a vector of channels at
// a time. Transformed elements lie as [points][tile][channels], `step` floats from point to point.
#pragma once

#include <cstddef>

#include "kernels/conv/winograd/tile_order.h"
#include "program/call.h"

namespace fovea::FOVEA_ISA::conv::winograd {

struct Outputs {
  float* data;  // of the tile's first output
  ptrdiff_t row, column;
  int rows, columns;  // that exist, at most kOut
  const float* tensor;
  const Epilogue* epilogue;  // or null
  bool nontemporal;          // as Gather says
};

/**
 * The transforms for a phase; chosen by its taps. The first three make `count` tiles, whose transformed elements follow each
 * other. `channels` beyond the last, up to a whole vector, become 0.
 */
struct Transforms {
  /** to = B^T X B, but for the last row or column of points where `skip` says so. */
  void (*input)(const Window* x, int count, int channels, bool skip_row, bool skip_column, float* to,
                ptrdiff_t step);
  /** out = epilogue(A^T M A) */
  void (*output)(const float* from, ptrdiff_t step, int channels, const Outputs* out, int count);
  /** to = E dY E^T for tiles of the output's gradient */
  void (*gradient)(const Window* dy, int count, int channels, float* to, ptrdiff_t step);
  /** to[places[point]] = G F G^T for one vector of kernels, at the points whose place is not negative; f has taps_y * taps_x
   * vectors, `step` floats apart */
  void (*kernel)(const float* f, ptrdiff_t step, float* to, const ptrdiff_t* places);
  /** to[places[tap]] = E^T N^-1 M N^-1 E, the end of the weight gradient, for the taps whose place is not
   * negative */
  void (*weights)(const float* from, ptrdiff_t step, int channels, bool skip_row, bool skip_column, float* to,
                  const ptrdiff_t* places);
};

const Transforms& transforms_of(const Phase& phase);

/** Distance between points for rows * channels elements each: not a multiple of 4 KiB, whose addresses collide
 * in the caches. */
inline ptrdiff_t point_step(ptrdiff_t rows, ptrdiff_t channels) {
  return (rows * channels + 63) / 64 * 64 + 16;
}

}  // namespace fovea::FOVEA_ISA::conv::winograd
