#include "kernels/conv/microkernel/tile.h"

#include "kernels/conv/microkernel/sizes.h"

namespace fovea::FOVEA_ISA::conv {
namespace {

Multiply find(const TileProduct& p, int rows) {
  if (p.b.interleaved) return find_interleaved(rows, p.a.rows);
  const int vectors = ceil_div(p.columns, kLanes);
  switch (p.a.rows) {
    case Rows::gathered:
      return find_gathered(rows, vectors);
    case Rows::contiguous:
      return find_contiguous(rows, vectors);
    default:
      return find_strided(rows, vectors);
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
}

}  // namespace fovea::FOVEA_ISA::conv
