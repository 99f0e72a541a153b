// Winograd convolution, forward and backward in the input. A task takes a block of tiles through all three
// steps, so that what lies between them stays in its core's second-level cache; no tensor of transformed
// numbers is ever made.
#include "winograd_conv.h"

#include <algorithm>

#include "conv_band.h"
#include "conv_micro.h"
#include "cpu.h"
#include "thread_pool.h"
#include "winograd.h"
#include "winograd_tiles.h"

namespace fovea::FOVEA_ISA::winograd {
namespace {

/** One phase, with what its blocks share. */
struct Work {
  const Gather& g;
  const Phase& phase;
  ptrdiff_t weights;  // where the phase's begin
  int tiles, block;
  int channels, outputs;  // padded to whole vectors
  TileOrder order;
  bool streams;
};

/**
 * Tiles in a block, such that every thread has work, and what lies between the steps leaves room in the
 * second-level cache for the weights: three quarters of it, if a third holds them. Larger weights are read again
 * for every block in any case, and so by larger blocks.
 */
int block_size(const Phase& phase, int tiles, int channels, int outputs) {
  const ptrdiff_t weights_bytes = sizeof(float) * phase.depth() * channels * outputs;
  const ptrdiff_t tile_bytes = sizeof(float) * phase.points() * (phase.parts() * channels + outputs);
  const ptrdiff_t cache = (ptrdiff_t)cpu().l2, room = weights_bytes <= cache / 3 ? cache / 4 : cache / 2;
  const int most =
      (int)std::clamp<ptrdiff_t>(room / tile_bytes, kMaxRows, 8 * kMaxRows) / kMaxRows * kMaxRows;
  int blocks = ceil_div(tiles, most);
  if (blocks < 8 * threads())
    blocks = round_up(blocks, threads());  // no effect on the result: tiles are independent
  return ceil_div(tiles, std::min(blocks, ceil_div(tiles, 4)));
}

Image input_of(const Gather& g) { return {g.in, g.in_h, g.in_w, g.in_c, g.in_c}; }

/** A part of some rows of an image that will be wanted, to be asked for bit by bit while the multipliers are busy. */
struct Ahead {
  const float* row;
  ptrdiff_t length, pitch;  // of the part of a row, and from row to row
  int rows;
  ptrdiff_t at = 0, portion = 0;  // in the row; floats to ask for each time
  /** Such that asking `times` times asks for all. */
  void divide(int times) { portion = rows * length / times + kLine; }
  void ask() {
    for (ptrdiff_t left = portion; rows > 0 && left > 0; left -= kLine) {
      __builtin_prefetch(row + at, 0, 2);
      at += kLine;
      if (at < length) continue;
      row += pitch;
      at = 0;
      rows--;
    }
  }
};

/** What the block from tile `first` touches of the input, as far as that tile's strip goes. */
Ahead ahead_of(const Work& w, int first) {
  const Image image = input_of(w.g);
  if (first >= w.tiles) return {image.data, 0, 0, 0};
  const TileOrder& order = w.order;
  const int step_y = w.phase.y->in_step, step_x = w.phase.x->in_step;
  const TilePlace from = order.place(first), to = order.place(std::min(first + w.block, w.tiles) - 1);
  const int left = from.x / kOut / order.strip * order.strip * kOut, right = left + order.strip * kOut;
  const bool one_strip = to.image == from.image && to.x < right && to.y >= from.y;
  const int top = from.y * step_y, bottom = one_strip ? std::min((to.y + kOut) * step_y, image.h) : image.h;
  const int columns = std::min(right * step_x, image.w) - left * step_x;
  const ptrdiff_t pitch = (ptrdiff_t)image.w * image.pixel;
  return {image.number(from.image).data + top * pitch + (ptrdiff_t)left * step_x * image.pixel,
          (ptrdiff_t)columns * image.pixel, pitch, columns > 0 ? bottom - top : 0};
}

/** to[point] = the sum over parts of from[part][point] * weights[point][part], for all points. */
void multiply_points(const Work& w, const float* matrix, int tiles, const float* from, ptrdiff_t from_step,
                     float* to, ptrdiff_t to_step, Ahead ahead) {
  const Phase& phase = w.phase;
  std::vector<ptrdiff_t> offsets(phase.parts());
  TileProduct p{};
  p.length = w.g.in_c;
  p.run_offsets = offsets.data();
  p.a_step = 1;
  p.a_row = w.channels;
  p.c_row = w.outputs;
  const int groups = ceil_div(tiles, kMaxRows);
  ahead.divide(phase.points() * groups * ceil_div(w.outputs, kPanel));
  p.next_step = ceil_div(2 * kLine, groups);
  for (int point = 0; point < phase.points(); point++) {
    p.runs = 0;
    for (int part = 0; part < phase.parts(); part++)
      if (phase.uses(part, point)) offsets[p.runs++] = part * phase.points() * from_step;
    const ptrdiff_t depth = (ptrdiff_t)p.runs * w.g.in_c;
    const float* const next_matrix = matrix + matrix_step(w.g, depth);
    for (int c = 0; c < w.outputs; c += kPanel) {
      p.columns = std::min(kPanel, w.outputs - c);
      p.b_step = p.columns;
      p.b = matrix + c * depth;
      // The weights' next panel may be as far as the memory: each group asks for a share of it.
      const float* const next = c + kPanel < w.outputs ? p.b + depth * kPanel : next_matrix;
      for (int group = 0, row = 0; group < groups; group++) {
        const int end = tiles * (group + 1) / groups;
        p.a = from + point * from_step + (ptrdiff_t)row * w.channels;
        p.c = to + point * to_step + (ptrdiff_t)row * w.outputs + c;
        p.next = next + depth * p.columns * group / groups;
        run_tile(p, end - row);
        ahead.ask();
        row = end;
      }
    }
    matrix = next_matrix;
  }
}

void run_block(const Work& w, const float* weights, int index) {
  const Phase& phase = w.phase;
  const Gather& g = w.g;
  const Transforms& transforms = transforms_of(phase);
  const int first = index * w.block, count = std::min(w.block, w.tiles - first);
  if (count <= 0) return;
  const ptrdiff_t from_step = point_step(w.block, w.channels), to_step = point_step(w.block, w.outputs);
  const ptrdiff_t from_size = phase.parts() * phase.points() * from_step;
  float* const from = (float*)thread_scratch(sizeof(float) * (from_size + phase.points() * to_step));
  float* const to = from + from_size;
  for (int t = 0; t < count; t++)
    for (int part = 0; part < phase.parts(); part++)
      transform_part(phase, part, input_of(g), w.order.place(first + t), g.in_c,
                     from + part * phase.points() * from_step + (ptrdiff_t)t * w.channels, from_step);
  multiply_points(w, weights + w.weights, count, from, from_step, to, to_step, ahead_of(w, first + w.block));
  for (int t = 0; t < count; t++) {
    const TilePlace at = w.order.place(first + t);
    const AxisPhase &y = *phase.y, &x = *phase.x;
    const Outputs out{
        g.out + (((ptrdiff_t)at.image * g.out_h + y.out + (ptrdiff_t)at.y * y.out_step) * g.out_w + x.out +
                 (ptrdiff_t)at.x * x.out_step) *
                    g.out_c,
        (ptrdiff_t)y.out_step * g.out_w * g.out_c,
        (ptrdiff_t)x.out_step * g.out_c,
        std::min(kOut, y.count - at.y),
        std::min(kOut, x.count - at.x),
        g.out,
        g.epilogue,
        w.streams};
    transforms.output(to + (ptrdiff_t)t * w.outputs, to_step, g.out_c, out);
  }
}

}  // namespace

void convolve(const Gather& g, const std::vector<Phase>& phases,
              const std::function<const float*(int thread)>& weights) {
  struct Block {
    double place;  // among its phase's
    size_t work;
    int index;
  };
  std::vector<Work> works;
  std::vector<Block> blocks;
  ptrdiff_t start = 0;
  for (const Phase& phase : phases) {
    const int tiles = g.n * phase.tiles_y() * phase.tiles_x();
    Work w{g,
           phase,
           start,
           tiles,
           1,
           round_up(g.in_c, kLanes),
           round_up(g.out_c, kLanes),
           TileOrder(phase, g.in_c, g.out_c),
           g.streams()};
    start += weights_size(g, phase);
    if (tiles == 0) continue;
    w.block = block_size(phase, tiles, w.channels, w.outputs);
    const int count = ceil_div(tiles, w.block);
    for (int i = 0; i < count; i++) blocks.push_back({(double)i / count, works.size(), i});
    works.push_back(w);
  }
  // Phases take turns: they read the same parts of the image.
  if (works.size() > 1)
    std::stable_sort(blocks.begin(), blocks.end(),
                     [](const Block& a, const Block& b) { return a.place < b.place; });
  parallel_for((int)blocks.size(), [&](int i, int thread) {
    run_block(works[blocks[i].work], weights(thread), blocks[i].index);
  });
}

}  // namespace fovea::FOVEA_ISA::winograd
