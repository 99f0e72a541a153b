#include "conv_micro.h"

#include <array>
#include <utility>

namespace fovea::FOVEA_ISA {
namespace {

template <int R, int V>
struct Sums {
  vf at[R][V];
};

template <int R, int V, bool kUnitStep>
inline __attribute__((always_inline)) void accumulate(const TileProduct& p, Sums<R, V>& sums) {
#pragma GCC unroll 16
  for (int r = 0; r < R; r++) {
#pragma GCC unroll 4
    for (int v = 0; v < V; v++) sums.at[r][v] = vf{};
  }
  const float* b = p.b;
  const ptrdiff_t b_step = p.b_step;
  const ptrdiff_t a_step = kUnitStep ? 1 : p.a_step;
  for (int run = 0; run < p.runs; run++) {
    const float* a[R];
#pragma GCC unroll 16
    for (int r = 0; r < R; r++) a[r] = p.rows[r] + p.run_offsets[run];
    ptrdiff_t i = 0;
    for (int k = p.length; k > 0; k--) {
      vf bv[V];
#pragma GCC unroll 4
      for (int v = 0; v < V; v++) bv[v] = load(b + v * kLanes);
      b += kUnitStep ? V * kLanes : b_step;
#pragma GCC unroll 16
      for (int r = 0; r < R; r++) {
        const vf av = splat(a[r][i]);
#pragma GCC unroll 4
        for (int v = 0; v < V; v++) sums.at[r][v] = fma(av, bv[v], sums.at[r][v]);
      }
      i += a_step;
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

template <int R, int V, bool kUnitStep>
void multiply_fixed(const TileProduct& p) {
  Sums<R, V> sums;
  accumulate<R, V, kUnitStep>(p, sums);
  if (p.columns == V * kLanes && !p.epilogue) {
#pragma GCC unroll 16
    for (int r = 0; r < R; r++) {
#pragma GCC unroll 4
      for (int v = 0; v < V; v++) {
        float* y = p.out[r] + v * kLanes;
        store(y, p.add ? sums.at[r][v] + load(y) : sums.at[r][v]);
      }
    }
    return;
  }
  for (int r = 0; r < R; r++) {
    for (int v = 0; v < V; v++) {
      const int left = p.columns - v * kLanes;
      if (left >= kLanes)
        put(p, p.out[r], sums.at[r][v], v * kLanes, Whole{});
      else if (left > 0)
        put(p, p.out[r], sums.at[r][v], v * kLanes, Part{left});
    }
  }
}

using Multiply = void (*)(const TileProduct&);

template <int V, bool kUnitStep, int... R>
constexpr std::array<Multiply, sizeof...(R)> all_rows(std::integer_sequence<int, R...>) {
  return {multiply_fixed<R + 1, V, kUnitStep>...};
}

using Rows = std::make_integer_sequence<int, kMaxRows>;
constexpr std::array<Multiply, kMaxRows> kTable[2][2] = {
    {all_rows<1, false>(Rows{}), all_rows<1, true>(Rows{})},
    {all_rows<2, false>(Rows{}), all_rows<2, true>(Rows{})},
};

}  // namespace

void run_tile(const TileProduct& p, int rows) {
  const int vectors = p.columns > kLanes ? 2 : 1;
  const bool unit = p.a_step == 1 && p.b_step == vectors * kLanes;
  kTable[vectors - 1][unit][rows - 1](p);
}

}  // namespace fovea::FOVEA_ISA
