#include "kernels/conv/microkernel/end.h"

#include <algorithm>

#include "kernels/simd/integers.h"

namespace fovea::FOVEA_ISA::conv {
namespace {

/** The sums of a tile in memory, row after row, and its last vector's lanes. */
template <int V, Rows kRows>
struct StoredSums {
  float* sums;
  int rows;
  Part last;

  /** step(sums, where they are in C, lanes, column) for every vector of rows `begin` to `end`. */
  template <class Last, class Step>
  void for_rows(const TileProduct& p, float* c, int begin, int end, Last last_lanes, Step step) const {
    const ptrdiff_t c_row = p.c.row;
    float *from = sums + begin * V * kLanes, *to = c + begin * c_row;
    for (int r = begin; r < end; r++, from += V * kLanes, to += c_row) {
      float* const row = kRows == Rows::gathered ? p.c.gathered[r] : to;
      for (int v = 0; v < V - 1; v++) step(from + v * kLanes, row + v * kLanes, Whole{}, v * kLanes);
      step(from + (V - 1) * kLanes, row + (V - 1) * kLanes, last_lanes, (V - 1) * kLanes);
    }
  }

  void finish_rows(const TileProduct& p, float* c) const {
    const Epilogue e = *p.c.epilogue;
    for_rows(p, c, 0, rows, last, [&](float* sum, const float* to, auto lanes, int column) {
      store(sum, finish(e, load(sum), to - p.c.tensor, p.c.channel + column, lanes));
    });
  }

  void add_rows(const TileProduct& p, float* c) const {
    for_rows(p, c, 0, rows, last,
             [](float* sum, float* to, auto lanes, int) { lanes.put(to, load(sum) + lanes.get(to)); });
  }

  /** Of a row's last vector multiples of four lanes are stored in parts of 128 bits; others, of a `dense` C, whole, running over
   * into the next rows as far as those are of the tile. */
  void store_rows(const TileProduct& p, float* c) const {
    const auto put = [&](int begin, int end, auto lanes_of_last) {
      for_rows(p, c, begin, end, lanes_of_last,
               [](const float* from, float* to, auto lanes, int) { lanes.put(to, load(from)); });
    };
    if (last.n == kLanes && kHasNontemporalStore && p.c.nontemporal)
      return for_rows(p, c, 0, rows, Whole{},
                      [](const float* from, float* to, Whole, int) { store_nontemporal(to, load(from)); });
    if (last.n == kLanes) return put(0, rows, Whole{});
    if (in_partial_stores<kLanes>(last.n, [&](auto lanes) { put(0, rows, lanes); })) return;
    const int beside = V > 1 ? 1 : ceil_div(kLanes, last.n) - 1;  // rows that a whole vector runs over into
    const int fit = p.c.dense ? std::max(rows - beside, 0) : 0;
    put(0, fit, Whole{});
    put(fit, rows, last);
  }
};

template <int V, Rows kRows>
void end_rows(const TileProduct& p, float* c, float* sums, int rows) {
  const StoredSums<V, kRows> tile{sums, rows, {p.columns - (V - 1) * kLanes}};
  if (p.c.epilogue) tile.finish_rows(p, c);
  p.c.add ? tile.add_rows(p, c) : tile.store_rows(p, c);
}

template <int V>
void end_rows(const TileProduct& p, float* c, float* sums, int rows) {
  p.a.rows == Rows::gathered ? end_rows<V, Rows::gathered>(p, c, sums, rows)
                             : end_rows<V, Rows::strided>(p, c, sums, rows);
}

}  // namespace

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

void prefetch_outputs(const TileProduct& p, const float* c, int rows) {
  for (int r = 0; r < rows; r++, c += p.c.row)
    for (int i = 0; i < p.columns; i += kLine) __builtin_prefetch(c + i, 1);
}

void end_in_memory(const TileProduct& p, float* c, float* sums, int rows) {
  if (p.columns <= kLanes) return end_rows<1>(p, c, sums, rows);
  if (p.columns <= 2 * kLanes) return end_rows<2>(p, c, sums, rows);
  end_rows<3, Rows::strided>(p, c, sums, rows);
}

}  // namespace fovea::FOVEA_ISA::conv
