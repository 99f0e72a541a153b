#include "kernels/conv/microkernel/tile.h"

#include <algorithm>
#include <array>
#include <utility>

#include "kernels/conv/microkernel/runs.h"
#include "kernels/simd/integers.h"

namespace fovea::FOVEA_ISA::conv {
namespace {

/** row(r, where it is in C) for every row of the tile. */
template <int R, Rows kRows, class Row>
inline __attribute__((always_inline)) void for_rows(const TileProduct& p, float* first, Row row) {
  // Copies, as the compiler must take every store for one into `p`.
  float* rows[kRows == Rows::gathered ? R : 1];
  const ptrdiff_t c_row = p.c.row;
  if constexpr (kRows == Rows::gathered) std::copy_n(p.c.gathered, R, rows);
#pragma GCC unroll 20
  for (int r = 0; r < R; r++) {
    row(r, kRows == Rows::gathered ? rows[kRows == Rows::gathered ? r : 0] : first);
    first += c_row;
    hide(first);
  }
}

/** step(r, v, where it is in C, lanes) for every vector of the tile; `lanes` of the last ones are `last`, but for the last row, and
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

/** Stores the sums. A row's last vector has at most kLast lanes: multiples of four are stored in parts of 128 bits; others, of a
 * `dense` C, whole, running over into the next rows as far as those are of the tile. */
template <int R, int V, Rows kRows, bool kInterleaved, int kLast>
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
  if (in_partial_stores<kLast>(
          last.n, [&](auto lanes) __attribute__((always_inline)) { all(lanes, lanes, R); }))
    return;
  if (!p.c.dense)
    all(last, last, R);
  else if constexpr (kInterleaved)
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
      *p.c.epilogue,
      [&](auto function) __attribute__((always_inline)) { map([&](vf sum, int) { return function(sum); }); },
      [&]() __attribute__((always_inline)) {
        const float* const from = p.c.epilogue->bias + p.c.channel;
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
              sums[r][v] = function(sums[r][v], lanes.get(operand + (c - p.c.tensor)));
            });
      });
}

/** Prefetches the operands of a tile's epilogue: when its sums are made they are there. */
void prefetch_operands(const TileProduct& p, const float* c, int rows) {
  for (const float* operand : {p.c.epilogue->residual, p.c.epilogue->saved}) {
    if (!operand) continue;
    for (int r = 0; r < rows; r++) {
      const float* const row =
          operand + ((p.a.rows == Rows::gathered ? p.c.gathered[r] : c + r * p.c.row) - p.c.tensor);
      for (int i = 0; i < p.columns; i += kLine) __builtin_prefetch(row + i);
    }
  }
}

/** Prefetches the lines that a later tile writes: stores are faster to lines that are in a cache. */
void prefetch_outputs(const TileProduct& p, const float* c, int rows) {
  for (int r = 0; r < rows; r++, c += p.c.row)
    for (int i = 0; i < p.columns; i += kLine) __builtin_prefetch(c + i, 1);
}

/**
 * A tile prefetches one line a k-step. With few k-steps that is less than the next tile reads, `size` elements: prefetches the
 * rest of those into L1, and as many that are read 24 KiB later into L2.
 */
void prefetch_pixels(const float* next, ptrdiff_t size, int prefetched) {
  constexpr ptrdiff_t kLater = (24 << 10) / sizeof(float);
  for (ptrdiff_t i = (ptrdiff_t)prefetched * kLine; i < size; i += kLine) __builtin_prefetch(next + i);
  for (ptrdiff_t i = 0; i < size; i += kLine) __builtin_prefetch(next + kLater + i, 0, 2);
}

/** sums = the sums of the tile whose rows begin at `start`. */
template <int R, int V, Rows kRows, bool kInterleaved>
inline __attribute__((always_inline)) void sum_tile(const TileProduct& p, const float* start, bool is_last,
                                                    Sums<R, V>& sums) {
  // Without a stream lines of B are prefetched, which are there: that takes no branch.
  PrefetchStream to_l1 = p.prefetch.l1, to_l2 = p.prefetch.l2;
  if (!to_l1.at)
    to_l1.at = p.b.first;
  else if (kRows == Rows::strided && !is_last)
    to_l1.at = start + R * p.a.row + p.prefetch.next_tile;
  if (!to_l2.at) to_l2.at = p.b.first;
  if constexpr (kRows == Rows::contiguous) {
    sum_contiguous<R, V>(p, start, to_l1, to_l2, sums);
    return;
  }
  clear<R, V>(sums);
  if constexpr (kRows == Rows::gathered)
    sum_gathered<R, V, kInterleaved>(p, sums);
  else if (!kInterleaved && p.a.step_offsets)
    sum_listed<R, V>(p, start, sums);
  else
    sum_strided<R, V, kInterleaved>(p, start, to_l1, to_l2, sums);
  if constexpr (kInterleaved) {
#pragma GCC unroll 20
    for (int r = 0; r < R; r++) sums[r][0] = pair_sums(sums[r][0], std::make_integer_sequence<int, kLanes>{});
  }
}

