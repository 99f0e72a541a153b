#include "kernels/conv/implicit_gemm/weight_grad_blocks.h"

#include <algorithm>

#include "kernels/conv/implicit_gemm/weight_grad.h"
#include "kernels/conv/microkernel/tile.h"
#include "kernels/simd/integers.h"
#include "kernels/simd/lanes.h"
#include "runtime/memory.h"
#include "runtime/thread_pool.h"

namespace fovea::FOVEA_ISA::conv::implicit_gemm {
namespace {

/** Floats of dy, which comes from memory, from a load to what it prefetches. */
constexpr ptrdiff_t kDistance = 1024;

/** Tiles of rows that pay for padding dy's channels to whole vectors, which then lie in as few lines as they can. */
constexpr int kTilesForPadding = 3;

/** dy's output pixels of a block with their channels padded to whole vectors, so that loading a vector never leaves the tensor. */
const float* pad_channels(const float* dy, ptrdiff_t step, ptrdiff_t row, int rows, int columns, int co,
                          float* to) {
  const int width = round_up(co, kLanes);
  for (int i = 0; i < rows; i++)
    for (int j = 0; j < columns; j++, to += width)
      for_lanes(co, [&](int64_t c, auto lanes) {
        const float* const from = dy + i * row + j * step + c;
        __builtin_prefetch(from + kDistance);
        store(to + c, lanes.get(from));
      });
  return to - (ptrdiff_t)rows * columns * width;
}

}  // namespace

Problem prepare(const ConvShape& s, const Plan& plan, const float* x, const float* dy) {
  Problem p{s, x, dy, Partials(s, plan), {}};
  const int ci = s.ci / s.groups, co = s.co / s.groups;
  int blocks = 1 << 30, window = 1;
  for (const PhaseSums& sums : p.partials.phases) {
    const AxisPhase &ay = *sums.y, &ax = *sums.x;
    const size_t position_bytes = sizeof(float) * ((size_t)ci * ay.in_step * ax.in_step + co);
    const int max_positions = (int)std::clamp<size_t>((96 << 10) / position_bytes, 48, 512);
    Phase phase{&ay, &ax, 1, ax.count, 1, 1, sums.offset};
    const int down = std::max(ay.count, 1), across = std::max(ax.count, 1);
    phase.across = ceil_div(across, max_positions);
    phase.columns = ceil_div(across, phase.across);
    phase.rows = std::clamp(max_positions / phase.columns, 1, down);
    phase.down = ceil_div(down, phase.rows);
    phase.rows = ceil_div(down, phase.down);
    if (ay.count == 0 || ax.count == 0) phase.down = 0;  // a phase without positions
    p.phases.push_back(phase);
    if (phase.down) blocks = std::min(blocks, s.n * phase.down * phase.across);
    window = std::max(window, (int)(ay.taps.size() * ax.taps.size()) * ci);
  }
  p.partials.split(blocks);
  p.swapped = swaps_roles(s);
  if (p.swapped) return p;
  const int others = p.partials.splits * s.groups * (int)p.phases.size();
  p.chunks = std::clamp(ceil_div(kMinTasks, others), 1, ceil_div(window, 4 * kMaxRows));
  return p;
}

Room::Room(const Task& t) {
  const Phase& phase = t.phase;
  const int ci = t.ci(), co = t.co(), co_padded = round_up(co, kLanes);
  const size_t window = phase.y->taps.size() * phase.x->taps.size() * ci;
  const int rows = phase.window_rows(phase.rows), columns = phase.window_columns(phase.columns);
  const size_t x_size = (window_size(rows, columns, ci) + 15) / 16 * 16;
  pads_dy = co != co_padded && !t.p.swapped;
  const size_t dy_size = pads_dy ? (size_t)phase.rows * phase.columns * co_padded : 0;
  const size_t sums_size = t.p.swapped ? (window * co + 15) / 16 * 16 : 0;
  sums = (float*)thread_scratch(sizeof(float) * (sums_size + x_size + kPanel + dy_size) +
                                sizeof(ptrdiff_t) * phase.rows);
  this->window = sums + sums_size;
  dy = this->window + x_size + kPanel;
  offsets = (ptrdiff_t*)(dy + dy_size);
}

GradBlock block_of(const Task& t, const Room& room, int index, bool goes_on) {
  const ConvShape& s = t.p.s;
  const Phase& phase = t.phase;
  const AxisPhase &ay = *phase.y, &ax = *phase.x;
  const int per_image = phase.down * phase.across, image = index / per_image, within = index % per_image;
  const int y0 = within / phase.across * phase.rows, x0 = within % phase.across * phase.columns;
  GradBlock o{};
  o.row = y0;
  o.rows = std::min(phase.rows, ay.count - y0), o.columns = std::min(phase.columns, ax.count - x0);
  const Image in{t.p.x + (ptrdiff_t)image * s.h * s.w * s.ci + t.group * t.ci(), s.h, s.w, s.ci, t.ci()};
  const int top = y0 * ay.in_step + ay.first(), left = x0 * ax.in_step + ax.first();
  const int down = phase.window_rows(o.rows), across = phase.window_columns(o.columns);
  const float* const x_end = t.p.x + (ptrdiff_t)s.n * s.h * s.w * s.ci;
  const bool may_end_beyond =
      t.p.swapped && in.data + ((ptrdiff_t)(top + down) * s.w) * s.ci + kPanel > x_end;
  o.x = padded_window(in, top, left, down, across, room.window, may_end_beyond);
  o.dy_step = (ptrdiff_t)ax.out_step * s.co;
  o.dy_row = (ptrdiff_t)ay.out_step * s.ow * s.co;
  o.dy = t.p.dy +
         (((ptrdiff_t)image * s.oh + ay.out + y0 * ay.out_step) * s.ow + ax.out + x0 * ax.out_step) * s.co +
         t.group * t.co();
  // The next block follows this one in memory, as blocks are whole rows or of one row each.
  if (!goes_on || s.groups > 1 || (phase.across > 1 && phase.rows > 1)) return o;
  if (o.x.data != room.window) {
    const ptrdiff_t row = (ptrdiff_t)s.w * s.ci, pixels = (ptrdiff_t)o.columns * ax.in_step * s.ci;
    if (phase.across == 1)
      o.next_x = {in.data + (top + down) * row, 1, 0, o.rows * ay.in_step * row};
    else
      o.next_x = {in.data + (top + down - 1) * row + (ptrdiff_t)(left + across) * s.ci, 1, 0, pixels};
  }
  if (ay.out_step == 1)
    o.next_dy = {o.dy + (o.rows - 1) * o.dy_row + o.columns * o.dy_step, 1, 0,
                 o.rows * o.columns * o.dy_step};
  return o;
}

void pad_dy(const Task& t, const Room& room, GradBlock& o) {
  const ConvShape& s = t.p.s;
  const int co = t.co(), co_padded = round_up(co, kLanes);
  const float* const dy_end = t.p.dy + (ptrdiff_t)s.n * s.oh * s.ow * s.co;
  const float* const read_end = o.dy + (o.rows - 1) * o.dy_row + (o.columns - 1) * o.dy_step + co_padded;
  if (t.end - t.begin <= kTilesForPadding * kMaxRows && read_end <= dy_end) return;
  o.dy = pad_channels(o.dy, o.dy_step, o.dy_row, o.rows, o.columns, co, room.dy);
  o.next_dy = {};  // pad_channels() prefetches it
  o.dy_step = co_padded;
  o.dy_row = (ptrdiff_t)o.columns * co_padded;
}

}  // namespace fovea::FOVEA_ISA::conv::implicit_gemm
