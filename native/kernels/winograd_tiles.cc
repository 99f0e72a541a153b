#include "winograd_tiles.h"

#include <algorithm>

#include "conv_micro.h"
#include "cpu.h"
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

/** Element (i, j) of a window, a vector of channels; where it has no such element, 0. Asks for the next tile's. */
template <bool kWhole, int kFresh, class Lanes>
inline __attribute__((always_inline)) vf element(const Window& x, int i, int j, int64_t c, Lanes lanes) {
  const float* const at = x.data + i * x.row + j * x.column + c;
  if (j >= kFresh) __builtin_prefetch(at + kOut * x.column);
  return kWhole || (x.rows >> i & x.columns >> j & 1) ? lanes.get(at) : vf{};
}

template <class Y, class X, bool kWhole>
void input_of(Window x, int channels, bool skip_row, bool skip_column, float* to, ptrdiff_t step) {
  for_lanes(channels, [=](int64_t c, auto lanes) {
    nest<Y::kPoints, X::kPoints, Y::kPoints, X::kPoints, Y::input, X::input>(
        [=](int i, int j) __attribute__((always_inline)) {
          if ((i == Y::kPoints - 1 && skip_row) || (j == X::kPoints - 1 && skip_column)) return vf{};
          return element<kWhole, X::kPoints - kOut>(x, i, j, c, lanes);
        },
        [=](int i, int j, vf v) __attribute__((always_inline)) {
          if ((i == Y::kPoints - 1 && skip_row) || (j == X::kPoints - 1 && skip_column)) return;
          store(to + (i * X::kPoints + j) * step + c, v);
        });
  });
}

template <class Y, class X>
void input(const Window& x, int channels, bool skip_row, bool skip_column, float* to, ptrdiff_t step) {
  (x.is_whole(Y::kPoints, X::kPoints) ? input_of<Y, X, true> : input_of<Y, X, false>)(x, channels, skip_row,
                                                                                      skip_column, to, step);
}

template <class Y, class X>
void output(const float* from, ptrdiff_t step, int channels, const Outputs& out) {
  for_lanes(channels, [=, &out](int64_t c, auto lanes) {
    nest<Y::kPoints, X::kPoints, kOut, kOut, Y::output, X::output>(
        [=](int i, int j)
            __attribute__((always_inline)) { return load(from + (i * X::kPoints + j) * step + c); },
        [=](int i, int j, vf v) __attribute__((always_inline)) {
          if (i >= out.rows || j >= out.columns) return;
          float* const y = out.data + i * out.row + j * out.column + c;
          if (out.epilogue) v = finish(*out.epilogue, v, y - out.tensor, (int)c, lanes);
          out.streams ? stream(y, v) : lanes.put(y, v);
        });
  });
}

template <class Y, class X, bool kWhole>
void gradient_of(Window dy, int channels, float* to, ptrdiff_t step) {
  for_lanes(channels, [=](int64_t c, auto lanes) {
    nest<kOut, kOut, Y::kPoints, X::kPoints, Y::gradient, X::gradient>(
        [=](int i, int j) __attribute__((always_inline)) { return element<kWhole, 0>(dy, i, j, c, lanes); },
        [=](int i, int j, vf v)
            __attribute__((always_inline)) { store(to + (i * X::kPoints + j) * step + c, v); });
  });
}

template <class Y, class X>
void gradient(const Window& dy, int channels, float* to, ptrdiff_t step) {
  (dy.is_whole(kOut, kOut) ? gradient_of<Y, X, true> : gradient_of<Y, X, false>)(dy, channels, to, step);
}

template <class Y, class X>
void kernel(const float* f, float* to) {
  nest<Y::kTaps, X::kTaps, Y::kPoints, X::kPoints, Y::kernel, X::kernel>(
      [=](int i, int j) { return load(f + (i * X::kTaps + j) * kLanes); },
      [=](int i, int j, vf v) { store(to + (i * X::kPoints + j) * kLanes, v); });
}

