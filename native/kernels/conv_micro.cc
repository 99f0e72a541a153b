#include "conv_micro.h"

#include <algorithm>
#include <array>
#include <utility>

namespace fovea::FOVEA_ISA {
namespace {

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
#pragma GCC unroll 24
  for (int r = 0; r < R; r++) {
    const vf av = a(r);
#pragma GCC unroll 4
    for (int v = 0; v < V; v++) accumulate(av, bv[v], sums[r][v]);
  }
}

/** Whether TileProduct::far is asked for at every step, else every second: larger tiles meet more of it a step. */
constexpr bool kOftenFar = kLanes == 16;

/** Rows in threes: x86 addresses p, p + s and p + 2 s without arithmetic, so that 14 rows need 5 pointers. */
template <int R, int V, bool kInPairs>
inline __attribute__((always_inline)) const float* run_even(const TileProduct& p, const float* start,
                                                            const float* b, const float*& next,
                                                            const float*& far, Sums<R, V>& sums) {
  constexpr int kThrees = (R + 2) / 3, kLinesAStep = V * kLanes / kLine,
                kSteps = kInPairs ? 2 : 1;  // a vector
  const ptrdiff_t s = p.a_row * (ptrdiff_t)sizeof(float);
  const char* a[kThrees];
#pragma GCC unroll 8
  for (int i = 0; i < kThrees; i++) a[i] = (const char*)start + 3 * i * s;
  const auto at = [&](int u) {
    return [&, u](int r) { return spread<kInPairs>((const float*)(a[r / 3] + r % 3 * s) + u * kSteps); };
  };
  int k = p.length;
  const auto ask = [&]() __attribute__((always_inline)) {
    __builtin_prefetch(next);
    next += p.next_step;
  };
  const auto ask_far = [&]() __attribute__((always_inline)) {
    __builtin_prefetch(far, 0, 2);
    far += p.far_step;
  };
  for (; k >= 2 * kSteps; k -= 2 * kSteps) {
    ask();
    ask_far();
    step<R, V>(b, sums, at(0));
    if (kLinesAStep > 1) ask();
    if (kOftenFar) ask_far();
    step<R, V>(b + V * kLanes, sums, at(1));
    b += 2 * V * kLanes;
#pragma GCC unroll 8
    for (int i = 0; i < kThrees; i++) a[i] += 2 * kSteps * sizeof(float);
  }
  if (k >= kSteps) {
    step<R, V>(b, sums, at(0));
    b += V * kLanes;
#pragma GCC unroll 8
    for (int i = 0; i < kThrees && kInPairs; i++) a[i] += kSteps * sizeof(float);
  }
  if (kInPairs && k % kSteps) {
    step<R, V>(b, sums, [&](int r) { return splat_first(*(const float*)(a[r / 3] + r % 3 * s)); });
    b += V * kLanes;
  }
  return b;
}

/** As run_even, for steps whose places are listed one by one: where runs are short that takes less than they do. */
template <int R, int V>
inline __attribute__((always_inline)) void run_listed(const TileProduct& p, const float* start,
                                                      Sums<R, V>& sums) {
  const ptrdiff_t s = p.a_row * (ptrdiff_t)sizeof(float), three = 3 * s;
  const int *at = p.step_offsets, *const end = at + p.runs * p.length;
  for (const float* b = p.b; at < end; at++, b += V * kLanes) {
    const char* a = (const char*)(start + *at);
    step<R, V>(b, sums, [&](int r) {
      if (r > 0 && r % 3 == 0) {
        a += three;
        __asm__("" : "+r"(a));  // else all pointers are kept, and there are not registers enough for them
      }
      return splat(*(const float*)(a + r % 3 * s));
    });
  }
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
#pragma GCC unroll 24
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

/** step(r, v, c, lanes) for every vector of the tile; `c` is its place in C, `lanes` a Whole or a Part. With
 * `run_over` the last lanes are a Whole, which goes on in the next rows, in all rows where it ends within the tile. */
template <int R, int V, Rows kRows, class Step>
inline __attribute__((always_inline)) void for_tile(const TileProduct& p, float* first, Step step,
                                                    bool run_over = false) {
  // Copies, as the compiler must take every store for one into `p`.
  float* rows[kRows == Rows::scattered ? R : 1];
  const ptrdiff_t c_row = p.c_row;
  if constexpr (kRows == Rows::scattered) std::copy_n(p.c_rows, R, rows);
  const int last = p.columns - (V - 1) * kLanes;
  const int fit =
      V == 1 ? R + 1 - ceil_div(kLanes, last) : R - 1;  // rows whose last vector ends within the tile
  const auto all = [&](auto last_lanes, auto last_of_tile) __attribute__((always_inline)) {
#pragma GCC unroll 24
    for (int r = 0; r < R; r++) {
      float* const c = kRows == Rows::scattered ? rows[kRows == Rows::scattered ? r : 0] : first + r * c_row;
#pragma GCC unroll 4
      for (int v = 0; v < V - 1; v++) step(r, v, c + v * kLanes, Whole{});
      if (r < R - 1 && (V > 1 || r < fit))
        step(r, V - 1, c + (V - 1) * kLanes, last_lanes);
      else
        step(r, V - 1, c + (V - 1) * kLanes, last_of_tile);
    }
  };
  if (last == kLanes)
    all(Whole{}, Whole{});
  else if (run_over)
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

template <int R, int V, Rows kRows, bool kInPairs>
void multiply_fixed(const TileProduct& p) {
  const float* start = p.a;
  float* c = p.c;
  for (int tile = 1; tile <= p.tiles; tile++) {
    if (p.epilogue) ask_for_operands(p, c, R);
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
    const float* b = p.b;
    const float* next = p.next;
    if (!next)
      next = b;
    else if (kRows == Rows::even && tile < p.tiles)
      next = start + R * p.a_row + p.next_offset;
    const float* far = p.far ? p.far : b;
    if (kRows == Rows::even && !kInPairs && p.step_offsets) {
      run_listed<R, V>(p, start, sums);
    } else {
      for (int run = 0, left = p.b_runs; run < p.runs; run++) {
        if constexpr (kRows == Rows::even)
          b = run_even<R, V, kInPairs>(p, start + p.run_offsets[run], b, next, far, sums);
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
            for_tile<R, V, kRows>(
                p, c, [&](int r, int v, float* to, auto lanes) __attribute__((always_inline)) {
                  body(sums[r][v], to, p.channel + v * kLanes, lanes);
                });
          });
    if (p.add)
      for_tile<R, V, kRows>(
          p, c, [&](int r, int v, float* to, auto lanes) __attribute__((always_inline)) {
            lanes.put(to, sums[r][v] + lanes.get(to));
          });
    else if (kCanStream && p.streams && (!p.epilogue || in_registers(*p.epilogue)))
      for_tile<R, V, kRows>(
          p,
          c, [&](int r, int v, float* to, auto) __attribute__((always_inline)) { stream(to, sums[r][v]); });
    else
      for_tile<R, V, kRows>(
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
  return vectors == 1 ? kOne[rows - 1] : kTwo[rows - 1];
}

template <Rows kRows, int kMost>
Multiply find_in_pairs(int rows) {
  static constexpr auto kSizes = all_sizes<1, kRows, true>(std::make_integer_sequence<int, kMost>{});
  return kSizes[rows - 1];
}

}  // namespace

void spread_far(TileProduct& p, ptrdiff_t size) {
  const ptrdiff_t times = p.runs * (ptrdiff_t)(p.length / 2) * (kOftenFar ? 2 : 1);
  p.far_step = times ? (size + times - 1) / times : 0;
}

void run_tile(const TileProduct& p, int rows) {
  const int vectors = p.columns > kLanes ? 2 : 1;
  if (p.in_pairs)
    (p.scattered ? find_in_pairs<Rows::scattered, kMaxScattered>(rows)
                 : find_in_pairs<Rows::even, kMaxOfOne>(rows))(p);
  else if (p.scattered)
    find<Rows::scattered, kMaxScattered>(vectors, rows)(p);
  else if (p.a_step == 1 && p.b_step == vectors * kLanes)
    find<Rows::even, kMaxRows, kMaxOfOne>(vectors, rows)(p);
  else
    find<Rows::together, kMaxRows>(vectors, rows)(p);
  if (p.epilogue && !in_registers(*p.epilogue)) finish_rows(p, rows);
}

}  // namespace fovea::FOVEA_ISA
