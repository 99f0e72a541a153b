#include "winograd_tiles.h"

#include <algorithm>

#include "epilogue.h"
#include "winograd.h"

namespace fovea::FOVEA_ISA::winograd {
namespace {

/**
 * One vector of channels of a tile: `kColumn` turns kFromY numbers into kToY, `kRow` kFromX into kToX; get(i,
 * j) reads, put(i, j, v) writes.
 */
template <int kFromY, int kFromX, int kToY, int kToX, void (&kColumn)(const vf (&)[kFromY], vf (&)[kToY]),
          void (&kRow)(const vf (&)[kFromX], vf (&)[kToX]), class Get, class Put>
inline __attribute__((always_inline)) void nest(Get get, Put put) {
  vf half[kToY][kFromX];
#pragma GCC unroll 6
  for (int j = 0; j < kFromX; j++) {
    vf column[kFromY], made[kToY];
#pragma GCC unroll 6
    for (int i = 0; i < kFromY; i++) column[i] = get(i, j);
    kColumn(column, made);
#pragma GCC unroll 6
    for (int i = 0; i < kToY; i++) half[i][j] = made[i];
  }
#pragma GCC unroll 6
  for (int i = 0; i < kToY; i++) {
    vf made[kToX];
    kRow(half[i], made);
#pragma GCC unroll 6
    for (int j = 0; j < kToX; j++) put(i, j, made[j]);
  }
}

template <class Y, class X>
void input(Window x, int channels, bool skip_row, bool skip_column, float* to, ptrdiff_t step) {
  for_lanes(channels, [&](int64_t c, auto lanes) {
    nest<Y::kPoints, X::kPoints, Y::kPoints, X::kPoints, Y::input, X::input>(
        [&](int i, int j) __attribute__((always_inline)) {
          if ((i == Y::kPoints - 1 && skip_row) || (j == X::kPoints - 1 && skip_column)) return vf{};
          return lanes.get(x.data + i * x.row + j * x.column + c);
        },
        [&](int i, int j, vf v) __attribute__((always_inline)) {
          if ((i == Y::kPoints - 1 && skip_row) || (j == X::kPoints - 1 && skip_column)) return;
          store(to + (i * X::kPoints + j) * step + c, v);
        });
  });
}

template <class Y, class X>
void output(const float* from, ptrdiff_t step, int channels, const Outputs& out) {
  for_lanes(channels, [&](int64_t c, auto lanes) {
    nest<Y::kPoints, X::kPoints, kOut, kOut, Y::output, X::output>(
        [&](int i, int j)
            __attribute__((always_inline)) { return load(from + (i * X::kPoints + j) * step + c); },
        [&](int i, int j, vf v) __attribute__((always_inline)) {
          if (i >= out.rows || j >= out.columns) return;
          float* const y = out.data + i * out.row + j * out.column + c;
          lanes.put(y, out.epilogue ? finish(*out.epilogue, v, y - out.tensor, (int)c, lanes) : v);
        });
  });
}

template <class Y, class X>
void gradient(Window dy, int channels, float* to, ptrdiff_t step) {
  for_lanes(channels, [&](int64_t c, auto lanes) {
    nest<kOut, kOut, Y::kPoints, X::kPoints, Y::gradient, X::gradient>(
        [&](int i, int j)
            __attribute__((always_inline)) { return lanes.get(dy.data + i * dy.row + j * dy.column + c); },
        [&](int i, int j, vf v)
            __attribute__((always_inline)) { store(to + (i * X::kPoints + j) * step + c, v); });
  });
}

template <class Y, class X>
void kernel(const float* f, float* to) {
  nest<Y::kTaps, X::kTaps, Y::kPoints, X::kPoints, Y::kernel, X::kernel>(
      [&](int i, int j) { return load(f + (i * X::kTaps + j) * kLanes); },
      [&](int i, int j, vf v) { store(to + (i * X::kPoints + j) * kLanes, v); });
}

template <class Y, class X>
void weights(const float* from, ptrdiff_t step, int channels, bool skip_row, bool skip_column, float* to,
             const ptrdiff_t* places) {
  for_lanes(channels, [&](int64_t c, auto lanes) {
    nest<Y::kPoints, X::kPoints, Y::kTaps, X::kTaps, Y::weights, X::weights>(
        [&](int i, int j) __attribute__((always_inline)) {
          if ((i == Y::kPoints - 1 && skip_row) || (j == X::kPoints - 1 && skip_column)) return vf{};
          return load(from + (i * X::kPoints + j) * step + c);
        },
        [&](int i, int j, vf v) __attribute__((always_inline)) {
          const ptrdiff_t place = places[i * X::kTaps + j];
          if (place >= 0) lanes.put(to + place + c, v);
        });
  });
}

template <class Y, class X>
constexpr Transforms kTransforms = {input<Y, X>, output<Y, X>, gradient<Y, X>, kernel<Y, X>, weights<Y, X>};

}  // namespace

namespace {

/** From the first element that a tile's parts read along an axis to the last; a part that skips infinity
 * reads one less. */
int span(const AxisPhase& axis, const std::vector<PhasePart>& parts, int points, int taps) {
  int last = 0;
  for (const PhasePart& part : parts) {
    const int elements = points - ((int)part.taps.size() < taps);
    last = std::max(last, part.offset - axis.first() + (elements - 1) * axis.in_step);
  }
  return last + 1;
}

}  // namespace

ptrdiff_t window_size(const Phase& p) {
  return (ptrdiff_t)span(*p.y, p.parts_y, p.points_y, p.taps_y) * span(*p.x, p.parts_x, p.points_x, p.taps_x);
}

TileWindow tile_window(const Phase& p, const TilePlace& at, Image image, float* room) {
  image.data += (ptrdiff_t)at.image * image.h * image.w * image.pixel;
  const int first_y = p.y->first(), first_x = p.x->first();
  return {take_band(image, at.y * p.y->in_step + first_y, at.x * p.x->in_step + first_x,
                    span(*p.y, p.parts_y, p.points_y, p.taps_y), span(*p.x, p.parts_x, p.points_x, p.taps_x),
                    room),
          first_y, first_x};
}

const Transforms& transforms_of(const Phase& phase) {
  if (phase.taps_y == 3) return kTransforms<Three, Three>;
  if (phase.taps_y == 2) return phase.taps_x == 2 ? kTransforms<Two, Two> : kTransforms<Two, One>;
  return phase.taps_x == 2 ? kTransforms<One, Two> : kTransforms<One, One>;
}

}  // namespace fovea::FOVEA_ISA::winograd
