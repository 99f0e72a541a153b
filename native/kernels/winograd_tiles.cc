#include "winograd_tiles.h"

#include <algorithm>
#include <type_traits>

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

/**
 * The places of elements (i, j), met in this order: column by column, or row by row with the two exchanged. From one column to
 * the next a pointer is moved; else the compiler keeps an address for each element, for which there are no registers.
 */
template <class T>
struct Walk {
  T* at;
  ptrdiff_t inner, outer;
  __attribute__((always_inline)) T* operator()(int i, int j) {
    if (i == 0 && j > 0) {
      at += outer;
      __asm__("" : "+r"(at));
    }
    return at + i * inner;
  }
};

/** Element (i, j) of the window, which is at `at`, a vector of channels; where there is none, 0. */
template <bool kAll, class Lanes>
inline __attribute__((always_inline)) vf element(const Window& x, int i, int j, const float* at,
                                                 Lanes lanes) {
  return kAll || (x.rows >> i & x.columns >> j & 1) ? lanes.get(at) : vf{};
}

/** vector(c, lanes, kAll) for all vectors of the channels; kAll: the window has all its elements. */
template <class Vector>
inline __attribute__((always_inline)) void for_vectors(bool is_whole, int channels, Vector vector) {
  const auto all = [&](auto whole) __attribute__((always_inline)) {
    for_lanes(
        channels, [&](int64_t c, auto lanes) __attribute__((always_inline)) { vector(c, lanes, whole); });
  };
  is_whole ? all(std::true_type()) : all(std::false_type());
}

template <class Y, class X, bool kSkipRow, bool kSkipColumn>
void input_but(const Window* tiles, int count, int channels, float* to, ptrdiff_t step) {
  const auto skips = [](int i, int j) __attribute__((always_inline)) {
    return (kSkipRow && i == Y::kPoints - 1) || (kSkipColumn && j == X::kPoints - 1);
  };
  for (int t = 0; t < count; t++, to += round_up(channels, kLanes)) {
    const Window x = tiles[t];
    const float* const next = tiles[std::min(t + 1, count - 1)].data;
    for_vectors(
        x.is_whole(Y::kPoints, X::kPoints),
        channels, [&](int64_t c, auto lanes, auto all) __attribute__((always_inline)) {
          Walk<const float> from{x.data + c, x.row, x.column}, ahead{next + c, x.row, x.column};
          Walk<float> place{to + c, 0, step};
          nest<Y::kPoints, X::kPoints, Y::kPoints, X::kPoints, Y::input, X::input>(
              [&](int i, int j) __attribute__((always_inline)) {
                const float *const at = from(i, j), *const later = ahead(i, j);
                if (skips(i, j)) return vf{};
                if (j >= X::kPoints - kOut) __builtin_prefetch(later);
                return element<all.value>(x, i, j, at, lanes);
              },
              [&](int i, int j, vf v) __attribute__((always_inline)) {
                float* const at = place(0, i * X::kPoints + j);
                if (!skips(i, j)) store(at, v);
              });
        });
  }
}

/** Parts with fewer taps than their transform skip points: each such has its own code, without branches. */
template <class Y, class X>
void input(const Window* tiles, int count, int channels, bool skip_row, bool skip_column, float* to,
           ptrdiff_t step) {
  if (skip_row)
    skip_column ? input_but<Y, X, true, true>(tiles, count, channels, to, step)
                : input_but<Y, X, true, false>(tiles, count, channels, to, step);
  else
    skip_column ? input_but<Y, X, false, true>(tiles, count, channels, to, step)
                : input_but<Y, X, false, false>(tiles, count, channels, to, step);
}

/** The epilogue and the stores of a vector of channels, element by element. */
template <class Lanes>
__attribute__((noinline)) void finish_slowly(const Outputs& out, int64_t c, const vf (&y)[kOut][kOut],
                                             Lanes lanes) {
  for (int i = 0; i < out.rows; i++)
    for (int j = 0; j < out.columns; j++) {
      float* const at = out.data + i * out.row + j * out.column + c;
      const vf v = out.epilogue ? finish(*out.epilogue, y[i][j], at - out.tensor, (int)c, lanes) : y[i][j];
      out.streams ? stream(at, v) : lanes.put(at, v);
    }
}

/** The same for whole tiles, in registers. */
template <class Lanes>
inline __attribute__((always_inline)) void finish_whole(const Outputs& out, int64_t c, vf (&y)[kOut][kOut],
                                                        Lanes lanes) {
  const auto each = [&](auto body) __attribute__((always_inline)) {
    Walk<float> place{out.data + c, out.column, out.row};
#pragma GCC unroll 4
    for (int i = 0; i < kOut; i++)
#pragma GCC unroll 4
      for (int j = 0; j < kOut; j++) body(y[i][j], place(j, i), (int)c, lanes);
  };
  if (out.epilogue) finish_all(*out.epilogue, out.tensor, each);
  if (out.streams)
    each([](vf v, float* at, int, Lanes) __attribute__((always_inline)) { stream(at, v); });
  else
    each([=](vf v, float* at, int, Lanes) __attribute__((always_inline)) { lanes.put(at, v); });
}

