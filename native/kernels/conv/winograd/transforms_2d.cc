#include "kernels/conv/winograd/transforms_2d.h"

#include <algorithm>
#include <type_traits>

#include "kernels/conv/winograd/transforms_1d.h"
#include "kernels/elements/epilogue.h"
#include "kernels/simd/integers.h"

namespace fovea::FOVEA_ISA::conv::winograd {
namespace {

/**
 * One vector of channels of a tile: `kColumn` turns kFromY elements into kToY, `kRow` kFromX into kToX; get(i,
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
      out.nontemporal ? store_nontemporal(at, v) : lanes.put(at, v);
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
      for (int j = 0; j < kOut; j++) body(y[i][j], place(j, i));
  };
  const auto map = [&](auto function) __attribute__((always_inline)) {
#pragma GCC unroll 4
    for (int i = 0; i < kOut; i++)
#pragma GCC unroll 4
      for (int j = 0; j < kOut; j++) y[i][j] = function(y[i][j]);
  };
  if (out.epilogue)
    finish_all(
        *out.epilogue, map,
        [&]() __attribute__((always_inline)) {
          const vf bias = lanes.get(out.epilogue->bias + c);
          map([bias](vf x) { return x + bias; });
        },
        [&](const float* operand, auto function) __attribute__((always_inline)) {
          each([&](vf & v, const float* at) __attribute__((always_inline)) {
            v = function(v, lanes.get(operand + (at - out.tensor)));
          });
        });
  if (out.nontemporal)
    each([](vf v, float* at) __attribute__((always_inline)) { store_nontemporal(at, v); });
  else
    each([=](vf v, float* at) __attribute__((always_inline)) { lanes.put(at, v); });
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

}  // namespace

const Transforms& transforms_of(const Phase& phase) {
  if (phase.taps_y == 3) return kTransforms<Three, Three>;
  if (phase.taps_y == 2) return phase.taps_x == 2 ? kTransforms<Two, Two> : kTransforms<Two, One>;
  return phase.taps_x == 2 ? kTransforms<One, Two> : kTransforms<One, One>;
}

}  // namespace fovea::FOVEA_ISA::conv::winograd
