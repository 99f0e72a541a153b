#include "kernels/conv/microkernel/tile.h"

#include <algorithm>
#include <array>
#include <utility>

#include "kernels/conv/microkernel/runs.h"
#include "kernels/simd/integers.h"

namespace fovea::FOVEA_ISA::conv {
namespace {

/** row(r, its place in C) for every row of the tile. */
template <int R, Rows kRows, class Row>
inline __attribute__((always_inline)) void for_rows(const TileProduct& p, float* first, Row row) {
  // Copies, as the compiler must take every store for one into `p`.
  float* rows[kRows == Rows::scattered ? R : 1];
  const ptrdiff_t c_row = p.c_row;
  if constexpr (kRows == Rows::scattered) std::copy_n(p.c_rows, R, rows);
#pragma GCC unroll 20
  for (int r = 0; r < R; r++) {
    row(r, kRows == Rows::scattered ? rows[kRows == Rows::scattered ? r : 0] : first);
    first += c_row;
    hide(first);
  }
}

/** step(r, v, its place in C, lanes) for every vector of the tile; `lanes` of the last ones are `last`, but for the last row, and
 * rows from `fit` on, `last_of_tile`. (That the last row is one of these must be known here, or GCC keeps all sums in memory.) */
template <int R, int V, Rows kRows, class Last, class LastOfTile, class Step>
inline __attribute__((always_inline)) void for_vectors(const TileProduct& p, float* first, Last last,
                                                       LastOfTile last_of_tile, int fit, Step step) {
  for_rows<R, kRows>(
      p, first, [&](int r, float* c) __attribute__((always_inline)) {
#pragma GCC unroll 4
        for (int v = 0; v < V - 1; v++) step(r, v, c + v * kLanes, Whole{});
        if (r < R - 1 && r < fit)
          step(r, V - 1, c + (V - 1) * kLanes, last);
        else
          step(r, V - 1, c + (V - 1) * kLanes, last_of_tile);
      });
}

/** The same with the lanes that the tile has. With `kReads` they are only read: then a mask costs AVX-512 nothing. */
template <int R, int V, Rows kRows, int kLast, bool kReads = false, class Step>
inline __attribute__((always_inline)) void for_tile(const TileProduct& p, float* first, Step step) {
  const Part last{p.columns - (V - 1) * kLanes};
  if (kLast == kLanes && (!kReads || kLanes < 16) && last.n == kLanes)
    for_vectors<R, V, kRows>(p, first, Whole{}, Whole{}, R, step);
  else
    for_vectors<R, V, kRows>(p, first, last, last, R, step);
}

/** Stores the sums: quarters of a vector as such, and other last lanes of a `dense` product whole, going on in the next rows,
 * in all rows where they end within the tile. At most kLast lanes are the last ones. */
template <int R, int V, Rows kRows, bool kInPairs, int kLast>
inline __attribute__((always_inline)) void store_tile(const TileProduct& p, float* first,
                                                      const Sums<R, V>& sums) {
  const Part last{p.columns - (V - 1) * kLanes};
  const auto all = [&](auto last_lanes, auto last_of_tile, int fit) __attribute__((always_inline)) {
    for_vectors<R, V, kRows>(
        p, first, last_lanes, last_of_tile,
        fit, [&](int r, int v, float* to, auto lanes) __attribute__((always_inline)) {
          lanes.put(to, sums[r][v]);
        });
  };
  if (kLast == kLanes && last.n == kLanes) return all(Whole{}, Whole{}, R);
  if (in_quarters<kLast>(
          last.n, [&](auto lanes) __attribute__((always_inline)) { all(lanes, lanes, R); }))
    return;
  if (!p.dense)
    all(last, last, R);
  else if constexpr (kInPairs)
    all(Whole{}, last, R + 1 - ceil_div(kLanes, last.n));
  else
    all(Whole{}, last, R - 1);
}

/** finish_all() of a tile's sums. */
template <int R, int V, Rows kRows, int kLast>
inline __attribute__((always_inline)) void finish_tile(const TileProduct& p, float* first, Sums<R, V>& sums) {
  const auto map = [&](auto function) __attribute__((always_inline)) {
#pragma GCC unroll 20
    for (int r = 0; r < R; r++) {
#pragma GCC unroll 4
      for (int v = 0; v < V; v++) sums[r][v] = function(sums[r][v], v);
    }
  };
  finish_all(
      *p.epilogue,
      [&](auto function) __attribute__((always_inline)) { map([&](vf sum, int) { return function(sum); }); },
      [&]() __attribute__((always_inline)) {
        const float* const from = p.epilogue->bias + p.channel;
        vf bias[V];
#pragma GCC unroll 4
        for (int v = 0; v < V - 1; v++) bias[v] = load(from + v * kLanes);
        const Part last{p.columns - (V - 1) * kLanes};
        bias[V - 1] = last.n == kLanes ? load(from + (V - 1) * kLanes) : last.get(from + (V - 1) * kLanes);
        map([&](vf sum, int v) __attribute__((always_inline)) { return sum + bias[v]; });
      },
      [&](const float* operand, auto function) __attribute__((always_inline)) {
        for_tile<R, V, kRows, kLast, true>(
            p, first, [&](int r, int v, const float* c, auto lanes) __attribute__((always_inline)) {
              sums[r][v] = function(sums[r][v], lanes.get(operand + (c - p.output)));
            });
      });
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

template <int R, int V, Rows kRows, bool kInPairs>
void multiply_fixed(const TileProduct& p) {
  constexpr int kLast = kInPairs ? kLanes / 2 : kLanes;
  constexpr bool kHasEpilogue = kRows != Rows::together;  // which only weight gradients use
  const float* start = p.a;
  float* c = p.c;
  for (int tile = 1; tile <= p.tiles; tile++) {
    if (kHasEpilogue && p.epilogue) ask_for_operands(p, c, R);
    if (p.asks_ahead) ask_for_results(p, c + p.asks_ahead * R * p.c_row, R);
    if (kRows == Rows::even && V == 1 && p.asks_for_pixels)
      ask_for_pixels(start + R * p.a_row, R * p.a_row, p.length / (kInPairs ? 4 : 2));
    constexpr int kSets = kRows == Rows::together ? sets_of(R * V) : 1;
    Sums<R, V> sets[kSets];
#pragma GCC unroll 4
    for (int i = 0; i < kSets; i++) {
#pragma GCC unroll 20
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
        sum_listed<R, V>(p, start, sums);
      else
        sum_even<R, V, kInPairs>(p, start, next, far, sums);
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
#pragma GCC unroll 20
      for (int r = 0; r < R; r++) {
#pragma GCC unroll 4
        for (int v = 0; v < V; v++) sums[r][v] += sets[i][r][v];
      }
    }
    if constexpr (kInPairs) {
#pragma GCC unroll 20
      for (int r = 0; r < R; r++)
        sums[r][0] = pairs_added(sums[r][0], std::make_integer_sequence<int, kLanes>{});
    }
    const bool in_memory = kHasEpilogue && p.epilogue && !in_registers(*p.epilogue);
    if (kHasEpilogue && p.epilogue && !in_memory) finish_tile<R, V, kRows, kLast>(p, c, sums);
    if (kRows != Rows::even && p.add)
      for_tile<R, V, kRows, kLast>(
          p, c, [&](int r, int v, float* to, auto lanes) __attribute__((always_inline)) {
            lanes.put(to, sums[r][v] + lanes.get(to));
          });
    else if (kHasEpilogue && kHasNontemporalStore && kLast == kLanes && p.nontemporal && !in_memory)
      for_vectors<R, V, kRows>(
          p, c, Whole{}, Whole{}, R, [&](int r, int v, float* to, Whole) __attribute__((always_inline)) {
            store_nontemporal(to, sums[r][v]);
          });
    else
      store_tile<R, V, kRows, kInPairs, kLast>(p, c, sums);
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
  if constexpr (kRows == Rows::even) {
    static constexpr auto kThree = all_sizes<3, kRows, false>(std::make_integer_sequence<int, kMaxOfThree>{});
    if (vectors == 3) return kThree[rows - 1];
  }
  return vectors == 1 ? kOne[rows - 1] : kTwo[rows - 1];
}

template <Rows kRows, int kMost>
Multiply find_in_pairs(int rows) {
  static constexpr auto kSizes = all_sizes<1, kRows, true>(std::make_integer_sequence<int, kMost>{});
  return kSizes[rows - 1];
}

Multiply find(const TileProduct& p, int rows) {
  const int vectors = ceil_div(p.columns, kLanes);
  if constexpr (kLanes >= 8) {
    if (p.in_pairs)
      return p.scattered ? find_in_pairs<Rows::scattered, kMaxScattered>(rows)
                         : find_in_pairs<Rows::even, kMaxOfOne>(rows);
  }
  if (p.scattered) return find<Rows::scattered, kMaxScattered>(vectors, rows);
  const bool is_even = p.a_step == 1 && p.b_step == vectors * kLanes && !p.add;
  if (is_even) return find<Rows::even, kMaxRows, kMaxOfOne>(vectors, rows);
  return find<Rows::together, kMaxRows>(vectors, rows);
}

/** Three vectors of scattered rows: two, then one. */
void run_in_two(TileProduct p, int rows) {
  const int rest = p.columns - kPanel;
  p.columns = kPanel;
  p.dense = false;  // whose stores run over into what the second has not made yet
  run_tile(p, rows);
  p.columns = rest;
  p.b += kPanel;
  p.channel += kPanel;
  for (int r = 0; r < rows; r++) p.c_rows[r] += kPanel;
  run_tile(p, rows);
}

}  // namespace

void spread_far(TileProduct& p, ptrdiff_t size) {
  const ptrdiff_t times = p.runs * (ptrdiff_t)(p.length / 2) * (kOftenFar ? 2 : 1);
  p.far_step = times ? (size + times - 1) / times : 0;
}

void run_tile(const TileProduct& p, int rows) {
  if (p.scattered && p.columns > kPanel) return run_in_two(p, rows);
  find(p, rows)(p);
  if (p.epilogue && !in_registers(*p.epilogue)) finish_rows(p, rows);
}

}  // namespace fovea::FOVEA_ISA::conv
