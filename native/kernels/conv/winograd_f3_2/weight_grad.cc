// A task sums over its share of blocks of output rows, phase by phase: rows of 2x2 tiles, whose two rows of outputs are a dilation
// away from each other. T is made of a phase's part of x beforehand; U is made of dy, which is read where it lies, in registers, which
// hold the sums of one input channel and one vector of output channels over all rows of tiles.
#include "kernels/conv/winograd_f3_2/weight_grad.h"

#include <algorithm>

#include "kernels/conv/shared/partial_sums.h"
#include "kernels/conv/shared/planes.h"
#include "kernels/simd/integers.h"
#include "kernels/simd/lanes.h"
#include "runtime/cpu.h"
#include "runtime/thread_pool.h"

namespace fovea::FOVEA_ISA::conv::winograd_f3_2 {
namespace {

/** Of u, t and m. */
constexpr int kPoints = 4;
/** Points along y whose sums, with all points along x, fit the registers: dy is read once for each so many. */
constexpr int kRows = kPoints / kPasses;
/** Pairs of neighbouring outputs in a span of a row, at most, and floats from a point of a span's T to the next: an odd number
 * of lines, and constant, as the sums' loop has no registers left for distances. */
constexpr int kMaxPairs = 48, kPoint = 48, kSpan = kPoints * kPoints * kPoint;

struct Problem {
  const ConvShape& s;
  const float* x;
  const float* dy;
  int pairs, span;      // of a row of a phase's outputs, the last of which may be half, and of a span of them
  int tile_rows, down;  // of a phase in a block, and blocks of an image
  Planes planes;    // of a block's part of x: all channels of columns 0, 2 * dilation, ..., of columns 1, ...
  ptrdiff_t width;  // floats of a point's sums, for all output channels

