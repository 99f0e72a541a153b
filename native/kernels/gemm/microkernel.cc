#include "kernels/gemm/microkernel.h"

#include <array>
#include <utility>

namespace fovea::FOVEA_ISA {
namespace {

using Function = void (*)(const Tile&);

/** Prefetch distance in k-steps of B, whose panels come from L2 or beyond, one after the other. */
constexpr int kDistance = 12;

/**
 * Steps in a row without a branch. AVX2 has short steps, in which counting weighs more. In WebAssembly LLVM would make each sum of all
 * steps in turn, with the broadcasts of all in registers meanwhile, of which there are too few.
 */
#if defined(__wasm__)
constexpr int kUnroll = 1;
#else
constexpr int kUnroll = kLanes < 16 ? 4 : 2;
#endif

template <int R, int V>
using Sums = vf[R][V];

constexpr auto load_whole = [](const float* from, int) { return load(from); };

/** One k-step, whose vectors of B `get` loads; prefetches the k-step of B that is `distance` floats on. */
template <int R, int V, class Get>
inline __attribute__((always_inline)) void step(const float* a, const float* b, ptrdiff_t distance, Get get,
                                                Sums<R, V>& sums) {
  constexpr int kVectorsALine = kLanes < kLine ? kLine / kLanes : 1;
  vf bs[V];
#pragma GCC unroll 4
  for (int v = 0; v < V; v += kVectorsALine) __builtin_prefetch(b + distance + v * kLanes);
#pragma GCC unroll 4
  for (int v = 0; v < V; v++) bs[v] = get(b + v * kLanes, v);
#pragma GCC unroll 16
  for (int r = 0; r < R; r++) {
    const vf x = splat(a[r]);
#pragma GCC unroll 4
    for (int v = 0; v < V; v++) accumulate(x, bs[v], sums[r][v]);
  }
}

/** Panels that are both packed: all distances are constants. */
template <int R, int V>
inline __attribute__((always_inline)) void run_packed(const float* a, const float* b, int steps,
                                                      Sums<R, V>& sums) {
#pragma GCC unroll 1
  for (; steps >= kUnroll; steps -= kUnroll) {
#pragma GCC unroll 4
    for (int i = 0; i < kUnroll; i++)
      step<R, V>(a + i * kRows, b + i * kColumns, kDistance * kColumns, load_whole, sums);
    a += kUnroll * kRows;
    b += kUnroll * kColumns;
  }
#pragma GCC unroll 1
  for (; steps > 0; steps--) {
    step<R, V>(a, b, kDistance * kColumns, load_whole, sums);
    a += kRows;
    b += kColumns;
  }
}

template <int R, int V, class Get>
inline __attribute__((always_inline)) void run_strided(const Tile& t, Get get, Sums<R, V>& sums) {
  const float *a = t.a, *b = t.b;
  for (int p = 0; p < t.steps; p++) {
    step<R, V>(a, b, kDistance * t.b_step, get, sums);
    a += t.a_step;
    b += t.b_step;
  }
}

/** The same, with B packed on the way: the stores cost next to nothing between so many multiplications. */
template <int R, int V, class Get>
inline __attribute__((always_inline)) void run_copying(const Tile& t, Get get, Sums<R, V>& sums) {
  float* to = t.b_copy;
  run_strided<R, V>(
      t,
      [&](const float* from, int v) __attribute__((always_inline)) {
        const vf b = get(from, v);
        store(to + v * kLanes, b);
        if (v == V - 1) {
          __builtin_prefetch(from + kDistance * t.b_step + kLanes - 1);  // rows seldom begin with a line
          to += kColumns;
        }
        return b;
      },
      sums);
}

/** With AVX-512 a masked load takes no longer than another: tiles whose last vector of B is whole have no loops of their own. */
constexpr bool kMasksAreFree = kLanes == 16;

/** kWhole: every vector of B and C is whole; otherwise the last one may hold less. */
template <int R, int V, bool kWhole>
void multiply(const Tile& t) {
  const int last = kWhole ? kLanes : t.columns - (V - 1) * kLanes;
  const auto ragged = [last](const float* from, int v) {
    return v < V - 1 ? load(from) : load_partial(from, last);
  };
  Sums<R, V> sums;
#pragma GCC unroll 16
  for (int r = 0; r < R; r++)
#pragma GCC unroll 4
    for (int v = 0; v < V; v++) sums[r][v] = vf{};
  if (t.b_is_padded && t.a_step == kRows && t.b_step == kColumns) {
    // C is read and written only at the end: its rows are prefetched one by one on the way, as few loads from memory can be in
    // flight at a time.
    const int stretch = t.steps * 3 / (4 * R) / kUnroll * kUnroll;
    for (int r = 0; r < R; r++) {
      for (int v = 0; v < V; v++) __builtin_prefetch(t.c_rows[r] + v * kLanes, 1);
      run_packed<R, V>(t.a + r * stretch * kRows, t.b + r * stretch * kColumns,
                       r < R - 1 ? stretch : t.steps - r * stretch, sums);
    }
  } else if (kWhole || t.b_is_padded) {
    t.b_copy ? run_copying<R, V>(t, load_whole, sums) : run_strided<R, V>(t, load_whole, sums);
  } else {
    t.b_copy ? run_copying<R, V>(t, ragged, sums) : run_strided<R, V>(t, ragged, sums);
  }
  const auto put = [&](float* to, vf value) __attribute__((always_inline)) {
    store(to, t.add ? value + load(to) : value);
  };
#pragma GCC unroll 16
  for (int r = 0; r < R; r++) {
    float* c = t.c_rows[r];
#pragma GCC unroll 4
    for (int v = 0; v < V - 1; v++) put(c + v * kLanes, sums[r][v]);
    float* end = c + (V - 1) * kLanes;
    const vf value = sums[r][V - 1];
    if (kWhole || (kMasksAreFree && last == kLanes))
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

constexpr auto kWholeTiles = by_vectors<!kMasksAreFree>(std::make_integer_sequence<int, kVectors>());
constexpr auto kRaggedTiles = by_vectors<false>(std::make_integer_sequence<int, kVectors>());

}  // namespace

void multiply_tile(const Tile& t) {
  const int vectors = (t.columns + kLanes - 1) / kLanes;
  (t.columns % kLanes ? kRaggedTiles : kWholeTiles)[vectors - 1][t.rows - 1](t);
}

}  // namespace fovea::FOVEA_ISA
