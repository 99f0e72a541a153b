// A task sums the products of its share of the blocks of output pixels, for one phase and group: into its own set of partial sums,
// which are added up at the end.
#include "kernels/conv/implicit_gemm/weight_grad.h"

#include <algorithm>

#include "kernels/conv/implicit_gemm/weight_grad_blocks.h"
#include "kernels/conv/microkernel/tile.h"
#include "kernels/simd/integers.h"
#include "kernels/simd/lanes.h"
#include "runtime/thread_pool.h"

namespace fovea::FOVEA_ISA::conv::implicit_gemm {
namespace {

/** Spreads what the next block reads over the k-steps of a block's tiles: about `tiles` for each of its output pixels, of about
 * `rows` rows. Not where a block is read only once or twice, in its order, nor where k-steps have no time for it. */
void prefetch_next(const GradBlock& block, int tiles, int rows, TilePrefetch& prefetch) {
  constexpr int kMinTiles = 3, kMinRows = 7;
  if (tiles < kMinTiles || rows < kMinRows) return;
  const int steps = block.rows * block.columns * tiles;
  prefetch.l1 = block.next_x.spread(steps);
  prefetch.l2 = block.next_dy.spread(steps);
}

/** run_tile(); the streams go on in the next tile. */
void run_and_skip(TileProduct& m, int rows) {
  run_tile(m, rows);
  const ptrdiff_t steps = m.a.runs * (ptrdiff_t)m.a.length;
  m.prefetch.l1.skip(steps);
  m.prefetch.l2.skip(steps);
}

/** Adds a block's products to the task's rows of the window; `offsets` has room for its k-runs. */
void add_block(const Task& t, const GradBlock& o, ptrdiff_t* offsets, bool add) {
  const ConvShape& s = t.p.s;
  const AxisPhase &ay = *t.phase.y, &ax = *t.phase.x;
  const int ci = t.ci(), co = t.co(), begin = t.begin, end = t.end, taps_x = (int)ax.taps.size();
  TileProduct m{};
  m.a.length = o.columns;
  for (int i = 0; i < o.rows; i++) offsets[i] = i * ay.in_step * o.x.pitch;
  m.a.step = ax.in_step * o.x.pixel;
  m.b.step = o.dy_step;
  m.b.jump = o.dy_row - o.columns * o.dy_step;
  m.c.add = add;
  m.c.row = s.co;
  // Tiles of rows that are neighbours in memory are cheaper: tiles end where neighbours do, unless those are too few.
  const int neighbours = o.x.pixel == ci ? contiguous_elements(ax, ci) : ci;
  const bool gathers = neighbours < kMaxGathered / 2 && neighbours < end - begin;
  m.a.rows = gathers ? Rows::gathered : Rows::contiguous;
  const auto row_of_window = [&](int at) {
    const int tap = at / ci;
    const int dy = ay.taps[tap / taps_x].offset - ay.first(), dx = ax.taps[tap % taps_x].offset - ax.first();
    return o.x.data + dy * o.x.pitch + dx * o.x.pixel + at % ci;
  };
  const int max_rows = gathers ? kMaxGathered : kMaxRows;
  const int length = gathers ? end - begin : std::min(neighbours, end - begin);
  const int tiles = ceil_div(length, max_rows);
  prefetch_next(o, tiles * ceil_div(end - begin, length) * ceil_div(co, kPanel), length / tiles, m.prefetch);
  for (int c = 0; c < co; c += m.columns) {
    m.columns = std::min(co - c, kPanel);
    for (int at = begin; at < end;) {
      const int stop = gathers ? end : std::min(end, (at / neighbours + 1) * neighbours);
      const int size = ceil_div(stop - at, ceil_div(stop - at, max_rows));
      m.a.first = row_of_window(at);
      m.c.first = t.partial + (ptrdiff_t)at * s.co + t.group * co + c;
      for (int r = 0; r < size && gathers; r++) {
        m.a.gathered[r] = row_of_window(at + r);
        m.c.gathered[r] = m.c.first + r * m.c.row;
      }
      // Rows in which all taps of the tile lie above or below the image add nothing.
      const Tap &highest = ay.taps[at / ci / taps_x], &lowest = ay.taps[(at + size - 1) / ci / taps_x];
      int first = 0, last = o.rows;
      while (first < last && (o.row + first) * ay.in_step + lowest.offset < 0) first++;
      while (first < last && (o.row + last - 1) * ay.in_step + highest.offset >= s.h) last--;
      m.a.runs = last - first;
      m.a.run_offsets = offsets + first;
      m.b.first = o.dy + first * o.dy_row + c;
      run_and_skip(m, size);
      at += size;
    }
  }
}

/** With swapped roles: adds a block's products to sums[tap y][output channel][tap x][input channel]. */
void add_swapped_block(const Task& t, const GradBlock& o, ptrdiff_t* offsets, bool add, float* sums) {
  const AxisPhase &ay = *t.phase.y, &ax = *t.phase.x;
  const int ci = t.p.s.ci, co = t.p.s.co, run = contiguous_elements(ax, ci);
  TileProduct m{};
  m.a.rows = Rows::contiguous;
  m.a.runs = o.rows;
  m.a.length = o.columns;
  for (int i = 0; i < o.rows; i++) offsets[i] = i * o.dy_row;
  m.a.run_offsets = offsets;
  m.a.step = o.dy_step;
  m.b.step = ax.in_step * o.x.pixel;
  m.b.jump = ay.in_step * o.x.pitch - o.columns * m.b.step;
  m.c.add = add;
  m.c.row = (ptrdiff_t)ax.taps.size() * ci;
  const int tiles = ceil_div(co, kMaxRows), runs = (int)(ay.taps.size() * (m.c.row / run));
  prefetch_next(o, tiles * runs * ceil_div(run, kPanel), co / tiles, m.prefetch);
  for (const Tap& ty : ay.taps) {
    for (int at = 0; at < m.c.row; at += run) {
      const float* const window = o.x.data + (ty.offset - ay.first()) * o.x.pitch +
                                  (ax.taps[at / ci].offset - ax.first()) * o.x.pixel;
      for (int c = 0; c < run; c += m.columns) {
        m.columns = std::min(run - c, kPanel);
        m.b.first = window + c;
        for (int first = 0, size; first < co; first += size) {
          size = ceil_div(co - first, ceil_div(co - first, kMaxRows));
          m.a.first = o.dy + first;
          m.c.first = sums + first * m.c.row + at + c;
          run_and_skip(m, size);
        }
      }
    }
    sums += co * m.c.row;
  }
}

/** The sums of swapped roles, as [tap][input channel][output channel]. */
void swap_back(const Phase& phase, int ci, int co, const float* sums, float* to) {
  const int elements = (int)phase.x->taps.size() * ci;
  for (size_t tap = 0; tap < phase.y->taps.size(); tap++, sums += (ptrdiff_t)co * elements)
    for (int i = 0; i < elements; i++)
      for (int o = 0; o < co; o++) *to++ = sums[(ptrdiff_t)o * elements + i];
}

/** Sums the blocks of one split into its partial sum. */
void run_task(const Task& t, int split) {
  const Problem& p = t.p;
  const Phase& phase = t.phase;
  if (t.begin == t.end) return;
  const Room room(t);
  const int blocks = p.s.n * phase.down * phase.across;
  const int first = part_start(blocks, split, p.partials.splits),
            last = part_start(blocks, split + 1, p.partials.splits);
  for (int row = t.begin; row < t.end && first == last; row++)  // no output pixels: an empty sum
    std::memset(t.partial + (ptrdiff_t)row * p.s.co + t.group * t.co(), 0, sizeof(float) * t.co());
  for (int index = first; index < last; index++) {
    GradBlock block = block_of(t, room, index, index + 1 < last);
    if (p.swapped) {
      add_swapped_block(t, block, room.offsets, index > first, room.sums);
      continue;
    }
    if (room.pads_dy) pad_dy(t, room, block);
    add_block(t, block, room.offsets, index > first);
  }
  if (p.swapped && first < last) swap_back(phase, t.ci(), t.co(), room.sums, t.partial);
}

}  // namespace

bool swaps_roles(const ConvShape& s) {
  if (s.groups > 1 || s.co < 2) return false;
  const auto full = [](int numbers) { return (double)numbers / round_up(numbers, kLanes); };
  return full(s.co) < (s.co < kLanes ? 1 : 0.7) * full(s.dilation_x == 1 && s.up == 1 ? s.kw * s.ci : s.ci);
}

void weight_grad(const ConvShape& s, const float* x, const float* dy, float* dw) {
  const Plan plan = plan_forward(s);
  const Problem p = prepare(s, plan, x, dy);
  float* const sets = room_for(p.partials, dw);
  const int phases = (int)p.phases.size(), per_split = phases * s.groups * p.chunks;
  parallel_for(p.partials.splits * per_split, [&](int index, int) {
    const int split = index / per_split, chunk = index % p.chunks, rest = index % per_split / p.chunks;
    const Phase& phase = p.phases[rest / s.groups];
    const int window = (int)(phase.y->taps.size() * phase.x->taps.size()) * (s.ci / s.groups);
    run_task({p, phase, rest % s.groups, part_start(window, chunk, p.chunks),
              part_start(window, chunk + 1, p.chunks), sets + split * p.partials.size + phase.partial},
             split);
  });
  add_up(p.partials, sets, dw);
}

}  // namespace fovea::FOVEA_ISA::conv::implicit_gemm
