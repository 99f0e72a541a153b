// Winograd convolution, forward and backward in the input. A task takes a block of tiles through all three
// steps, so that what lies between them stays in its core's L2; no tensor of transformed
// elements is ever made.
#include "kernels/conv/winograd/forward.h"

#include <algorithm>
#include <utility>

#include "kernels/conv/microkernel/tile.h"
#include "kernels/conv/shared/padded_window.h"
#include "kernels/conv/winograd/prefetch.h"
#include "kernels/conv/winograd/transforms_1d.h"
#include "kernels/conv/winograd/transforms_2d.h"
#include "kernels/simd/integers.h"
#include "runtime/cpu.h"
#include "runtime/thread_pool.h"

namespace fovea::FOVEA_ISA::conv::winograd {
namespace {

/** One phase, with what its blocks share. */
struct Work {
  const Gather& g;
  const Phase& phase;
  ptrdiff_t weights;  // where the phase's begin
  int tiles, block;
  int channels, outputs;  // padded to whole vectors
  TileOrder order;
  bool nontemporal;
};

/**
 * Tiles in a block, such that every thread has work, and what lies between the steps leaves room in
 * L2 for the weights: three quarters of it, if two thirds hold them. Larger weights are read again
 * for every block in any case, and so by larger blocks.
 */
int block_size(const Phase& phase, int tiles, int channels, int outputs) {
  const ptrdiff_t weights_bytes = sizeof(float) * phase.depth() * channels * outputs;
  const ptrdiff_t tile_bytes = sizeof(float) * phase.points() * (phase.parts() * channels + outputs);
  const ptrdiff_t cache = (ptrdiff_t)cpu().l2, room = weights_bytes <= cache * 2 / 3 ? cache / 4 : cache / 2;
  const int most =
      (int)std::clamp<ptrdiff_t>(room / tile_bytes, kMaxRows, 8 * kMaxRows) / kMaxRows * kMaxRows;
  int blocks = ceil_div(tiles, most);
  if (blocks < 8 * threads())
    blocks = round_up(blocks, threads());  // no effect on the result: tiles are independent
  return ceil_div(tiles, std::min(blocks, ceil_div(tiles, 4)));
}

Image input_of(const Gather& g) { return {g.in, g.in_h, g.in_w, g.in_c, g.in_c}; }

/** Prefetch the outputs for writing? Only if they exceed L2. Phases that take turns write the same lines: the first one does it. */
bool prefetches_outputs(const Work& w) {
  const bool is_first = w.phase.y->out == 0 && w.phase.x->out == 0;
  return !w.nontemporal && is_first && w.g.written_bytes() > 4 * cpu().l2;
}

/** What to prefetch during the products of the block at tile `first`: what its epilogue and stores touch, and the next block's
 * input. */
std::vector<PrefetchRegion> regions_beside(const Work& w, int first) {
  const Phase& phase = w.phase;
  const Gather& g = w.g;
  const int next = std::min(first + w.block, w.tiles), end = std::min(next + w.block, w.tiles);
  const auto of_outputs = [&](const float* tensor) {
    return region_of_tiles(w.order, first, next, {tensor, g.out_h, g.out_w, g.out_c, g.out_c},
                           {phase.y->out_step, 0}, {phase.x->out_step, 0});
  };
  const Epilogue epilogue = g.ending();
  return {of_outputs(epilogue.residual), of_outputs(epilogue.saved),
          of_outputs(prefetches_outputs(w) ? g.out : nullptr),
          region_of_tiles(w.order, next, end, input_of(g), reach_of(*phase.y, phase.parts_y, phase.points_y),
                          reach_of(*phase.x, phase.parts_x, phase.points_x))};
}

/** Transformed tiles, `step` floats from one point's to the next's. */
struct Points {
  float* first;
  ptrdiff_t step;
};

/** to[point] = the sum over parts of from[part][point] * weights[point][part], for all points. */
void multiply_points(const Work& w, const float* matrix, int tiles, Points from, Points to,
                     std::vector<PrefetchRegion> parts) {
  const Phase& phase = w.phase;
  std::vector<ptrdiff_t> offsets(phase.parts());
  TileProduct p{};
  p.a.length = w.g.in_c;
  p.a.run_offsets = offsets.data();
  p.a.step = 1;
  p.a.row = w.channels;
  p.c.row = w.outputs;
  PrefetchQueue queue(std::move(parts), phase.points() * products_of(tiles, w.outputs));
  for (int point = 0; point < phase.points(); point++) {
    p.a.runs = 0;
    for (int part = 0; part < phase.parts(); part++)
      if (phase.uses(part, point)) offsets[p.a.runs++] = part * phase.points() * from.step;
    queue.spread(p);
    const ptrdiff_t depth = (ptrdiff_t)p.a.runs * w.g.in_c;
    const float* const next_matrix = matrix + matrix_step(w.g, depth);
    for (int c = 0; c < w.outputs; c += p.columns) {
      p.columns = panel_of(w.outputs - c);
      p.b.step = p.columns;
      p.b.first = matrix + c * depth;
      const int groups = ceil_div(tiles, max_rows_of(p.columns));
      p.prefetch.l1.step = ceil_div(2 * kLine, groups);
      // The weights' next panel may be in memory: each group prefetches a share of it.
      const float* const next = c + p.columns < w.outputs ? p.b.first + depth * p.columns : next_matrix;
      for (int group = 0, row = 0; group < groups; group++) {
        const int end = part_start(tiles, group + 1, groups);
        p.a.first = from.first + point * from.step + (ptrdiff_t)row * w.channels;
        p.c.first = to.first + point * to.step + (ptrdiff_t)row * w.outputs + c;
        p.prefetch.l1.at = next + depth * p.columns * group / groups;
        queue.give(p);
        run_tile(p, end - row);
        row = end;
      }
    }
    matrix = next_matrix;
  }
}

void run_block(const Work& w, const float* weights, int first, int count) {
  const Phase& phase = w.phase;
  const Gather& g = w.g;
  const Transforms& transforms = transforms_of(phase);
  const ptrdiff_t from_step = point_step(w.block, w.channels), to_step = point_step(w.block, w.outputs);
  const ptrdiff_t from_size = phase.parts() * phase.points() * from_step;
  float* const from = (float*)thread_scratch(sizeof(float) * (from_size + phase.points() * to_step));
  float* const to = from + from_size;
  const AxisPhase &y = *phase.y, &x = *phase.x;
  std::vector<Window> windows(count);
  for (int part = 0; part < phase.parts(); part++) {
    windows_of_inputs(input_of(g), phase, part, w.order, first, count, windows.data());
    transforms.input(windows.data(), count, g.in_c, phase.skips_row(part), phase.skips_column(part),
                     from + part * phase.points() * from_step, from_step);
  }
  multiply_points(w, weights + w.weights, count, {from, from_step}, {to, to_step}, regions_beside(w, first));
  std::vector<Outputs> outputs(count);
  TilePlace at = w.order.place(first);
  for (int t = 0; t < count; t++, at = w.order.after(at)) {
    outputs[t] = {g.out + (((ptrdiff_t)at.image * g.out_h + y.out + (ptrdiff_t)at.y * y.out_step) * g.out_w +
                           x.out + (ptrdiff_t)at.x * x.out_step) *
                              g.out_c,
                  (ptrdiff_t)y.out_step * g.out_w * g.out_c,
                  (ptrdiff_t)x.out_step * g.out_c,
                  std::min(kOut, y.count - at.y),
                  std::min(kOut, x.count - at.x),
                  g.out,
                  g.epilogue,
                  w.nontemporal};
  }
  transforms.output(to, to_step, g.out_c, outputs.data(), count);
}

struct Block {
  double place;  // among its phase's
  size_t work;
  int first, count;  // tiles
};

/** Where an image has several strips, blocks end with them. */
void cut(const Work& w, size_t work, std::vector<Block>& blocks) {
  const auto add = [&](int first, int count) {
    for (int i = 0; i < count; i += w.block)
      blocks.push_back({(double)(first + i) / w.tiles, work, first + i, std::min(w.block, count - i)});
  };
  const TileOrder& order = w.order;
  if (order.strip >= order.across) return add(0, w.tiles);
  for (int row = 0, first = 0; row < w.tiles / order.across; row += order.down)
    for (int column = 0; column < order.across; column += order.strip) {
      const int count = std::min(order.strip, order.across - column) * order.down;
      add(first, count);
      first += count;
    }
}

Work work_of(const Gather& g, const Phase& phase, ptrdiff_t weights) {
  const int tiles = g.n * phase.tiles_y() * phase.tiles_x();
  const int channels = round_up(g.in_c, kLanes), outputs = round_up(g.out_c, kLanes);
  int block = tiles ? block_size(phase, tiles, channels, outputs) : 1;
  // Of many, blocks are whole rows of a strip, so that what each touches of the images is known and touched once.
  const int wide = block * 5 / 4;
  const bool many = tiles / 8 / threads() >= block;
  const TileOrder order(phase, g.in_c, g.out_c, many ? wide : tiles + 1);
  if (many && order.strip < order.across) block = std::max(block / order.strip, 1) * order.strip;
  return {g, phase, weights, tiles, block, channels, outputs, order, g.stores_nontemporally()};
}

}  // namespace

void forward(const Gather& g, const std::vector<Phase>& phases,
             const std::function<const float*(int thread)>& weights) {
  std::vector<Work> works;
  std::vector<Block> blocks;
  ptrdiff_t start = 0, end = 0;  // of its kernels
  for (const Phase& phase : phases) {
    if (!phase.repeats) {
      start = end;
      end += weights_size(g, phase);
    }
    works.push_back(work_of(g, phase, start));
    cut(works.back(), works.size() - 1, blocks);
  }
  // Phases take turns: they read the same parts of the image.
  if (works.size() > 1)
    std::stable_sort(blocks.begin(), blocks.end(),
                     [](const Block& a, const Block& b) { return a.place < b.place; });
  parallel_for((int)blocks.size(), [&](int i, int thread) {
    const Block& block = blocks[i];
    run_block(works[block.work], weights(thread), block.first, block.count);
  });
}

}  // namespace fovea::FOVEA_ISA::conv::winograd