template <class Y, class X>
void weights(const float* from, ptrdiff_t step, int channels, bool skip_row, bool skip_column, float* to,
             const ptrdiff_t* places) {
  for_lanes(channels, [=](int64_t c, auto lanes) {
    nest<Y::kPoints, X::kPoints, Y::kTaps, X::kTaps, Y::weights, X::weights>(
        [=](int i, int j) __attribute__((always_inline)) {
          if ((i == Y::kPoints - 1 && skip_row) || (j == X::kPoints - 1 && skip_column)) return vf{};
          return load(from + (i * X::kPoints + j) * step + c);
        },
        [=](int i, int j, vf v) __attribute__((always_inline)) {
          const ptrdiff_t place = places[i * X::kTaps + j];
          if (place >= 0) lanes.put(to + place + c, v);
        });
  });
}

template <class Y, class X>
constexpr Transforms kTransforms = {input<Y, X>, output<Y, X>, gradient<Y, X>, kernel<Y, X>, weights<Y, X>};

/** Bit i: is element i inside an image of `size`? */
uint32_t elements(const Along& axis, int size) {
  if (axis.first >= 0 && axis.first + (kMostElements - 1) * axis.step < size)
    return (1u << kMostElements) - 1;
  uint32_t bits = 0;
  for (int i = 0; i < kMostElements; i++) {
    const int at = axis.first + i * axis.step;
    bits |= (uint32_t)(at >= 0 && at < size) << i;
  }
  return bits;
}

}  // namespace

Window window_of(const Image& image, const Along& y, const Along& x) {
  return {image.data + ((ptrdiff_t)y.first * image.w + x.first) * image.pixel,
          (ptrdiff_t)y.step * image.w * image.pixel, (ptrdiff_t)x.step * image.pixel, elements(y, image.h),
          elements(x, image.w)};
}

TileOrder::TileOrder(const Phase& phase, int in_channels, int out_channels, int most)
    : down(phase.tiles_y()), across(phase.tiles_x()) {
  // A strip's row of tiles, with the rows below it that the next one reads again, fills a quarter of the cache.
  const ptrdiff_t in = (ptrdiff_t)(kOut * phase.y->in_step + 2) * kOut * phase.x->in_step * in_channels;
  const ptrdiff_t tile_bytes = sizeof(float) * (in + (ptrdiff_t)kOut * kOut * out_channels);
  const int fit = (int)std::max<ptrdiff_t>((ptrdiff_t)cpu().l2 / 4 / tile_bytes, 8);
  const int strips = ceil_div(across, std::min(fit, most));
  strip = ceil_div(across, std::max(strips, 1));
}

TilePlace TileOrder::place(int tile) const {
  const int per_image = down * across, within = tile % per_image;
  const int first = within / (strip * down) * strip, width = std::min(strip, across - first);
  const int rest = within - first * down;
  return {tile / per_image, rest / width * kOut, (first + rest % width) * kOut};
}

const Transforms& transforms_of(const Phase& phase) {
  if (phase.taps_y == 3) return kTransforms<Three, Three>;
  if (phase.taps_y == 2) return phase.taps_x == 2 ? kTransforms<Two, Two> : kTransforms<Two, One>;
  return phase.taps_x == 2 ? kTransforms<One, Two> : kTransforms<One, One>;
}

void transform_part(const Phase& phase, int part, const Image& images, const TilePlace& at, int channels,
                    float* to, ptrdiff_t step) {
  const Along y = input_along(*phase.y, phase.part_y(part), at.y),
              x = input_along(*phase.x, phase.part_x(part), at.x);
  transforms_of(phase).input(window_of(images.number(at.image), y, x), channels, phase.skips_row(part),
                             phase.skips_column(part), to, step);
}

}  // namespace fovea::FOVEA_ISA::winograd
