#include "kernels/conv/winograd/transforms_2d.h"

#include <algorithm>

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

/** A masked load takes no longer than another with AVX-512. */
constexpr bool kMasksAreFree = kLanes == 16;

/** The elements of a window that has not all of them, or not all channels of a vector, with zeros for the others. */
__attribute__((noinline)) void copy_window(const Window& x, int rows, int columns, int c, Part lanes,
                                           float* to) {
  for (int i = 0; i < rows; i++)
    for (int j = 0; j < columns; j++, to += kLanes)
      store(to, x.rows >> i & x.columns >> j & 1 ? lanes.get(x.data + c + i * x.row + j * x.column) : vf{});
}

/** vector(c, element) for all vectors of the channels: element(i, j, prefetches) is one of the window, and prefetches the next
 * window's. Few windows leave the image: those are copied. */
template <int kRows, int kColumns, class Vector>
inline __attribute__((always_inline)) void for_vectors(const Window& x, const Window& next, int channels,
                                                       Vector vector) {
  const bool is_whole = x.is_whole(kRows, kColumns);
  for (int c = 0; c < channels; c += kLanes) {
    const Part lanes{std::min(channels - c, kLanes)};
    alignas(64) float copy[kRows * kColumns * kLanes];
    Walk<const float> from{x.data + c, x.row, x.column}, ahead{next.data + c, x.row, x.column};
    if (!is_whole || (!kMasksAreFree && lanes.n < kLanes)) {
      copy_window(x, kRows, kColumns, c, lanes, copy);
      from = {copy, kColumns * kLanes, kLanes};
    }
    vector(
        c, [&](int i, int j, bool prefetches) __attribute__((always_inline)) {
          const float *const at = from(i, j), *const later = ahead(i, j);
          if (prefetches) __builtin_prefetch(later);
          return kMasksAreFree ? lanes.get(at) : load(at);
        });
  }
}

template <class Y, class X, bool kSkipRow, bool kSkipColumn>
void input_but(const Window* tiles, int count, int channels, float* to, ptrdiff_t step) {
  const auto skips = [](int i, int j) __attribute__((always_inline)) {
    return (kSkipRow && i == Y::kPoints - 1) || (kSkipColumn && j == X::kPoints - 1);
  };
  for (int t = 0; t < count; t++, to += round_up(channels, kLanes)) {
    const Window x = tiles[t], next = tiles[std::min(t + 1, count - 1)];
    for_vectors<Y::kPoints, X::kPoints>(
        x, next, channels, [&](int c, auto element) __attribute__((always_inline)) {
          Walk<float> place{to + c, 0, step};
          nest<Y::kPoints, X::kPoints, Y::kPoints, X::kPoints, Y::input, X::input>(
              [&](int i, int j) __attribute__((always_inline)) {
                const vf value = element(i, j, !skips(i, j) && j >= X::kPoints - kOut);
                return skips(i, j) ? vf{} : value;
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
  constexpr bool kRow = Y::kTaps > 1, kColumn = X::kTaps > 1;  // a part has a tap at least
  const auto run = skip_row      ? skip_column ? input_but<Y, X, kRow, kColumn> : input_but<Y, X, kRow, false>
                        : skip_column ? input_but<Y, X, false, kColumn>
                                 : input_but<Y, X, false, false>;
  run(tiles, count, channels, to, step);
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

/** The end of a vector of channels whose outputs are in memory. */
template <class Lanes>
__attribute__((noinline)) void finish_stored(const Outputs& out, int64_t c, vf (&y)[kOut][kOut],
                                             Lanes lanes) {
  const bool is_slow =
      out.rows < kOut || out.columns < kOut || (out.epilogue && !in_registers(*out.epilogue));
  is_slow ? finish_slowly(out, c, y, lanes) : finish_whole(out, c, y, lanes);
}

/** Whole vectors of whole tiles end in registers where a kernel of three taps is transformed, by far the most frequent. */
template <class Y, class X>
void output(const float* from, ptrdiff_t step, int channels, const Outputs* tiles, int count) {
  for (int t = 0; t < count; t++, from += round_up(channels, kLanes)) {
    const Outputs& out = tiles[t];
    const bool is_fast = Y::kTaps == 3 && out.rows == kOut && out.columns == kOut &&
                         (!out.epilogue || in_registers(*out.epilogue));
    for (int c = 0; c < channels; c += kLanes) {
      Walk<const float> points{from + c, X::kPoints * step, step};
      vf y[kOut][kOut];
      nest<Y::kPoints, X::kPoints, kOut, kOut, Y::output, X::output>(
          [&](int i, int j) __attribute__((always_inline)) { return load(points(i, j)); },
          [&](int i, int j, vf v) __attribute__((always_inline)) { y[i][j] = v; });
      const int lanes = std::min(channels - c, kLanes);
      if constexpr (Y::kTaps == 3)
        if (is_fast && lanes == kLanes) {
          finish_whole(out, c, y, Whole{});
          continue;
        }
      vf stored[kOut][kOut];  // else the compiler has y there, too, in whole tiles
#pragma GCC unroll 4
      for (int i = 0; i < kOut; i++)
#pragma GCC unroll 4
        for (int j = 0; j < kOut; j++) stored[i][j] = y[i][j];
      lanes == kLanes ? finish_stored(out, c, stored, Whole{}) : finish_stored(out, c, stored, Part{lanes});
    }
  }
}

template <class Y, class X>
void gradient(const Window* tiles, int count, int channels, float* to, ptrdiff_t step) {
  for (int t = 0; t < count; t++, to += round_up(channels, kLanes)) {
    const Window dy = tiles[t], next = tiles[std::min(t + 1, count - 1)];
    for_vectors<kOut, kOut>(
        dy, next, channels, [&](int c, auto element) __attribute__((always_inline)) {
          Walk<float> place{to + c, 0, step};
          nest<kOut, kOut, Y::kPoints, X::kPoints, Y::gradient, X::gradient>(
              [&](int i, int j) __attribute__((always_inline)) { return element(i, j, true); },
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
  for (int c = 0; c < channels; c += kLanes) {
    const Part lanes{std::min(channels - c, kLanes)};
    nest<Y::kPoints, X::kPoints, Y::kTaps, X::kTaps, Y::weights, X::weights>(
        [=](int i, int j) __attribute__((always_inline)) {
          if ((i == Y::kPoints - 1 && skip_row) || (j == X::kPoints - 1 && skip_column)) return vf{};
          return load(from + (i * X::kPoints + j) * step + c);
        },
        [=](int i, int j, vf v) __attribute__((always_inline)) {
          const ptrdiff_t place = places[i * X::kTaps + j];
          if (place < 0) return;
          // A masked store is slow with AVX2 on some processors (7 % of such a gradient on Zen), so that whole vectors have none.
          lanes.n == kLanes ? store(to + place + c, v) : lanes.put(to + place + c, v);
        });
  }
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
