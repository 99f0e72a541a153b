#include "conv_micro.h"

#include <algorithm>
#include <array>
#include <utility>

#include "conv_micro_runs.h"

namespace fovea::FOVEA_ISA {
namespace {

/** step(r, v, c, lanes) for every vector of the tile; `c` is its place in C, `lanes` a Whole, a Part or, if they can be stored
 * `kInQuarters`, those. With `run_over` other last lanes are a Whole, which goes on in the next rows, in all rows where it ends
 * within the tile. */
template <int R, int V, Rows kRows, bool kInPairs, bool kInQuarters = false, class Step>
inline __attribute__((always_inline)) void for_tile(const TileProduct& p, float* first, Step step,
                                                    bool run_over = false) {
  // Copies, as the compiler must take every store for one into `p`.
  float* rows[kRows == Rows::scattered ? R : 1];
  const ptrdiff_t c_row = p.c_row;
  if constexpr (kRows == Rows::scattered) std::copy_n(p.c_rows, R, rows);
  const int last = p.columns - (V - 1) * kLanes;
  [[maybe_unused]] const int fit =
      R + 1 - ceil_div(kLanes, last);  // rows whose last vector ends within the tile
  const auto all = [&](auto last_lanes, auto last_of_tile) __attribute__((always_inline)) {
    float* at = first;
#pragma GCC unroll 24
    for (int r = 0; r < R; r++) {
      float* const c = kRows == Rows::scattered ? rows[kRows == Rows::scattered ? r : 0] : at;
#pragma GCC unroll 4
      for (int v = 0; v < V - 1; v++) step(r, v, c + v * kLanes, Whole{});
      if (r < R - 1 && (!kInPairs || r < fit))
        step(r, V - 1, c + (V - 1) * kLanes, last_lanes);
      else
        step(r, V - 1, c + (V - 1) * kLanes, last_of_tile);
      at += c_row;
      hide(at);
    }
  };
  if (last == kLanes) return all(Whole{}, Whole{});
  if constexpr (kInQuarters) {
    if (in_quarters(
            last, [&](auto lanes) __attribute__((always_inline)) { all(lanes, lanes); }))
      return;
  }
  if (run_over)
    all(Whole{}, Part{last});
  else
    all(Part{last}, Part{last});
}

/** Asks for the operands of a tile's epilogue: by the time the sums are made they are there. */
void ask_for_operands(const TileProduct& p, const float* c, int rows) {
  for (const float* operand : {p.epilogue->residual, p.epilogue->saved}) {
    if (!operand) continue;
    for (int r = 0; r < rows; r++) {
      const float* const row = operand + ((p.scattered ? p.c_rows[r] : c + r * p.c_row) - p.output);
      for (int i = 0; i < p.columns; i += kLine) __builtin_prefetch(row + i);
    }
  }
}

/** Asks for the lines that a later tile writes: they are stored faster where they are there. */
void ask_for_results(const TileProduct& p, const float* c, int rows) {
  for (int r = 0; r < rows; r++, c += p.c_row)
    for (int i = 0; i < p.columns; i += kLine) __builtin_prefetch(c + i, 1);
}

/** Asks for what the steps of a tile, which are too few, leave out of the `size` numbers that the next one reads, and for as
 * many that are read much later. */
void ask_for_pixels(const float* next, ptrdiff_t size, int asked_for) {
  constexpr ptrdiff_t kLater = (24 << 10) / sizeof(float);
  for (ptrdiff_t i = (ptrdiff_t)asked_for * kLine; i < size; i += kLine) __builtin_prefetch(next + i);
  for (ptrdiff_t i = 0; i < size; i += kLine) __builtin_prefetch(next + kLater + i, 0, 2);
}

/** `kHalf`: at most half of the last vector's columns are in C. */
template <int R, int V, Rows kRows, bool kInPairs, bool kHalf = false>
void multiply_fixed(const TileProduct& p) {
  const float* start = p.a;
  float* c = p.c;
  for (int tile = 1; tile <= p.tiles; tile++) {
    if (p.epilogue) ask_for_operands(p, c, R);
    if (p.asks_ahead) ask_for_results(p, c + p.asks_ahead * R * p.c_row, R);
    if (kRows == Rows::even && V == 1 && p.asks_for_pixels)
      ask_for_pixels(start + R * p.a_row, R * p.a_row, p.length / (kInPairs ? 4 : 2));
    constexpr int kSets = kRows == Rows::together ? sets_of(R * V) : 1;
    Sums<R, V> sets[kSets];
#pragma GCC unroll 4
    for (int i = 0; i < kSets; i++) {
#pragma GCC unroll 24
      for (int r = 0; r < R; r++) {
#pragma GCC unroll 4
        for (int v = 0; v < V; v++) sets[i][r][v] = vf{};
      }
    }
    Sums<R, V>& sums = sets[0];
    const float* next = p.next;
    if (!next)
      next = p.b;
    else if (kRows == Rows::even && tile < p.tiles)
      next = start + R * p.a_row + p.next_offset;
    const float* far = p.far ? p.far : p.b;
    if constexpr (kRows == Rows::even) {
      if (!kInPairs && p.step_offsets)
        sum_listed<R, V, kHalf>(p, start, sums);
      else
        sum_even<R, V, kInPairs, kHalf>(p, start, next, far, sums);
    } else {
      const float* b = p.b;
      for (int run = 0, left = p.b_runs; run < p.runs; run++) {
        if constexpr (kRows == Rows::together)
          b = run_together<R, V>(p, start + p.run_offsets[run], b, next, far, sets);
        if constexpr (kRows == Rows::scattered)
          b = run_scattered<R, V, kInPairs>(p, p.run_offsets[run], b, sums);
        if (--left == 0) b += p.b_jump, left = p.b_runs;
      }
    }
#pragma GCC unroll 4
    for (int i = 1; i < kSets; i++) {
#pragma GCC unroll 24
      for (int r = 0; r < R; r++) {
#pragma GCC unroll 4
        for (int v = 0; v < V; v++) sums[r][v] += sets[i][r][v];
      }
    }
    if constexpr (kInPairs) {
#pragma GCC unroll 24
      for (int r = 0; r < R; r++)
        sums[r][0] = pairs_added(sums[r][0], std::make_integer_sequence<int, kLanes>{});
    }
    if (p.epilogue && in_registers(*p.epilogue))
      finish_all(
          *p.epilogue, p.output, [&](auto body) __attribute__((always_inline)) {
            for_tile<R, V, kRows, kInPairs>(
                p, c, [&](int r, int v, float* to, auto lanes) __attribute__((always_inline)) {
                  body(sums[r][v], to, p.channel + v * kLanes, lanes);
                });
          });
    if (p.add)
      for_tile<R, V, kRows, kInPairs>(
          p, c, [&](int r, int v, float* to, auto lanes) __attribute__((always_inline)) {
            lanes.put(to, sums[r][v] + lanes.get(to));
          });
    else if (kCanStream && p.streams && (!p.epilogue || in_registers(*p.epilogue)))
      for_tile<R, V, kRows, kInPairs>(
          p,
          c, [&](int r, int v, float* to, auto) __attribute__((always_inline)) { stream(to, sums[r][v]); });
    else
      for_tile<R, V, kRows, kInPairs, true>(
          p, c,
          [&](int r, int v, float* to, auto lanes)
              __attribute__((always_inline)) { lanes.put(to, sums[r][v]); },
          p.dense);
    start += R * p.a_row;
    c += R * p.c_row;
  }
}

/** The epilogue, on the sums just stored: they are still in the first-level cache. */
void finish_rows(const TileProduct& p, int rows) {
  for (int r = 0; r < rows * p.tiles; r++) {
    float* const y = p.scattered ? p.c_rows[r] : p.c + r * p.c_row;
    for_lanes(p.columns, [&](int64_t c, auto lanes) {
      lanes.put(y + c, finish(*p.epilogue, lanes.get(y + c), y + c - p.output, p.channel + (int)c, lanes));
    });
  }
}

using Multiply = void (*)(const TileProduct&);

template <int V, Rows kRows, bool kInPairs, int... R>
constexpr std::array<Multiply, sizeof...(R)> all_sizes(std::integer_sequence<int, R...>) {
  return {multiply_fixed<R + 1, V, kRows, kInPairs>...};
}

template <Rows kRows, int kMost, int kMostOfOne = kMost>
Multiply find(int vectors, int rows) {
  static constexpr auto kOne = all_sizes<1, kRows, false>(std::make_integer_sequence<int, kMostOfOne>{});
  static constexpr auto kTwo = all_sizes<2, kRows, false>(std::make_integer_sequence<int, kMost>{});
  static constexpr auto kThree = all_sizes<3, kRows, false>(std::make_integer_sequence<int, kMaxOfThree>{});
  return vectors == 1 ? kOne[rows - 1] : vectors == 2 ? kTwo[rows - 1] : kThree[rows - 1];
}

template <Rows kRows, int kMost>
Multiply find_in_pairs(int rows) {
  static constexpr auto kSizes = all_sizes<1, kRows, true>(std::make_integer_sequence<int, kMost>{});
  return kSizes[rows - 1];
}

template <int V, int... R>
constexpr std::array<Multiply, sizeof...(R)> all_with_half(std::integer_sequence<int, R...>) {
  return {multiply_fixed<R + 1, V, Rows::even, false, true>...};
}

/** Even rows of one or two whole vectors and half a one. */
Multiply find_with_half(int vectors, int rows) {
  static constexpr auto kTwo = all_with_half<2>(std::make_integer_sequence<int, kMaxRows>{});
  static constexpr auto kThree = all_with_half<3>(std::make_integer_sequence<int, kMaxOfThree>{});
  return vectors == 2 ? kTwo[rows - 1] : kThree[rows - 1];
}

Multiply find(const TileProduct& p, int rows) {
  const int vectors = ceil_div(p.columns, kLanes);
  if constexpr (kLanes >= 8) {
    if (p.in_pairs)
      return p.scattered ? find_in_pairs<Rows::scattered, kMaxScattered>(rows)
                         : find_in_pairs<Rows::even, kMaxOfOne>(rows);
  }
  if (p.scattered) return find<Rows::scattered, kMaxScattered>(vectors, rows);
  const bool is_even = p.a_step == 1 && p.b_step == vectors * kLanes;
  if constexpr (kLanes == 16) {
    const bool ends_with_half = vectors > 1 && vectors * kLanes - p.columns >= kLanes / 2;
    if (is_even && ends_with_half && works_in_halves()) return find_with_half(vectors, rows);
  }
  if (is_even) return find<Rows::even, kMaxRows, kMaxOfOne>(vectors, rows);
  return find<Rows::together, kMaxRows>(vectors, rows);
}

}  // namespace

void spread_far(TileProduct& p, ptrdiff_t size) {
  const ptrdiff_t times = p.runs * (ptrdiff_t)(p.length / 2) * (kOftenFar ? 2 : 1);
  p.far_step = times ? (size + times - 1) / times : 0;
}

void run_tile(const TileProduct& p, int rows) {
  find(p, rows)(p);
  if (p.epilogue && !in_registers(*p.epilogue)) finish_rows(p, rows);
}

}  // namespace fovea::FOVEA_ISA