/** The epilogue, as far as it stays in registers, and the stores. */
template <int R, int V, Rows kRows, bool kInterleaved>
inline __attribute__((always_inline)) void end_tile(const TileProduct& p, float* c, Sums<R, V>& sums) {
  constexpr int kLast = kInterleaved ? kLanes / 2 : kLanes;
  if constexpr (kRows != Rows::contiguous) {
    const Epilogue* const epilogue = p.c.epilogue;
    const bool in_memory = epilogue && !in_registers(*epilogue);
    if (epilogue && !in_memory) finish_tile<R, V, kRows, kLast>(p, c, sums);
    if (kHasNontemporalStore && kLast == kLanes && p.c.nontemporal && !in_memory)
      return for_vectors<R, V, kRows>(
          p, c, Whole{}, Whole{}, R, [&](int r, int v, float* to, Whole) __attribute__((always_inline)) {
            store_nontemporal(to, sums[r][v]);
          });
  }
  if (kRows != Rows::strided && p.c.add)
    return for_tile<R, V, kRows, kLast>(
        p, c, [&](int r, int v, float* to, auto lanes) __attribute__((always_inline)) {
          lanes.put(to, sums[r][v] + lanes.get(to));
        });
  store_tile<R, V, kRows, kInterleaved, kLast>(p, c, sums);
}

/** All tiles, of R rows and V vectors. */
template <int R, int V, Rows kRows, bool kInterleaved>
void multiply_fixed(const TileProduct& p) {
  const float* start = p.a.first;
  float* c = p.c.first;
  for (int tile = 1; tile <= p.tiles; tile++) {
    if (kRows != Rows::contiguous && p.c.epilogue) prefetch_operands(p, c, R);
    if (p.prefetch.output_tiles) prefetch_outputs(p, c + p.prefetch.output_tiles * R * p.c.row, R);
    if (kRows == Rows::strided && V == 1 && p.prefetch.pixels)
      prefetch_pixels(start + R * p.a.row, R * p.a.row, p.a.length / (kInterleaved ? 4 : 2));
    Sums<R, V> sums;
    sum_tile<R, V, kRows, kInterleaved>(p, start, tile == p.tiles, sums);
    end_tile<R, V, kRows, kInterleaved>(p, c, sums);
    start += R * p.a.row;
    c += R * p.c.row;
  }
}

/** The epilogue, on the sums just stored: they are still in L1. */
void finish_rows(const TileProduct& p, int rows) {
  for (int r = 0; r < rows * p.tiles; r++) {
    float* const y = p.a.rows == Rows::gathered ? p.c.gathered[r] : p.c.first + r * p.c.row;
    for_lanes(p.columns, [&](int64_t c, auto lanes) {
      lanes.put(y + c,
                finish(*p.c.epilogue, lanes.get(y + c), y + c - p.c.tensor, p.c.channel + (int)c, lanes));
    });
  }
}

using Multiply = void (*)(const TileProduct&);

template <int V, Rows kRows, bool kInterleaved, int... R>
constexpr std::array<Multiply, sizeof...(R)> all_sizes(std::integer_sequence<int, R...>) {
  return {multiply_fixed<R + 1, V, kRows, kInterleaved>...};
}

template <Rows kRows, int kMax, int kMaxOfOneVector = kMax>
Multiply find(int vectors, int rows) {
  static constexpr auto kOne = all_sizes<1, kRows, false>(std::make_integer_sequence<int, kMaxOfOneVector>{});
  static constexpr auto kTwo = all_sizes<2, kRows, false>(std::make_integer_sequence<int, kMax>{});
  if constexpr (kRows == Rows::strided) {
    static constexpr auto kThree = all_sizes<3, kRows, false>(std::make_integer_sequence<int, kMaxOfThree>{});
    if (vectors == 3) return kThree[rows - 1];
  }
  return vectors == 1 ? kOne[rows - 1] : kTwo[rows - 1];
}

template <Rows kRows, int kMax>
Multiply find_interleaved(int rows) {
  static constexpr auto kSizes = all_sizes<1, kRows, true>(std::make_integer_sequence<int, kMax>{});
  return kSizes[rows - 1];
}

Multiply find(const TileProduct& p, int rows) {
  const int vectors = ceil_div(p.columns, kLanes);
  if constexpr (kLanes >= 8) {
    if (p.b.interleaved)
      return p.a.rows == Rows::gathered ? find_interleaved<Rows::gathered, kMaxGathered>(rows)
                                        : find_interleaved<Rows::strided, kMaxOfOne>(rows);
  }
  switch (p.a.rows) {
    case Rows::gathered:
      return find<Rows::gathered, kMaxGathered>(vectors, rows);
    case Rows::contiguous:
      return find<Rows::contiguous, kMaxRows>(vectors, rows);
    default:
      return find<Rows::strided, kMaxRows, kMaxOfOne>(vectors, rows);
  }
}

/** Three vectors of gathered rows: two, then one. */
void run_in_two(TileProduct p, int rows) {
  const int rest = p.columns - kPanel;
  p.columns = kPanel;
  p.c.dense = false;  // whose stores run over into what the second has not made yet
  run_tile(p, rows);
  p.columns = rest;
  p.b.first += kPanel;
  p.c.channel += kPanel;
  for (int r = 0; r < rows; r++) p.c.gathered[r] += kPanel;
  run_tile(p, rows);
}

}  // namespace

void spread_to_l2(TileProduct& p, ptrdiff_t size) {
  const ptrdiff_t times = p.a.runs * (ptrdiff_t)(p.a.length / 2) * (kPrefetchesEveryStep ? 2 : 1);
  p.prefetch.l2.step = times ? (size + times - 1) / times : 0;
}

void run_tile(const TileProduct& p, int rows) {
  if (p.a.rows == Rows::gathered && p.columns > kPanel) return run_in_two(p, rows);
  find(p, rows)(p);
  if (p.c.epilogue && !in_registers(*p.c.epilogue)) finish_rows(p, rows);
}

}  // namespace fovea::FOVEA_ISA::conv