template <class Y, class X>
void output(const float* from, ptrdiff_t step, int channels, const Outputs* tiles, int count) {
  for (int t = 0; t < count; t++, from += round_up(channels, kLanes)) {
    const Outputs& out = tiles[t];
    const bool is_slow =
        out.rows < kOut || out.columns < kOut || (out.epilogue && !in_registers(*out.epilogue));
    for_lanes(
        channels, [&](int64_t c, auto lanes) __attribute__((always_inline)) {
          Walk<const float> points{from + c, X::kPoints * step, step};
          vf y[kOut][kOut];
          nest<Y::kPoints, X::kPoints, kOut, kOut, Y::output, X::output>(
              [&](int i, int j) __attribute__((always_inline)) { return load(points(i, j)); },
              [&](int i, int j, vf v) __attribute__((always_inline)) { y[i][j] = v; });
          if (!is_slow) return finish_whole(out, c, y, lanes);
          vf in_memory[kOut][kOut];  // else the compiler has y there, too, in whole tiles
#pragma GCC unroll 4
          for (int i = 0; i < kOut; i++)
#pragma GCC unroll 4
            for (int j = 0; j < kOut; j++) in_memory[i][j] = y[i][j];
          finish_slowly(out, c, in_memory, lanes);
        });
  }
}

template <class Y, class X>
void gradient(const Window* tiles, int count, int channels, float* to, ptrdiff_t step) {
  for (int t = 0; t < count; t++, to += round_up(channels, kLanes)) {
    const Window dy = tiles[t];
    const float* const next = tiles[std::min(t + 1, count - 1)].data;
    for_vectors(
        dy.is_whole(kOut, kOut),
        channels, [&](int64_t c, auto lanes, auto all) __attribute__((always_inline)) {
          Walk<const float> from{dy.data + c, dy.row, dy.column}, ahead{next + c, dy.row, dy.column};
          Walk<float> place{to + c, 0, step};
          nest<kOut, kOut, Y::kPoints, X::kPoints, Y::gradient, X::gradient>(
              [&](int i, int j) __attribute__((always_inline)) {
                __builtin_prefetch(ahead(i, j));
                return element<all.value>(dy, i, j, from(i, j), lanes);
              },
              [&](int i, int j, vf v)
                  __attribute__((always_inline)) { store(place(0, i * X::kPoints + j), v); });
        });
  }
}

template <class Y, class X>
void kernel(const float* f, ptrdiff_t step, float* to, const ptrdiff_t* places) {
  nest<Y::kTaps, X::kTaps, Y::kPoints, X::kPoints, Y::kernel, X::kernel>(
      [=](int i, int j) __attribute__((always_inline)) { return load(f + (i * X::kTaps + j) * step); },
      [=](int i, int j, vf v) __attribute__((always_inline)) {
        const ptrdiff_t place = places[i * X::kPoints + j];
        if (place >= 0) store(to + place, v);
      });
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

/** Places of a window's elements along an axis: first + i * step. */
struct Along {
  int first, step;
};

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

/** The windows of tiles; y(output) and x(output) say where their elements are along the axes. Field by field, as what is
 * written in small pieces is slow to copy as a whole. */
template <class Y, class X>
void fill(const Image& images, const TileOrder& order, int first, int count, Y y, X x, Window* to) {
  TilePlace at = order.place(first);
  for (int t = 0; t < count; t++, at = order.after(at)) {
    const Image image = images.number(at.image);
    const Along down = y(at.y), across = x(at.x);
    to[t].data = image.data + ((ptrdiff_t)down.first * image.w + across.first) * image.pixel;
    to[t].row = (ptrdiff_t)down.step * image.w * image.pixel;
    to[t].column = (ptrdiff_t)across.step * image.pixel;
    to[t].rows = elements(down, image.h);
    to[t].columns = elements(across, image.w);
  }
}

}  // namespace

void windows_of_inputs(const Image& images, const Phase& phase, int part, const TileOrder& order, int first,
                       int count, Window* to) {
  const auto along = [](const AxisPhase& axis, const PhasePart& part) {
    return [step = axis.in_step, offset = part.offset](int output) {
      return Along{output * step + offset, step};
    };
  };
  fill(images, order, first, count, along(*phase.y, phase.part_y(part)), along(*phase.x, phase.part_x(part)),
       to);
}

void windows_of_gradients(const Image& images, const Phase& phase, const TileOrder& order, int first,
                          int count, Window* to) {
  const auto along = [](const AxisPhase& axis) {
    return [step = axis.out_step, out = axis.out](int output) { return Along{out + output * step, step}; };
  };
  fill(images, order, first, count, along(*phase.y), along(*phase.x), to);
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
  return {tile / per_image, rest / width * kOut, (first + rest % width) * kOut, first * kOut};
}

TilePlace TileOrder::after(TilePlace at) const {
  const int end = across * kOut;
  at.x += kOut;
  if (at.x < std::min(at.left + strip * kOut, end)) return at;
  at.x = at.left, at.y += kOut;
  if (at.y < down * kOut) return at;
  at.y = 0, at.left += strip * kOut;
  if (at.left >= end) at.left = 0, at.image++;
  at.x = at.left;
  return at;
}

const Transforms& transforms_of(const Phase& phase) {
  if (phase.taps_y == 3) return kTransforms<Three, Three>;
  if (phase.taps_y == 2) return phase.taps_x == 2 ? kTransforms<Two, Two> : kTransforms<Two, One>;
  return phase.taps_x == 2 ? kTransforms<One, Two> : kTransforms<One, One>;
}

}  // namespace fovea::FOVEA_ISA::winograd
