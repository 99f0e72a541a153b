// Winograd's weight gradient. A task sums the products of its share of the tiles, block by block, for all
// points of one phase and some output channels; ends them with E_r^T N^-1, and leaves partial sums for the
// phase's taps (partial_sums.h). A phase's parts go one by one through each block, so that little is in use
// at a time: dy transformed, one part of x transformed and that part's sums. How long blocks are weighs reading
// and writing the sums against keeping the rest near. Shares depend on the shape and the machine's cores, but not
// on the threads in use; blocks and the strips in which tiles follow each other also on the size of L2.
#include <algorithm>
#include <utility>
#include <vector>

#include "kernels/conv/microkernel/tile.h"
#include "kernels/conv/shared/padded_window.h"
#include "kernels/conv/shared/partial_sums.h"
#include "kernels/conv/winograd/forward.h"
#include "kernels/conv/winograd/prefetch.h"
#include "kernels/conv/winograd/transforms_2d.h"
#include "kernels/simd/integers.h"
#include "runtime/cpu.h"
#include "runtime/thread_pool.h"

namespace fovea::FOVEA_ISA::conv::winograd {
namespace {

constexpr int kMaxTaps = 9;

/** One phase, with what its tasks share. */
struct Work {
  const ConvShape& s;
  const Phase& phase;
  const float *x, *dy;
  ptrdiff_t partial;  // where its taps begin in a set
  int tiles, splits, block;
  int width;  // output channels of a task
  int channels;
  TileOrder order;
};

Image input_of(const Work& w) { return {w.x, w.s.h, w.s.w, w.s.ci, w.s.ci}; }
Image output_of(const Work& w) { return {w.dy, w.s.oh, w.s.ow, w.s.co, w.s.co}; }

/** One task's memory, and the steps in it from point to point: x of one part, dy, and the sums of all parts. */
struct Room {
  float *x, *dy, *sums;
  ptrdiff_t x_step, dy_step, sums_step;
};

Room make_room(const Work& w, int outputs) {
  const Phase& phase = w.phase;
  Room r;
  r.x_step = point_step(w.block, w.channels);
  r.dy_step = point_step(w.block, outputs);
  r.sums_step = point_step(w.s.ci, outputs);
  const ptrdiff_t points = phase.points(), maps = points * phase.parts();
  r.x = (float*)thread_scratch(sizeof(float) * (points * (r.x_step + r.dy_step) + maps * r.sums_step));
  r.dy = r.x + points * r.x_step;
  r.sums = r.dy + points * r.dy_step;
  return r;
}

/** sums[part][point] (+)= x[point]^T * dy[point] for a block of tiles and one part. */
void add_points(const Work& w, const Room& r, int part, int tiles, int outputs, bool add,
                PrefetchQueue& queue) {
  const ptrdiff_t no_offset = 0;
  TileProduct p{};
  p.a.rows = Rows::contiguous;
  p.a.runs = 1;
  p.a.length = tiles;
  p.a.run_offsets = &no_offset;
  p.a.step = w.channels;
  p.b.step = outputs;
  p.c.add = add;
  p.c.row = outputs;
  const int points = w.phase.points();
  queue.spread(p);
  for (int point = 0; point < points; point++) {
    if (!w.phase.uses(part, point)) continue;
    for (int o = 0; o < outputs; o += p.columns) {
      p.columns = std::min(outputs - o, kPanel);
      const int groups = ceil_div(w.s.ci, kMaxRows);
      p.b.first = r.dy + point * r.dy_step + o;
      for (int group = 0, c = 0; group < groups; group++) {
        const int end = part_start(w.s.ci, group + 1, groups);
        p.a.first = r.x + point * r.x_step + c;
        p.c.first = r.sums + (part * points + point) * r.sums_step + (ptrdiff_t)c * outputs + o;
        queue.give(p);
        run_tile(p, end - c);
        c = end;
      }
    }
  }
}

/** Do a task's sums leave room in L2? */
bool leaves_room(const Work& w) {
  const ptrdiff_t sums = w.phase.points() * w.phase.parts() * (ptrdiff_t)w.s.ci * w.width;
  return (ptrdiff_t)sizeof(float) * sums <= (ptrdiff_t)cpu().l2;
}

/** Of all images, which the tasks share. */
ptrdiff_t images_bytes(const Work& w) {
  return sizeof(float) * w.s.n * (input_of(w).size() + output_of(w).size());
}

/** Prefetches for the block of tiles from `first` on: x, and dy if all its channels are this task's. None if k-steps have few rows,
 * and so no time, or if large sums fill L2, unless images come from memory. */
PrefetchQueue queue_of(const Work& w, int first, int end, int outputs) {
  constexpr int kMinRows = 7;
  if (w.s.ci < kMinRows || !(leaves_room(w) || exceeds_l3(images_bytes(w)))) return PrefetchQueue({}, 1);
  const Phase& phase = w.phase;
  const AxisPhase &down = *phase.y, &across = *phase.x;
  const int products =
      phase.parts() * phase.points() * ceil_div(outputs, kPanel) * ceil_div(w.s.ci, kMaxRows);
  std::vector<PrefetchRegion> parts = {region_of_tiles(w.order, first, end, input_of(w),
                                                       reach_of(down, phase.parts_y, phase.points_y),
                                                       reach_of(across, phase.parts_x, phase.points_x))};
  if (w.width >= w.s.co)
    parts.push_back(
        region_of_tiles(w.order, first, end, output_of(w), {down.out_step, 0}, {across.out_step, 0}));
  return PrefetchQueue(std::move(parts), products);
}

/** Ends the sums and stores them as the phase's taps [tap y][tap x][ci][co], output channels [from, from +
 * count). */
void finish_sums(const Work& w, const Room& r, const Transforms& transforms, int from, int count, int outputs,
                 float* set) {
  const Phase& phase = w.phase;
  for (int part = 0; part < phase.parts(); part++) {
    const auto &ty = phase.part_y(part).taps, &tx = phase.part_x(part).taps;
    ptrdiff_t places[kMaxTaps];
    for (int tap = 0; tap < phase.taps_y * phase.taps_x; tap++) {
      const size_t i = tap / phase.taps_x, j = tap % phase.taps_x;
      places[tap] = i < ty.size() && j < tx.size()
                        ? ((ty[i] - phase.y->taps.data()) * (ptrdiff_t)phase.x->taps.size() +
                           (tx[j] - phase.x->taps.data())) *
                              w.s.ci * w.s.co
                        : -1;
    }
    for (int c = 0; c < w.s.ci; c++)
      transforms.weights(r.sums + part * phase.points() * r.sums_step + (ptrdiff_t)c * outputs, r.sums_step,
                         count, phase.skips_row(part), phase.skips_column(part),
                         set + w.partial + (ptrdiff_t)c * w.s.co + from, places);
  }
}

void run_task(const Work& w, int split, int from, float* set) {
  const int count = std::min(w.width, w.s.co - from), outputs = round_up(count, kLanes);
  const Transforms& transforms = transforms_of(w.phase);
  const Room room = make_room(w, outputs);
  const int begin = part_start(w.tiles, split, w.splits), end = part_start(w.tiles, split + 1, w.splits);
  if (begin == end)
    std::fill(room.sums, room.sums + w.phase.points() * w.phase.parts() * room.sums_step, 0.0f);
  Image gradients = output_of(w);
  gradients.data += from;
  std::vector<Window> windows(w.block);
  for (int first = begin; first < end; first += w.block) {
    const int tiles = std::min(w.block, end - first);
    windows_of_gradients(gradients, w.phase, w.order, first, tiles, windows.data());
    transforms.gradient(windows.data(), tiles, count, room.dy, room.dy_step);
    const int next = first + tiles;
    PrefetchQueue queue = queue_of(w, next, std::min(next + w.block, end), outputs);
    for (int part = 0; part < w.phase.parts(); part++) {
      windows_of_inputs(input_of(w), w.phase, part, w.order, first, tiles, windows.data());
      transforms.input(windows.data(), tiles, w.s.ci, w.phase.skips_row(part), w.phase.skips_column(part),
                       room.x, room.x_step);
      add_points(w, room, part, tiles, outputs, first > begin, queue);
    }
  }
  finish_sums(w, room, transforms, from, count, outputs, set);
}

/** Tiles in a block at most; measured. Reading large sums fewer times is worth more than keeping x and dy, transformed, within
 * the cache; where the sums fit it and the images do not, there is to be room for prefetched lines, too. */
int max_tiles_of(const Work& w) {
  const ptrdiff_t cache = (ptrdiff_t)cpu().l2;
  const ptrdiff_t tile_bytes = sizeof(float) * w.phase.points() * (w.channels + w.width);
  const ptrdiff_t room = leaves_room(w) && images_bytes(w) > 4 * cache ? cache / 2 : cache * 5 / 2;
  return (int)std::clamp<ptrdiff_t>(room / tile_bytes, 24, 128);
}

}  // namespace

void weight_grad(const ConvShape& s, const Plan& plan, const std::vector<Phase>& phases, const float* x,
                 const float* dy, float* dw) {
  constexpr ptrdiff_t kSumsBytes = 1200 << 10;  // of a part of a task, so that they stay in L2
  Partials partials(s, plan);
  std::vector<Work> works;
  int max_tiles = 1;
  for (size_t i = 0; i < phases.size(); i++) {
    const Phase& phase = phases[i];
    const int outputs = round_up(s.co, kLanes);
    const int fit = (int)(kSumsBytes / (ptrdiff_t)sizeof(float) / phase.points() / s.ci) / kPanel * kPanel;
    const int width = round_up(ceil_div(outputs, ceil_div(outputs, std::max(fit, kPanel))), kPanel);
    works.push_back({s, phase, x, dy, partials.phases[i].offset, s.n * phase.tiles_y() * phase.tiles_x(), 1,
                     1, width, round_up(s.ci, kLanes), TileOrder(phase, s.ci, s.co)});
    max_tiles = std::max(max_tiles, works.back().tiles);
  }
  const int across = ceil_div(s.co, works[0].width), tasks = across * (int)works.size();
  // Long shares read and write their sums less often; short ones keep more cores busy, all of them alike.
  const int min_splits = ceil_div(2 * cpu().cores, tasks), shortest = std::max(max_tiles / 128, 1);
  partials.splits = Partials::even(std::min(std::max(max_tiles / 256, std::min(min_splits, shortest)),
                                            std::max(kMinTasks / (int)works.size(), 1)));
  if (partials.splits * tasks < 4) partials.splits = std::min(partials.splits * 2, max_tiles);
  for (Work& w : works) {
    w.splits = partials.splits;
    w.width = works[0].width;
    const int share = std::max(1, ceil_div(w.tiles, w.splits)), most = max_tiles_of(w);
    w.block = ceil_div(share, ceil_div(share, most));
  }
  float* const sets = room_for(partials, dw);
  parallel_for(partials.splits * tasks, [&](int task, int) {
    const int split = task / tasks;
    const Work& w = works[task % tasks / across];
    run_task(w, split, task % across * w.width, sets + split * partials.size);
  });
  add_up(partials, sets, dw);
}

}  // namespace fovea::FOVEA_ISA::conv::winograd
