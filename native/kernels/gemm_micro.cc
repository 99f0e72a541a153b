#include "kernels/gemm_micro.h"

#include <array>
#include <utility>

namespace fovea::FOVEA_ISA {
namespace {

using Function = void (*)(const Tile&);

/** Steps of B that are asked for before they are used: panels of B stream from the L2 cache, one after the
 * other. */
constexpr int kAhead = 12;

/** kWhole: every vector of B and C is whole; otherwise the last one holds `columns` mod kLanes. */
template <int Rows, int Vectors, bool kWhole>
void multiply(const Tile& t) {
  const float* __restrict a = t.a;
  const float* __restrict b = t.b;
  const ptrdiff_t a_step = t.a_step, b_step = t.b_step;
  const int last = kWhole ? kLanes : t.columns - (Vectors - 1) * kLanes;
  vf sums[Rows][Vectors];
#pragma GCC unroll 16
  for (int r = 0; r < Rows; r++)
#pragma GCC unroll 4
    for (int v = 0; v < Vectors; v++) sums[r][v] = vf{};
  const auto step = [&](auto load_last) __attribute__((always_inline)) {
    vf bs[Vectors];
#pragma GCC unroll 4
    for (int v = 0; v < Vectors; v++) __builtin_prefetch(b + kAhead * b_step + v * kLanes);
#pragma GCC unroll 4
    for (int v = 0; v < Vectors; v++)
      bs[v] = v == Vectors - 1 ? load_last(b + v * kLanes) : load(b + v * kLanes);
#pragma GCC unroll 16
    for (int r = 0; r < Rows; r++) {
      const vf x = splat(a[r]);
#pragma GCC unroll 4
      for (int v = 0; v < Vectors; v++) sums[r][v] = fma(x, bs[v], sums[r][v]);
    }
    a += a_step;
    b += b_step;
  };
  if (kWhole || t.b_is_padded) {
    const auto whole = [](const float* from) { return load(from); };
    // C is wanted only at the end. It is asked for row by row on the way, as the cache can wait for few lines
    // at a time.
    const int stretch = t.steps * 3 / (4 * Rows);
    for (int r = 0; r < Rows; r++) {
      for (int v = 0; v < Vectors; v++) __builtin_prefetch(t.c_rows[r] + v * kLanes, 1);
      for (int p = 0; p < stretch; p++) step(whole);
    }
#pragma GCC unroll 2
    for (int p = stretch * Rows; p < t.steps; p++) step(whole);
  } else {
    for (int p = 0; p < t.steps; p++) step([last](const float* from) { return load_partial(from, last); });
  }
  const auto put = [&](float* to, vf value) __attribute__((always_inline)) {
    store(to, t.add ? value + load(to) : value);
  };
#pragma GCC unroll 16
  for (int r = 0; r < Rows; r++) {
    float* c = t.c_rows[r];
#pragma GCC unroll 4
    for (int v = 0; v < Vectors - 1; v++) put(c + v * kLanes, sums[r][v]);
    float* end = c + (Vectors - 1) * kLanes;
    const vf value = sums[r][Vectors - 1];
    if (kWhole)
      put(end, value);
    else
      store_partial(end, t.add ? value + load_partial(end, last) : value, last);
  }
}

template <int Vectors, bool kWhole, int... R>
constexpr std::array<Function, kRows> by_rows(std::integer_sequence<int, R...>) {
  return {multiply<R + 1, Vectors, kWhole>...};
}

template <bool kWhole, int... V>
constexpr std::array<std::array<Function, kRows>, kVectors> by_vectors(std::integer_sequence<int, V...>) {
  return {by_rows<V + 1, kWhole>(std::make_integer_sequence<int, kRows>())...};
}

constexpr auto kWholeTiles = by_vectors<true>(std::make_integer_sequence<int, kVectors>());
constexpr auto kRaggedTiles = by_vectors<false>(std::make_integer_sequence<int, kVectors>());

}  // namespace

void multiply_tile(const Tile& t) {
  const int vectors = (t.columns + kLanes - 1) / kLanes;
  (t.columns % kLanes ? kRaggedTiles : kWholeTiles)[vectors - 1][t.rows - 1](t);
}

}  // namespace fovea::FOVEA_ISA
