#include "conv_micro.h"

#include <array>
#include <utility>

namespace fovea::FOVEA_ISA {
namespace {

/** How a step's numbers of A are found; fewer addresses leave more of the 16 integer registers to the loop. */
enum class Rows {
  unit,       // one pointer a row, steps are neighbours, B is a packed panel
  together,   // rows are neighbours: one pointer, any step
  anywhere,   // one pointer a row, any step
};

template <int R, int V>
using Sums = vf[R][V];

template <int R, int V>
inline __attribute__((always_inline)) void step(const float* b, Sums<R, V>& sums, auto a) {
  vf bv[V];
#pragma GCC unroll 4
  for (int v = 0; v < V; v++) bv[v] = load(b + v * kLanes);
#pragma GCC unroll 16
  for (int r = 0; r < R; r++) {
    const vf av = splat(a(r));
#pragma GCC unroll 4
    for (int v = 0; v < V; v++) sums[r][v] = fma(av, bv[v], sums[r][v]);
  }
}

template <int R, int V, Rows kRows>
inline __attribute__((always_inline)) void accumulate(const TileProduct& p, Sums<R, V>& sums) {
  const float* b = p.b;
  for (int run = 0; run < p.runs; run++) {
    if constexpr (kRows == Rows::together) {
      const float* a = p.rows[0] + p.run_offsets[run];
      const ptrdiff_t a_step = p.a_step, b_step = p.b_step;
      for (int k = p.length; k > 0; k--) {
        step<R, V>(b, sums, [&](int r) { return a[r]; });
        a += a_step;
        b += b_step;
      }
    } else {
      // Counting up to 0 needs no register for the end.
      const ptrdiff_t a_step = kRows == Rows::unit ? 1 : p.a_step, end = p.length * a_step;
      const float* a[R];
#pragma GCC unroll 16
      for (int r = 0; r < R; r++) a[r] = p.rows[r] + p.run_offsets[run] + end;
      for (ptrdiff_t i = -end; i != 0; i += a_step) {
        step<R, V>(b, sums, [&](int r) { return a[r][i]; });
        b += kRows == Rows::unit ? V * kLanes : p.b_step;
      }
    }
    b += p.b_jump;
  }
}

template <class Lanes>
inline void put(const TileProduct& p, float* y, vf sum, int column, Lanes lanes) {
  if (p.epilogue) {
    sum = finish(*p.epilogue, sum, y + column - p.output, p.channel + column, lanes);
  } else if (p.add) {
    sum += lanes.get(y + column);
  }
  lanes.put(y + column, sum);
}

template <int R, int V, Rows kRows>
void multiply_fixed(const TileProduct& p) {
  Sums<R, V> sums;
#pragma GCC unroll 16
  for (int r = 0; r < R; r++) {
#pragma GCC unroll 4
    for (int v = 0; v < V; v++) sums[r][v] = vf{};
  }
  accumulate<R, V, kRows>(p, sums);
  if (p.columns == V * kLanes && !p.epilogue) {
#pragma GCC unroll 16
    for (int r = 0; r < R; r++) {
#pragma GCC unroll 4
      for (int v = 0; v < V; v++) {
        float* y = p.out[r] + v * kLanes;
        store(y, p.add ? sums[r][v] + load(y) : sums[r][v]);
      }
    }
    return;
  }
  Sums<R, V> kept;  // a copy that may be indexed, so that `sums` can stay in registers
#pragma GCC unroll 16
  for (int r = 0; r < R; r++) {
#pragma GCC unroll 4
    for (int v = 0; v < V; v++) kept[r][v] = sums[r][v];
  }
  for (int r = 0; r < R; r++) {
    for (int v = 0; v < V; v++) {
      const int left = p.columns - v * kLanes;
      if (left >= kLanes)
        put(p, p.out[r], kept[r][v], v * kLanes, Whole{});
      else if (left > 0)
        put(p, p.out[r], kept[r][v], v * kLanes, Part{left});
    }
  }
}

using Multiply = void (*)(const TileProduct&);

template <int V, Rows kRows, int... R>
constexpr std::array<Multiply, sizeof...(R)> all_sizes(std::integer_sequence<int, R...>) {
  return {multiply_fixed<R + 1, V, kRows>...};
}

using Sizes = std::make_integer_sequence<int, kMaxRows>;
template <int V>
constexpr std::array<std::array<Multiply, kMaxRows>, 3> kTable = {
    all_sizes<V, Rows::unit>(Sizes{}), all_sizes<V, Rows::together>(Sizes{}), all_sizes<V, Rows::anywhere>(Sizes{})};

}  // namespace

void run_tile(const TileProduct& p, int rows) {
  const int vectors = p.columns > kLanes ? 2 : 1;
  const Rows kind = p.together                                         ? Rows::together
                    : p.a_step == 1 && p.b_step == vectors * kLanes ? Rows::unit
                                                                       : Rows::anywhere;
  (vectors == 2 ? kTable<2> : kTable<1>)[(int)kind][rows - 1](p);
}

}  // namespace fovea::FOVEA_ISA