  /** A tile_row's T of one phase and channel: [span][point along y][point along x][pair]. */
  ptrdiff_t tile_row() const { return ceil_div(pairs, span) * kSpan; }
  /** M: [input channel][point along y][point along x][output channel]. */
  ptrdiff_t sums() const { return s.ci * kPoints * kPoints * width; }
};

Problem problem_of(const ConvShape& s, const float* x, const float* dy) {
  constexpr ptrdiff_t kNear = 128 << 10;  // bytes of dy that are read vector by vector, and T
  const int all = ceil_div(s.oh, 2 * s.dilation_y), pairs = ceil_div(s.ow, 2 * s.dilation_x);
  const int span = std::min(round_up(ceil_div(pairs, ceil_div(pairs, kMaxPairs)), kLanes), kMaxPairs);
  const ptrdiff_t dy_strip = 2 * s.dilation_y * (ptrdiff_t)s.ow * s.co;
  const ptrdiff_t near =
      kNear / (ptrdiff_t)sizeof(float) / (dy_strip + s.ci * kPoints * kPoints * round_up(pairs, kLanes));
  const int most = (int)std::clamp<ptrdiff_t>(near, 1, ceil_div(s.n * all, cpu().cores));
  const int tile_rows = ceil_div(all, ceil_div(all, most));
  return {s,
          x,
          dy,
          pairs,
          span,
          tile_rows,
          ceil_div(all, tile_rows),
          Planes(2 * s.dilation_x * s.ci, 2 * tile_rows + 2, round_up(pairs + 1, kLanes)),
          round_up(s.co, kLanes)};
}

/** u, t or dw of neighbours along one axis, for all that lies across. */
inline vf u_of(int point, vf first, vf second) {
  return point == 0 ? first : point == 1 ? first + second : point == 2 ? first - second : second;
}
inline vf t_of(int point, vf x0, vf x1, vf x2, vf x3) {
  return point == 0 ? x2 - x0 : point == 1 ? x1 + x2 : point == 2 ? x2 - x1 : x3 - x1;
}
inline void dw_of(const vf (&m)[kPoints], vf (&dw)[3]) {
  const vf half = splat(0.5f), even = half * (m[1] + m[2]);
  dw[0] = even - m[0], dw[1] = half * (m[1] - m[2]), dw[2] = even + m[3];
}

struct Points {
  vf at[kPoints];
};

/** T for the columns of a phase, from planes that begin with its first: [tile_row][input channel][tile_row()]. */
void transform(const Problem& p, const float* planes, int tile_rows, float* to) {
  const ConvShape& s = p.s;
  const ptrdiff_t odd = s.dilation_x * s.ci * p.planes.size, pitch = p.planes.pitch,
                  next = s.ci * p.tile_row();
  const auto across = [=](const float* x) __attribute__((always_inline)) {
    const vf x0 = load(x), x1 = load(x + odd), x2 = load(x + 1), x3 = load(x + odd + 1);
    return Points{
        {t_of(0, x0, x1, x2, x3), t_of(1, x0, x1, x2, x3), t_of(2, x0, x1, x2, x3), t_of(3, x0, x1, x2, x3)}};
  };
  for (int c = 0; c < s.ci; c++, to += p.tile_row())
    for (ptrdiff_t pair = 0; pair < p.pairs; pair += kLanes) {
      const float* x = planes + c * p.planes.size + pair;
      float* at = to + pair / p.span * kSpan + pair % p.span;
      Points x0 = across(x), x1 = across(x + pitch);
      for (int i = 0; i < tile_rows; i++, at += next) {
        x += 2 * pitch;
        const Points x2 = across(x), x3 = across(x + pitch);
#pragma GCC unroll 4
        for (int y = 0; y < kPoints; y++)
#pragma GCC unroll 4
          for (int k = 0; k < kPoints; k++)
            store(at + (y * kPoints + k) * kPoint, t_of(y, x0.at[k], x1.at[k], x2.at[k], x3.at[k]));
        x0 = x2, x1 = x3;
      }
    }
}

/** The sums of kRows points along y, of one input channel and one vector of output channels, over a span of a phase of a
 * block. */
struct TileRowSums {
  const float* t;  // of the first tile_row
  ptrdiff_t tile_row;
  const float* dy;
  ptrdiff_t pixel, row;  // from output to output
  int rows, columns;     // of outputs
  int lanes;             // of the vector
  const float* ahead;    // where dy of the next block begins, to prefetch it
  float* sums;           // [point along y][point along x][width]
  ptrdiff_t width;
  bool add;  // to the sums there
};

/** Floats of dy that a 2x2 tile prefetches: its four pixels' vector, shared among the passes; at least a line. */
constexpr ptrdiff_t kPrefetched = std::max(kLine, 4 * kLanes * kRows / kPoints);

using Sums = vf[kRows][kPoints];

/** Points [kFirst, kFirst + kRows) along y of a 2x2 tile, the two rows of whose dy are `up` and `down`. */
template <int kFirst>
inline __attribute__((always_inline)) void add_tile(const float* t, const vf (&up)[2], const vf (&down)[2],
                                                    Sums& sums) {
#pragma GCC unroll 4
  for (int r = 0; r < kRows; r++) {
    const vf first = u_of(kFirst + r, up[0], down[0]), second = u_of(kFirst + r, up[1], down[1]);
    const float* const at = t + (kFirst + r) * kPoints * kPoint;
    accumulate(splat(at[0]), first, sums[r][0]);
    accumulate(splat(at[3 * kPoint]), second, sums[r][3]);
    accumulate(splat(at[kPoint]), first + second, sums[r][1]);
    accumulate(splat(at[2 * kPoint]), first - second, sums[r][2]);
  }
}

template <int kFirst, class Lanes>
__attribute__((noinline)) void add_tile_rows(const TileRowSums& b, Lanes lanes) {
  alignas(64) static const float kZeros[kLanes] = {};
  Sums sums;
#pragma GCC unroll 4
  for (int r = 0; r < kRows; r++)
#pragma GCC unroll 4
    for (int k = 0; k < kPoints; k++) sums[r][k] = vf{};
  const float *t = b.t, *up = b.dy, *down = b.dy + b.row, *ahead = b.ahead;
  const int pairs = b.columns / 2;
  const ptrdiff_t pixel = b.pixel, next_t = b.tile_row - pairs, next_dy = 2 * (b.row - pairs * pixel);
  ptrdiff_t pixel_below = pixel;
  for (int rows = b.rows; rows > 0; rows -= 2) {
    if (rows == 1) down = kZeros, pixel_below = 0;
    for (int pair = pairs; pair > 0; pair--) {
#pragma GCC unroll 4
      for (int line = 0; line < kPrefetched; line += kLine) __builtin_prefetch(ahead + line, 0, 2);
      ahead += kPrefetched;
      const vf up_left = lanes.get(up), down_left = lanes.get(down);
      up += pixel, down += pixel_below;
      add_tile<kFirst>(t, {up_left, lanes.get(up)}, {down_left, lanes.get(down)}, sums);
      up += pixel, down += pixel_below;
      t++;
      hide(t), hide(up), hide(down), hide(ahead);
    }
    if (b.columns % 2) add_tile<kFirst>(t, {lanes.get(up), vf{}}, {lanes.get(down), vf{}}, sums);
    t += next_t, up += next_dy, down += next_dy;
  }
#pragma GCC unroll 4
  for (int r = 0; r < kRows; r++)
#pragma GCC unroll 4
    for (int k = 0; k < kPoints; k++) {
      float* const to = b.sums + ((kFirst + r) * kPoints + k) * b.width;
      store(to, b.add ? load(to) + sums[r][k] : sums[r][k]);
    }
}

template <int kFirst = 0>
void add_points(TileRowSums& b) {
  b.lanes == kLanes ? add_tile_rows<kFirst>(b, Whole{}) : add_tile_rows<kFirst>(b, Part{b.lanes});
  b.ahead += kPrefetched * (ceil_div(b.rows, 2) * (b.columns / 2));
  if constexpr (kFirst + kRows < kPoints) add_points<kFirst + kRows>(b);
}

/** The outputs of a phase of a block, from dy's pixel `first` on. */
struct PhaseOutputs {
  const float* first;
  int rows, columns;
};

/** Adds a phase of a block to the sums, or takes their place; `t` is that of the outputs' part of x, `ahead` moves on. */
void add_phase(const Problem& p, const float* t, const PhaseOutputs& outputs, const float*& ahead, bool add,
               float* sums) {
  const ConvShape& s = p.s;
  TileRowSums b{};
  b.tile_row = s.ci * p.tile_row();
  b.pixel = s.dilation_x * s.co, b.row = (ptrdiff_t)s.dilation_y * s.ow * s.co;
  b.rows = outputs.rows;
  b.width = p.width;
  for (int c = 0; c < s.ci; c++) {
    b.ahead = ahead;  // each channel's share is all of it: the first one brings it
    for (int o = 0; o < s.co; o += kLanes) {
      b.lanes = std::min(kLanes, s.co - o);
      b.sums = sums + (ptrdiff_t)c * kPoints * kPoints * p.width + o;
      for (int span = 0, first = 0; first < outputs.columns; span++, first += b.columns) {
        b.columns = std::min(2 * p.span, outputs.columns - first);
        b.t = t + c * p.tile_row() + span * kSpan;
        b.dy = outputs.first + first * b.pixel + o;
        b.add = add || span > 0;
        add_points(b);
      }
    }
  }
  ahead = b.ahead;
}

/** Scratch memory of a task. */
struct Room {
  float *t, *sums, *line, *planes;
};

/** The outputs of an image from row `first` on; sums that are not added to those there take their place. */
void add_block(const Problem& p, int image, int first, bool add, const Room& room) {
  const ConvShape& s = p.s;
  const int end = std::min(first + 2 * p.tile_rows * s.dilation_y, s.oh);
  const float* ahead = p.dy + ((ptrdiff_t)image * s.oh + end) * s.ow * s.co;
  const Image x = Image{p.x, s.h, s.w, s.ci, s.ci}.number(image);
  for (int i = 0; i < s.dilation_y && first + i < end; i++) {
    take_planes(p.planes, x, {first + i - s.pad_top, s.dilation_y, -s.pad_left, s.ow + 2 * s.dilation_x},
                room.line, room.planes);
    const int rows = ceil_div(end - first - i, s.dilation_y);
    for (int j = 0; j < s.dilation_x && j < s.ow; j++, add = true) {
      transform(p, room.planes + j * s.ci * p.planes.size, ceil_div(rows, 2), room.t);
      const float* const dy = p.dy + (((ptrdiff_t)image * s.oh + first + i) * s.ow + j) * s.co;
      add_phase(p, room.t, {dy, rows, ceil_div(s.ow - j, s.dilation_x)}, ahead, add, room.sums);
    }
  }
}

/** dw as [kernel row][tap][input channel][output channel]. */
void finish(const Problem& p, const float* sums, float* dw) {
  const ConvShape& s = p.s;
  for (int c = 0; c < s.ci; c++, sums += kPoints * kPoints * p.width)
    for_lanes(s.co, [&](int64_t o, auto lanes) {
      vf across[kPoints][3];
      for (int y = 0; y < kPoints; y++) {
        vf m[kPoints];
        for (int k = 0; k < kPoints; k++) m[k] = load(sums + (y * kPoints + k) * p.width + o);
        dw_of(m, across[y]);
      }
      for (int tap = 0; tap < 3; tap++) {
        vf down[3];
        dw_of({across[0][tap], across[1][tap], across[2][tap], across[3][tap]}, down);
        for (int y = 0; y < 3; y++) lanes.put(dw + ((ptrdiff_t)(y * 3 + tap) * s.ci + c) * s.co + o, down[y]);
      }
    });
}

void run_task(const Problem& p, int split, int splits, float* dw) {
  const ptrdiff_t t_size = p.tile_rows * p.s.ci * p.tile_row();
  float* const t =
      (float*)thread_scratch(sizeof(float) * (t_size + p.sums() + p.planes.line_size() + p.planes.all()));
  float *const sums = t + t_size, *const line = sums + p.sums();
  const Room room{t, sums, line, line + p.planes.line_size()};
  const int blocks = p.s.n * p.down;
  const int begin = part_start(blocks, split, splits), end = part_start(blocks, split + 1, splits);
  for (int block = begin; block < end; block++) {
    const int first = block % p.down * 2 * p.tile_rows * p.s.dilation_y;
    add_block(p, block / p.down, first, block > begin, room);
  }
  finish(p, sums, dw);
}

}  // namespace

bool fits(const ConvShape& s) {
  return s.kh == 3 && s.kw == 3 && s.stride_y == 1 && s.stride_x == 1 && s.groups == 1 && s.up == 1 &&
         s.oh > 0 && s.ow > 0;
}

void weight_grad(const ConvShape& s, const float* x, const float* dy, float* dw) {
  const Problem p = problem_of(s, x, dy);
  const Plan plan = plan_forward(s);
  Partials partials(s, plan);
  partials.split(s.n * p.down);
  float* const sets = room_for(partials, dw);
  parallel_for(partials.splits,
               [&](int split, int) { run_task(p, split, partials.splits, sets + split * partials.size); });
  add_up(partials, sets, dw);
}

}  // namespace fovea::FOVEA_ISA::conv::winograd_f3_2
