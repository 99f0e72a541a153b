// What a tile of conv_micro.h does on the way: its sums over the steps of a run, for each way in which A's numbers are
// found. Inlined into the tiles of all sizes in conv_micro.cc.
#pragma once

#include <type_traits>
#include <utility>

#include "kernels/conv/microkernel/tile.h"
#include "kernels/simd/integers.h"

namespace fovea::FOVEA_ISA::conv {

/** How a step's numbers of A are found: each way needs few enough of the 16 integer registers. */
enum class Rows {
  even,       // evenly spaced rows, neighbouring steps, and B is a packed panel
  together,   // neighbouring rows, any step
  scattered,  // one pointer a row, any step
};

template <int R, int V>
using Sums = vf[R][V];

constexpr int kRegisters = kLanes == 16 ? 24 : 12;  // for sums

/** A number of A for all lanes or, where steps are `in pairs`, two that take turns. */
template <bool kInPairs>
inline vf spread(const float* a) {
  return kInPairs ? splat_pair(a) : splat(*a);
}

/** v[0] + v[1], v[2] + v[3], ... in the first half of the lanes */
template <int... kLane>
inline vf pairs_added(vf v, std::integer_sequence<int, kLane...>) {
  return __builtin_shufflevector(v, v, (2 * kLane % kLanes)...) +
         __builtin_shufflevector(v, v, (2 * kLane % kLanes + 1)...);
}

/** `a(r)` is row r's number of A, spread. */
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

/** Whether TileProduct::far is asked for at every step, else every second: larger tiles meet more of it a step. */
constexpr bool kOftenFar = kLanes == 16;

/** One step of evenly spaced rows, `s` bytes apart: in threes, as x86 addresses p, p + s and p + 2 s without arithmetic. */
template <int R, int V>
inline __attribute__((always_inline)) void step_even(const float* start, ptrdiff_t s, const float* b,
                                                     Sums<R, V>& sums, auto spread_one) {
  const char* a = (const char*)start;
  const ptrdiff_t three = 3 * s;
  step<R, V>(b, sums, [&](int r) {
    if (r > 0 && r % 3 == 0) {
      a += three;
      hide(a);
    }
    return spread_one((const float*)(a + r % 3 * s));
  });
}

/** Reads a number here, not where it is used: what waits for it then waits behind the products' own loads. */
template <class T>
inline __attribute__((always_inline)) T read_ahead(const T& from) {
  T value = from;
  __asm__ volatile("" : "+r"(value));
  return value;
}

/** Evenly spaced rows, over all runs. Where the next run begins is read before the last step of one. */
template <int R, int V, bool kInPairs>
inline __attribute__((always_inline)) void sum_even(const TileProduct& p, const float* start,
                                                    const float* next, const float* far, Sums<R, V>& sums) {
  constexpr int kLinesAStep = V * kLanes / kLine, kSteps = kInPairs ? 2 : 1;  // a vector
  const ptrdiff_t s = p.a_row * (ptrdiff_t)sizeof(float);
  const ptrdiff_t *offset = p.run_offsets, *const end = offset + p.runs;
  if (offset == end) return;
  // With one vector a step there are as many loads as the core makes beside the products.
  const bool asks_far = V > 1 || p.far;
  const float *a, *b = p.b;
  const auto whole_step = [&]() __attribute__((always_inline)) {
    step_even<R, V>(a, s, b, sums, [](const float* from) { return spread<kInPairs>(from); });
    a += kSteps;
    b += V * kLanes;
    hide(a);
    hide(b);
  };
  const auto ask = [&]() __attribute__((always_inline)) {
    __builtin_prefetch(next);
    next += p.next_step;
  };
  const auto ask_far = [&]() __attribute__((always_inline)) {
    __builtin_prefetch(far, 0, 2);
    far += p.far_step;
  };
  ptrdiff_t from = *offset;
  int left = p.b_runs;
  do {
    a = start + from;
    int k = ceil_div(p.length, kSteps) - 1;
    for (; k >= 2; k -= 2) {
      ask();
      if (asks_far) ask_far();
      whole_step();
      if (kLinesAStep > 1) ask();
      if (asks_far && kOftenFar) ask_far();
      whole_step();
      hide(k);
    }
    if (k) whole_step();
    offset++;
    from = read_ahead(*(offset < end ? offset : p.run_offsets));
    ptrdiff_t jump = 0;
    if (--left == 0) jump = read_ahead(p.b_jump), left = p.b_runs;
    if (kInPairs && p.length % 2) {
      step_even<R, V>(a, s, b, sums, [](const float* last) { return splat_first(*last); });
      b += V * kLanes;
    } else {
      whole_step();
    }
    b += jump;
  } while (offset < end);
}

/** As sum_even, for steps whose places are listed one by one: where runs are short that takes less than they do. */
template <int R, int V>
inline __attribute__((always_inline)) void sum_listed(const TileProduct& p, const float* start,
                                                      Sums<R, V>& sums) {
  const ptrdiff_t s = p.a_row * (ptrdiff_t)sizeof(float);
  const int *step_offset = p.step_offsets, *const end = step_offset + p.runs * p.length;
  if (step_offset == end) return;
  const float* b = p.b;
  int at = *step_offset;
  do {
    const float* const a = start + at;
    step_offset++;
    at = read_ahead(*(step_offset < end ? step_offset : p.step_offsets));
    step_even<R, V>(a, s, b, sums, [](const float* from) { return splat(*from); });
    b += V * kLanes;
  } while (step_offset < end);
}

/** A few sums are waited for at each step: several sets of them, which steps take in turn, are made side by side. */
constexpr int sets_of(int sums) { return sums * 4 <= kRegisters ? 4 : sums * 2 <= kRegisters ? 2 : 1; }

template <int R, int V, int kSets>
inline __attribute__((always_inline)) const float* run_together(const TileProduct& p, const float* a,
                                                                const float* b, const float*& next,
                                                                const float*& far,
                                                                Sums<R, V> (&sums)[kSets]) {
  constexpr int kSteps = kSets > 1 ? kSets : 2;  // at a time
  const ptrdiff_t a_step = p.a_step, b_step = p.b_step;
  int k = p.length;
  for (; k >= kSteps; k -= kSteps) {
#pragma GCC unroll 4
    for (int i = 0; i < kSteps; i++) {
      __builtin_prefetch(next);
      __builtin_prefetch(far, 0, 2);
      next += p.next_step;
      far += p.far_step;
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

template <int R, int V, bool kInPairs>
inline __attribute__((always_inline)) const float* run_scattered(const TileProduct& p, ptrdiff_t offset,
                                                                 const float* b, Sums<R, V>& sums) {
  const float* a[R];
#pragma GCC unroll 20
  for (int r = 0; r < R; r++) a[r] = p.a_rows[r] + offset;
  constexpr int kSteps = kInPairs ? 2 : 1;
  ptrdiff_t i = 0;
  int k = p.length;
  for (; k >= kSteps; k -= kSteps) {
    step<R, V>(b, sums, [&](int r) { return spread<kInPairs>(a[r] + i); });
    i += kSteps * p.a_step;
    b += kSteps * p.b_step;
  }
  if (k > 0) {
    step<R, V>(b, sums, [&](int r) { return splat_first(a[r][i]); });
    b += kSteps * p.b_step;
  }
  return b;
}

}  // namespace fovea::FOVEA_ISA::conv
