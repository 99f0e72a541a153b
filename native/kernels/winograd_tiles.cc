#include "winograd_tiles.h"

#include <algorithm>

#include "conv_band.h"
#include "epilogue.h"

namespace fovea::FOVEA_ISA::winograd {
namespace {

/** For every vector of channels: v[i][j] = the transform of the tile's elements, given by get(i, j). */
template <int kSize, void (&kTransform)(const vf (&)[kSize], vf (&)[6]), class Get>
inline __attribute__((always_inline)) void to_points(Get get, float* to, ptrdiff_t step) {
  vf half[6][kSize];
#pragma GCC unroll 6
  for (int j = 0; j < kSize; j++) {
    vf column[kSize], made[6];
#pragma GCC unroll 6
    for (int i = 0; i < kSize; i++) column[i] = get(i, j);
    kTransform(column, made);
#pragma GCC unroll 6
    for (int i = 0; i < 6; i++) half[i][j] = made[i];
  }
#pragma GCC unroll 6
  for (int i = 0; i < 6; i++) {
    vf made[6];
    kTransform(half[i], made);
#pragma GCC unroll 6
    for (int j = 0; j < 6; j++) store(to + (i * 6 + j) * step, made[j]);
  }
}

}  // namespace

void input_tile(const Plane& s, const float* in, TilePlace at, float* room, float* to, ptrdiff_t step) {
  const Image image{in + (ptrdiff_t)at.image * s.in_h * s.in_w * s.in_c, s.in_h, s.in_w, s.in_c, s.in_c};
  const Band window = take_band(image, at.y - s.pad_top, at.x - s.pad_left, kTile, kTile, room);
  for_lanes(s.in_c, [&](int64_t c, auto lanes) {
    to_points<6, transform_input>(
        [&](int i, int j) { return lanes.get(window.data + i * window.pitch + j * window.pixel + c); },
        to + c, step);
  });
}

void gradient_tile(const Plane& s, const float* dy, TilePlace at, int from, int count, float* room, float* to,
                   ptrdiff_t step) {
  const Image image{dy + (ptrdiff_t)at.image * s.out_h * s.out_w * s.out_c + from, s.out_h, s.out_w, s.out_c,
                    count};
  const Band window = take_band(image, at.y, at.x, kOut, kOut, room);
  for_lanes(count, [&](int64_t c, auto lanes) {
    to_points<4, transform_gradient>(
        [&](int i, int j) { return lanes.get(window.data + i * window.pitch + j * window.pixel + c); },
        to + c, step);
  });
}

void output_tile(const Plane& s, const float* from, ptrdiff_t step, TilePlace at, float* out,
                 const Epilogue* e) {
  const int rows = std::min(kOut, s.out_h - at.y), columns = std::min(kOut, s.out_w - at.x);
  const ptrdiff_t first = (((ptrdiff_t)at.image * s.out_h + at.y) * s.out_w + at.x) * s.out_c;
  for_lanes(s.out_c, [&](int64_t c, auto lanes) {
    vf half[4][6];
#pragma GCC unroll 6
    for (int j = 0; j < 6; j++) {
      vf column[6], made[4];
#pragma GCC unroll 6
      for (int i = 0; i < 6; i++) column[i] = load(from + (i * 6 + j) * step + c);
      transform_output(column, made);
#pragma GCC unroll 4
      for (int i = 0; i < 4; i++) half[i][j] = made[i];
    }
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
      vf made[4];
      transform_output(half[i], made);
      if (i >= rows) continue;
#pragma GCC unroll 4
      for (int j = 0; j < 4; j++) {
        if (j >= columns) continue;
        const ptrdiff_t place = first + ((ptrdiff_t)i * s.out_w + j) * s.out_c + c;
        lanes.put(out + place, e ? finish(*e, made[j], place, (int)c, lanes) : made[j]);
      }
    }
  });
}

}  // namespace fovea::FOVEA_ISA::winograd
