// Winograd's weight gradient F(3x3, 4x4). A task sums the 36 products over its share of the tiles, block by
// block, ends them with E_3^T . E_3 and leaves a partial dw; the partial sums are added in order. Shares
// depend on the shape alone.
#include <algorithm>

#include "../thread_pool.h"
#include "conv_micro.h"
#include "winograd_conv.h"

namespace fovea::FOVEA_ISA::winograd {
namespace {

struct Cut {
  int splits;  // of the tiles
  int width;   // output channels of a task
  int block;   // tiles transformed at a time
};

Cut cut(const Plane& s) {
  Cut made;
  const int outputs = round_up(s.out_c, kLanes), channels = round_up(s.in_c, kLanes);
  const int most =
      std::max<int>(kPanel, (1200 << 10) / (int)sizeof(float) / kPoints / channels / kPanel * kPanel);
  made.width = round_up(ceil_div(outputs, ceil_div(outputs, most)), kPanel);
  const int shares = ceil_div(outputs, made.width), tiles = s.tiles();
  made.splits = std::clamp(tiles / 48, 1, 16);
  if (made.splits * shares < 4) made.splits = std::min(made.splits * 2, tiles);
  const int share = ceil_div(tiles, made.splits);
  made.block = ceil_div(share, ceil_div(share, 48));
  return made;
}

/** sums[point] (+)= x[point]^T * dy[point] for a block of tiles. */
void add_points(int tiles, int in_c, int channels, int outputs, const float* x, ptrdiff_t x_step,
                const float* dy, ptrdiff_t dy_step, float* sums, ptrdiff_t sums_step, bool add) {
  const ptrdiff_t no_offset = 0;
  TileProduct p{};
  p.runs = 1;
  p.length = tiles;
  p.run_offsets = &no_offset;
  p.a_step = channels;
  p.b_step = outputs;
  p.add = add;
  p.a_row = 1;
  p.c_row = outputs;
  const int groups = ceil_div(in_c, kMaxRows);
  for (int point = 0; point < kPoints; point++) {
    for (int o = 0; o < outputs; o += kPanel) {
      p.columns = std::min(kPanel, outputs - o);
      p.b = dy + point * dy_step + o;
      for (int group = 0, c = 0; group < groups; group++) {
        const int end = in_c * (group + 1) / groups;
        p.a = x + point * x_step + c;
        p.c = sums + point * sums_step + (ptrdiff_t)c * outputs + o;
        run_tile(p, end - c);
        c = end;
      }
    }
  }
}

/** dw[p, q, c, o] of one share from its 36 sums. */
void finish_sums(const float* sums, ptrdiff_t step, int in_c, int outputs, int wanted, float* dw,
                 ptrdiff_t element, ptrdiff_t row) {
  for (int c = 0; c < in_c; c++) {
    for_lanes(wanted, [&](int64_t o, auto lanes) {
      const float* const from = sums + (ptrdiff_t)c * outputs + o;
      vf half[3][6];
      for (int j = 0; j < 6; j++) {
        vf column[6], made[3];
        for (int i = 0; i < 6; i++) column[i] = load(from + (i * 6 + j) * step);
        transform_weight_grad(column, made);
        for (int i = 0; i < 3; i++) half[i][j] = made[i];
      }
      for (int i = 0; i < 3; i++) {
        vf made[3];
        transform_weight_grad(half[i], made);
        for (int j = 0; j < 3; j++) lanes.put(dw + (i * 3 + j) * element + c * row + o, made[j]);
      }
    });
  }
}

}  // namespace

void weight_grad(const ConvShape& s, const float* x, const float* dy, float* dw) {
  const Plane plane = forward_plane(s);
  const Cut shares = cut(plane);
  const int tiles = plane.tiles(), across = ceil_div(s.co, shares.width), channels = round_up(s.ci, kLanes);
  const ptrdiff_t size = (ptrdiff_t)9 * s.ci * s.co;
  float* const partials =
      shares.splits == 1 ? dw : (float*)shared_scratch(0, sizeof(float) * (size_t)size * shares.splits);
  parallel_for(shares.splits * across, [&](int task, int) {
    const int split = task / across, from = task % across * shares.width,
              wanted = std::min(shares.width, s.co - from);
    const int outputs = round_up(wanted, kLanes);
    const ptrdiff_t x_step = point_step(shares.block, channels), dy_step = point_step(shares.block, outputs),
                    sums_step = point_step(s.ci, outputs);
    float* const points =
        (float*)thread_scratch(sizeof(float) * kPoints * (x_step + dy_step + sums_step + channels + outputs));
    float* const dy_points = points + kPoints * x_step;
    float* const sums = dy_points + kPoints * dy_step;
    float* const room = sums + kPoints * sums_step;
    const int begin = (int)((int64_t)tiles * split / shares.splits),
              end = (int)((int64_t)tiles * (split + 1) / shares.splits);
    for (int first = begin; first < end; first += shares.block) {
      const int count = std::min(shares.block, end - first);
      for (int t = 0; t < count; t++) {
        const TilePlace at = place_of(plane, first + t);
        input_tile(plane, x, at, room, points + (ptrdiff_t)t * channels, x_step);
        gradient_tile(plane, dy, at, from, wanted, room, dy_points + (ptrdiff_t)t * outputs, dy_step);
      }
      add_points(count, s.ci, channels, outputs, points, x_step, dy_points, dy_step, sums, sums_step,
                 first > begin);
    }
    finish_sums(sums, sums_step, s.ci, outputs, wanted, partials + split * size + from,
                (ptrdiff_t)s.ci * s.co, s.co);
  });
  if (shares.splits == 1) return;
  parallel_ranges(size, 4096, [&](int64_t begin, int64_t end) {
    for_lanes(end - begin, [&](int64_t i, auto lanes) {
      vf sum = lanes.get(partials + begin + i);
      for (int split = 1; split < shares.splits; split++)
        sum += lanes.get(partials + split * size + begin + i);
      lanes.put(dw + begin + i, sum);
    });
  });
}

}  // namespace fovea::FOVEA_ISA::winograd
