// Tiles of every size: the sums (runs.h), the end in registers or in memory, and a table of such functions by rows. Each way in which
// A's rows are found has a file of its own, as the compiler takes seconds for each.
#pragma once

#include <algorithm>
#include <array>
#include <utility>

#include "kernels/conv/microkernel/end.h"
#include "kernels/conv/microkernel/runs.h"
#include "kernels/simd/integers.h"

namespace fovea::FOVEA_ISA::conv {

/** Makes the tiles of a product, of a certain size. */
using Multiply = void (*)(const TileProduct&);

// What makes tiles of so many rows and vectors; k-interleaved ones have a single vector.
Multiply find_strided(int rows, int vectors);
Multiply find_contiguous(int rows, int vectors);
Multiply find_gathered(int rows, int vectors);
Multiply find_interleaved(int rows, Rows kind);

/** Do tiles of so many vectors end in registers where the last is half a one, as for 24 and 40 columns with AVX-512? */
template <int V>
constexpr bool kEndsInHalves = V > 1 && kLanes == 16;

/**
 * Most tiles have whole vectors or half of the last one, and no epilogue but a bias and a ReLU: those end in registers, as do those of
 * contiguous rows that add. The others' sums are stored, and end_in_memory() does the rest in loops that all sizes share: their loads
 * and stores go on beside the next tile's products.
 */
template <int V, Rows kRows, bool kInterleaved>
bool ends_in_registers(const TileProduct& p) {
  if (kRows == Rows::gathered || kInterleaved || p.c.nontemporal) return false;
  if (p.c.add && kRows != Rows::contiguous) return false;
  const int beside = p.columns % kLanes;  // whole vectors
  if (beside && !(kRows == Rows::strided && kEndsInHalves<V> && beside == kLanes / 2)) return false;
  const Epilogue* const e = p.c.epilogue;
  return !e || (!e->residual && !e->saved && e->activation <= Activation::relu);
}

template <int R, int V>
inline __attribute__((always_inline)) void finish_tile(const TileProduct& p, Sums<R, V>& sums) {
  if (p.c.epilogue->bias) {
    const float* const bias = p.c.epilogue->bias + p.c.channel;
#pragma GCC unroll 4
    for (int v = 0; v < V; v++) {
      const Part lanes{std::min(p.columns - v * kLanes, kLanes)};
      const vf of_channels = v < V - 1 ? load(bias + v * kLanes) : lanes.get(bias + v * kLanes);
#pragma GCC unroll 20
      for (int r = 0; r < R; r++) sums[r][v] += of_channels;
    }
  }
  if (p.c.epilogue->activation == Activation::linear) return;
#pragma GCC unroll 20
  for (int r = 0; r < R; r++) {
#pragma GCC unroll 4
    for (int v = 0; v < V; v++) sums[r][v] = functions::Relu::value(sums[r][v], sums[r][v]);
  }
}

/** Adds what is there, `row` floats from one row to the next. */
template <int R, int V>
inline __attribute__((always_inline)) void add_tile(const float* from, ptrdiff_t row, Sums<R, V>& sums) {
#pragma GCC unroll 20
  for (int r = 0; r < R; r++) {
#pragma GCC unroll 4
    for (int v = 0; v < V; v++) sums[r][v] += load(from + v * kLanes);
    from += row;
    hide(from);
  }
}

/** Stores the sums, `row` floats from one row to the next. */
template <int R, int V, class Last>
inline __attribute__((always_inline)) void store_tile(float* to, ptrdiff_t row, const Sums<R, V>& sums,
                                                      Last last) {
#pragma GCC unroll 20
  for (int r = 0; r < R; r++) {
#pragma GCC unroll 4
    for (int v = 0; v < V - 1; v++) store(to + v * kLanes, sums[r][v]);
    last.put(to + (V - 1) * kLanes, sums[r][V - 1]);
    to += row;
    hide(to);
  }
}

/**
 * A tile prefetches one line a k-step. With few k-steps that is less than the next tile reads, `size` elements: prefetches the
 * rest of those into L1, and as many that are read 24 KiB later into L2.
 */
inline void prefetch_pixels(const float* next, ptrdiff_t size, int prefetched) {
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

/** All tiles, of R rows and V vectors. */
template <int R, int V, Rows kRows, bool kInterleaved>
void multiply_fixed(const TileProduct& p) {
  const float* start = p.a.first;
  float* c = p.c.first;
  const bool in_registers = ends_in_registers<V, kRows, kInterleaved>(p);
  for (int tile = 1; tile <= p.tiles; tile++) {
    if (kRows != Rows::contiguous && p.c.epilogue) prefetch_operands(p, c, R);
    if (p.prefetch.output_tiles) prefetch_outputs(p, c + p.prefetch.output_tiles * R * p.c.row, R);
    if (kRows == Rows::strided && V == 1 && p.prefetch.pixels)
      prefetch_pixels(start + R * p.a.row, R * p.a.row, p.a.length / (kInterleaved ? 4 : 2));
    Sums<R, V> sums;
    sum_tile<R, V, kRows, kInterleaved>(p, start, tile == p.tiles, sums);
    if (in_registers) {
      if (kRows == Rows::strided && p.c.epilogue) finish_tile<R, V>(p, sums);
      if (kRows == Rows::contiguous && p.c.add) add_tile<R, V>(c, p.c.row, sums);
      const auto store_all = [&](auto last) __attribute__((always_inline)) {
        store_tile<R, V>(c, p.c.row, sums, last);
      };
      if constexpr (kRows == Rows::strided && kEndsInHalves<V>)
        p.columns % kLanes ? store_all(PartialStores<8>{}) : store_all(Whole{});
      else
        store_all(Whole{});
    } else {
      alignas(64) float stored[R * V * kLanes];
      store_tile<R, V>(stored, V * kLanes, sums, Whole{});
      end_in_memory(p, c, stored, R);
    }
    start += R * p.a.row;
    c += R * p.c.row;
  }
}

template <int V, Rows kRows, bool kInterleaved, int... R>
constexpr std::array<Multiply, sizeof...(R)> all_sizes(std::integer_sequence<int, R...>) {
  return {multiply_fixed<R + 1, V, kRows, kInterleaved>...};
}

/** The one of `rows` rows, of 1 to kMax. */
template <int V, Rows kRows, int kMax, bool kInterleaved = false>
Multiply find_size(int rows) {
  static constexpr auto kSizes = all_sizes<V, kRows, kInterleaved>(std::make_integer_sequence<int, kMax>{});
  return kSizes[rows - 1];
}

}  // namespace fovea::FOVEA_ISA::conv
