// Asks, while the tiles of one band of an image are made, for what the next band reads.
#pragma once

#include "kernels/conv/microkernel/tile.h"
#include "kernels/simd/integers.h"

namespace fovea::FOVEA_ISA::conv {

/** Numbers that are neighbours in memory; null where there are none. */
struct Span {
  const float* from;
  ptrdiff_t size;
};

/** Spreads what the next band reads, which comes from far, over the steps of a band's tiles: about `tiles` for each of
 * its places, of about `rows` rows. Not where a band is read once only, in its order, nor where steps have no time for it. */
class AskAhead {
 public:
  AskAhead(TileProduct& m, Span next, Span far, int places, int tiles, int rows) : m_(m) {
    constexpr int kEnoughTiles = 3, kEnoughRows = 7;
    if (tiles < kEnoughTiles || rows < kEnoughRows) return;
    const int steps = places * tiles;
    m.next = next.from, m.next_step = ceil_div((int)next.size, steps);
    m.far = far.from, m.far_step = ceil_div((int)far.size, steps);
  }
  /** After a tile. */
  void go_on() {
    const ptrdiff_t steps = m_.runs * (ptrdiff_t)m_.length;
    if (m_.next) m_.next += steps * m_.next_step;
    if (m_.far) m_.far += steps * m_.far_step;
  }

 private:
  TileProduct& m_;
};

}  // namespace fovea::FOVEA_ISA::conv
