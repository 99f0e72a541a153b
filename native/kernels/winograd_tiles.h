// The two-dimensional transforms of winograd.h for one tile and all its channels, a vector of channels at a
// time; and the places of tiles in an image. Transformed numbers lie as [36 points][tile or input
// channel][channels], `step` floats from point to point.
#pragma once

#include "../call.h"
#include "../lanes.h"
#include "winograd.h"

namespace fovea::FOVEA_ISA::winograd {

/** A 3x3 convolution with stride 1, forward or backward in its input: out[i] = sum_p in[i + p - pad] * w[p].
 */
struct Plane {
  int n, in_h, in_w, in_c, out_h, out_w, out_c, pad_top, pad_left;
  int tiles_y() const { return (out_h + kOut - 1) / kOut; }
  int tiles_x() const { return (out_w + kOut - 1) / kOut; }
  int tiles() const { return n * tiles_y() * tiles_x(); }
};

struct TilePlace {
  int image, y, x;  // of the tile's first output
};

inline TilePlace place_of(const Plane& s, int tile) {
  const int per_image = s.tiles_y() * s.tiles_x(), within = tile % per_image;
  return {tile / per_image, within / s.tiles_x() * kOut, within % s.tiles_x() * kOut};
}

/** Distance between points for rows * channels numbers each: not a multiple of 4 KiB, whose addresses collide
 * in the caches. */
inline ptrdiff_t point_step(ptrdiff_t rows, ptrdiff_t channels) {
  return (rows * channels + 63) / 64 * 64 + 16;
}

/** to = B^T X B for the tile's 6x6 window of the input; channels beyond the last are 0. `room` holds 36 *
 * in_c floats. */
void input_tile(const Plane& s, const float* in, TilePlace at, float* room, float* to, ptrdiff_t step);

/** out = epilogue(A^T M A) where the tile meets the output. */
void output_tile(const Plane& s, const float* from, ptrdiff_t step, TilePlace at, float* out,
                 const Epilogue* e);

/** to = E_4 dY E_4^T for channels [from, from + count) of the tile's 4x4 window of the output's gradient. */
void gradient_tile(const Plane& s, const float* dy, TilePlace at, int from, int count, float* room, float* to,
                   ptrdiff_t step);

}  // namespace fovea::FOVEA_ISA::winograd
