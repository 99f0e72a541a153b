// The loops of a tile: its sums over all k-runs, for each way in which A's rows are found. Inlined into the tiles of all sizes
// (sizes.h).
#pragma once

#include <utility>

#include "kernels/conv/microkernel/tile.h"
#include "kernels/simd/integers.h"

namespace fovea::FOVEA_ISA::conv {

template <int R, int V>
using Sums = vf[R][V];

/** An element of A in all lanes; k-interleaved by two, two elements that take turns. */
template <bool kInterleaved>
inline vf broadcast(const float* a) {
  return kInterleaved ? splat_pair(a) : splat(*a);
}

template <int R, int V>
inline __attribute__((always_inline)) void clear(Sums<R, V>& sums) {
#pragma GCC unroll 20
  for (int r = 0; r < R; r++) {
#pragma GCC unroll 4
    for (int v = 0; v < V; v++) sums[r][v] = vf{};
  }
}

/** v[0] + v[1], v[2] + v[3], ... in the first half of the lanes */
template <int... kLane>
inline vf pair_sums(vf v, std::integer_sequence<int, kLane...>) {
  return __builtin_shufflevector(v, v, (2 * kLane % kLanes)...) +
         __builtin_shufflevector(v, v, (2 * kLane % kLanes + 1)...);
}

/** `a(r)` is row r's element of A, spread. */
template <int R, int V>
inline __attribute__((always_inline)) void step(const float* b, Sums<R, V>& sums, auto a) {
  vf bv[V];
#pragma GCC unroll 4
  for (int v = 0; v < V; v++) bv[v] = load(b + v * kLanes);
#pragma GCC unroll 20
  for (int r = 0; r < R; r++) {
    const vf av = a(r);
#pragma GCC unroll 4
    for (int v = 0; v < V; v++) {
      accumulate(av, bv[v], sums[r][v]);
      pin(sums[r][v]);
    }
  }
}

/** Is a line for L2 prefetched at every k-step? Else at every second: larger tiles read more a step. */
constexpr bool kPrefetchesEveryStep = kLanes == 16;

/** One step of evenly spaced rows, `s` bytes apart: in threes, as x86 addresses p, p + s and p + 2 s without arithmetic. */
template <int R, int V>
inline __attribute__((always_inline)) void step_strided(const float* start, ptrdiff_t s, const float* b,
                                                        Sums<R, V>& sums, auto broadcast_one) {
  const char* a = (const char*)start;
  const ptrdiff_t three = 3 * s;
  step<R, V>(b, sums, [&](int r) {
    if (r > 0 && r % 3 == 0) {
      a += three;
      hide(a);
    }
    return broadcast_one((const float*)(a + r % 3 * s));
  });
}

/** Reads an element here, not where it is used: what waits for it then waits behind the products' own loads. */
template <class T>
inline __attribute__((always_inline)) T read_early(const T& from) {
  T value = from;
  __asm__ volatile("" : "+r"(value));
  return value;
}

/** Strided rows, over all k-runs. Where the next k-run begins is read before the last k-step of one. */
template <int R, int V, bool kInterleaved>
inline __attribute__((always_inline)) void sum_strided(const TileProduct& p, const float* start,
                                                       PrefetchStream to_l1, PrefetchStream to_l2,
                                                       Sums<R, V>& sums) {
  constexpr int kLinesAStep = V * kLanes / kLine, kSteps = kInterleaved ? 2 : 1;  // a vector
  const ptrdiff_t s = p.a.row * (ptrdiff_t)sizeof(float);
  const ptrdiff_t *offset = p.a.run_offsets, *const end = offset + p.a.runs;
  if (offset == end) return;
  // With one vector a step there are as many loads as the core makes beside the products.
  const bool prefetches_to_l2 = V > 1 || p.prefetch.l2.at;
  const float *a, *b = p.b.first;
  const auto whole_step = [&]() __attribute__((always_inline)) {
    step_strided<R, V>(a, s, b, sums, [](const float* from) { return broadcast<kInterleaved>(from); });
    a += kSteps;
    b += V * kLanes;
    hide(a);
    hide(b);
  };
  const auto prefetch_to_l1 = [&]() __attribute__((always_inline)) {
    __builtin_prefetch(to_l1.at);
    to_l1.at += to_l1.step;
  };
  const auto prefetch_to_l2 = [&]() __attribute__((always_inline)) {
    __builtin_prefetch(to_l2.at, 0, 2);
    to_l2.at += to_l2.step;
  };
  ptrdiff_t from = *offset;
  int left = p.b.runs;
  do {
    a = start + from;
    int k = ceil_div(p.a.length, kSteps) - 1;
    for (; k >= 2; k -= 2) {
      prefetch_to_l1();
      if (prefetches_to_l2) prefetch_to_l2();
      whole_step();
      if (kLinesAStep > 1) prefetch_to_l1();
      if (prefetches_to_l2 && kPrefetchesEveryStep) prefetch_to_l2();
      whole_step();
      hide(k);
    }
    offset++;
    from = read_early(*(offset < end ? offset : p.a.run_offsets));
    ptrdiff_t jump = 0;
    if (--left == 0) jump = read_early(p.b.jump), left = p.b.runs;
    const bool half_step = kInterleaved && p.a.length % 2;
    for (k += !half_step; k; k--) {  // one or two
      whole_step();
      hide(k);  // else GCC writes both down
    }
    if (kInterleaved && half_step) {
      step_strided<R, V>(a, s, b, sums, [](const float* last) { return splat_first(*last); });
      b += V * kLanes;
    }
    b += jump;
  } while (offset < end);
}

/** As sum_strided, for k-steps whose places are listed one by one: less work than short k-runs. */
template <int R, int V>
inline __attribute__((always_inline)) void sum_listed(const TileProduct& p, const float* start,
                                                      Sums<R, V>& sums) {
  const ptrdiff_t s = p.a.row * (ptrdiff_t)sizeof(float);
  const int *step_offset = p.a.step_offsets, *const end = step_offset + p.a.runs * p.a.length;
  if (step_offset == end) return;
  const float* b = p.b.first;
  int at = *step_offset;
  do {
    const float* const a = start + at;
    step_offset++;
    at = read_early(*(step_offset < end ? step_offset : p.a.step_offsets));
    step_strided<R, V>(a, s, b, sums, [](const float* from) { return splat(*from); });
    b += V * kLanes;
  } while (step_offset < end);
}

/** Few sums wait for each other at each k-step: several sets of them, which k-steps take in turn, are made side by side. */
constexpr int sets_of(int sums) { return sums * 4 <= kRegisters ? 4 : sums * 2 <= kRegisters ? 2 : 1; }

template <int R, int V, int kSets>
inline __attribute__((always_inline)) const float* run_contiguous(const TileProduct& p, const float* a,
                                                                  const float* b, PrefetchStream& to_l1,
                                                                  PrefetchStream& to_l2,
                                                                  Sums<R, V> (&sums)[kSets]) {
  constexpr int kSteps = kSets > 1 ? kSets : 2;  // at a time
  const ptrdiff_t a_step = p.a.step, b_step = p.b.step;
  int k = p.a.length;
  for (; k >= kSteps; k -= kSteps) {
#pragma GCC unroll 4
    for (int i = 0; i < kSteps; i++) {
      __builtin_prefetch(to_l1.at);
      __builtin_prefetch(to_l2.at, 0, 2);
      to_l1.at += to_l1.step;
      to_l2.at += to_l2.step;
      step<R, V>(b, sums[i % kSets], [&](int r) { return splat(a[r]); });
      a += a_step;
      b += b_step;
    }
  }
  for (; k > 0; k--) {
    step<R, V>(b, sums[0], [&](int r) { return splat(a[r]); });
    a += a_step;
    b += b_step;
  }
  return b;
}

/** Contiguous rows, over all k-runs. */
template <int R, int V>
inline __attribute__((always_inline)) void sum_contiguous(const TileProduct& p, const float* start,
                                                          PrefetchStream to_l1, PrefetchStream to_l2,
                                                          Sums<R, V>& sums) {
  constexpr int kSets = sets_of(R * V);
  Sums<R, V> sets[kSets];
#pragma GCC unroll 4
  for (int i = 0; i < kSets; i++) clear<R, V>(sets[i]);
  const float* b = p.b.first;
  for (int run = 0, left = p.b.runs; run < p.a.runs; run++) {
    b = run_contiguous<R, V>(p, start + p.a.run_offsets[run], b, to_l1, to_l2, sets);
    if (--left == 0) b += p.b.jump, left = p.b.runs;
  }
#pragma GCC unroll 20
  for (int r = 0; r < R; r++) {
#pragma GCC unroll 4
    for (int v = 0; v < V; v++) sums[r][v] = sets[0][r][v];
  }
#pragma GCC unroll 4
  for (int i = 1; i < kSets; i++) {
#pragma GCC unroll 20
    for (int r = 0; r < R; r++) {
#pragma GCC unroll 4
      for (int v = 0; v < V; v++) sums[r][v] += sets[i][r][v];
    }
  }
}

template <int R, int V, bool kInterleaved>
inline __attribute__((always_inline)) const float* run_gathered(const TileProduct& p, ptrdiff_t offset,
                                                                const float* b, Sums<R, V>& sums) {
  const float* a[R];
#pragma GCC unroll 20
  for (int r = 0; r < R; r++) a[r] = p.a.gathered[r] + offset;
  constexpr int kSteps = kInterleaved ? 2 : 1;
  ptrdiff_t i = 0;
  int k = p.a.length;
  for (; k >= kSteps; k -= kSteps) {
    step<R, V>(b, sums, [&](int r) { return broadcast<kInterleaved>(a[r] + i); });
    i += kSteps * p.a.step;
    b += kSteps * p.b.step;
  }
  if (k > 0) {
    step<R, V>(b, sums, [&](int r) { return splat_first(a[r][i]); });
    b += kSteps * p.b.step;
  }
  return b;
}

/** Gathered rows, over all k-runs. */
template <int R, int V, bool kInterleaved>
inline __attribute__((always_inline)) void sum_gathered(const TileProduct& p, Sums<R, V>& sums) {
  const float* b = p.b.first;
  for (int run = 0, left = p.b.runs; run < p.a.runs; run++) {
    b = run_gathered<R, V, kInterleaved>(p, p.a.run_offsets[run], b, sums);
    if (--left == 0) b += p.b.jump, left = p.b.runs;
  }
}

}  // namespace fovea::FOVEA_ISA::conv
