// Winograd convolution, forward and backward in the input. A task takes a block of tiles through all three
// steps, so that what lies between them stays in its core's second-level cache; no tensor of transformed
// numbers is ever made.
#include <algorithm>

#include "../cpu.h"
#include "../thread_pool.h"
#include "conv_micro.h"
#include "conv_transpose.h"
#include "winograd_conv.h"

namespace fovea::FOVEA_ISA::winograd {
namespace {

/** Tiles in a block: what is between the steps fills about half of the second-level cache, and every thread
 * has work. */
int block_size(const Plane& s, ptrdiff_t channels, ptrdiff_t outputs) {
  const ptrdiff_t tile_bytes = sizeof(float) * kPoints * (channels + outputs);
  const int most = (int)std::clamp<ptrdiff_t>((ptrdiff_t)cpu().l2 / 2 / tile_bytes, kMaxRows, 8 * kMaxRows) /
                   kMaxRows * kMaxRows;
  const int tiles = s.tiles();
  int blocks = ceil_div(tiles, most);
  if (blocks < 8 * threads())
    blocks = round_up(blocks, threads());  // no effect on the result: tiles are independent
  return ceil_div(tiles, std::min(blocks, ceil_div(tiles, 4)));
}

/** to[point] = from[point] * weights[point], for all points. */
void multiply_points(int tiles, int channels, int outputs, const float* from, ptrdiff_t from_step,
                     ptrdiff_t from_row, const float* weights, float* to, ptrdiff_t to_step) {
  const ptrdiff_t no_offset = 0;
  TileProduct p{};
  p.runs = 1;
  p.length = channels;
  p.run_offsets = &no_offset;
  p.a_step = 1;
  p.a_row = from_row;
  p.c_row = outputs;
  const int groups = ceil_div(tiles, kMaxRows);
  for (int point = 0; point < kPoints; point++) {
    for (int c = 0; c < outputs; c += kPanel) {
      p.columns = p.b_step = std::min(kPanel, outputs - c);
      p.b = weights + ((ptrdiff_t)point * outputs + c) * channels;
      for (int group = 0, row = 0; group < groups; group++) {
        const int end = tiles * (group + 1) / groups;
        p.a = from + point * from_step + row * from_row;
        p.c = to + point * to_step + (ptrdiff_t)row * outputs + c;
        run_tile(p, end - row);
        row = end;
      }
    }
  }
}

/** One vector of output channels of input channel c: G W G^T, scattered to the 36 panels. */
struct Filter {
  vf points[6][6];
  template <class Get>
  explicit inline __attribute__((always_inline)) Filter(Get get) {
    vf half[6][3];
#pragma GCC unroll 3
    for (int q = 0; q < 3; q++) {
      const vf column[3] = {get(0, q), get(1, q), get(2, q)};
      vf made[6];
      transform_kernel(column, made);
#pragma GCC unroll 6
      for (int i = 0; i < 6; i++) half[i][q] = made[i];
    }
#pragma GCC unroll 6
    for (int i = 0; i < 6; i++) transform_kernel(half[i], points[i]);
  }
};

}  // namespace

bool supports(const ConvShape& s) {
  return s.kh == 3 && s.kw == 3 && s.stride_y == 1 && s.stride_x == 1 && s.dilation_y == 1 &&
         s.dilation_x == 1 && s.groups == 1 && s.up == 1;
}

Plane forward_plane(const ConvShape& s) {
  return {s.n, s.h, s.w, s.ci, s.oh, s.ow, s.co, s.pad_top, s.pad_left};
}

Plane input_grad_plane(const ConvShape& s) {
  return {s.n, s.oh, s.ow, s.co, s.h, s.w, s.ci, 2 - s.pad_top, 2 - s.pad_left};
}

size_t weights_size(const Plane& plane) {
  return (size_t)kPoints * plane.in_c * round_up(plane.out_c, kLanes);
}

void transform_weights(const Plane& plane, const float* w, bool turned, float* to) {
  const int channels = plane.in_c, outputs = plane.out_c, padded = round_up(outputs, kLanes);
  const ptrdiff_t matrix = (ptrdiff_t)channels * padded, element = (ptrdiff_t)channels * outputs;
  // Where column j (a multiple of kLanes) of row c lies in a matrix.
  const auto place = [=](int c, int j) {
    const int panel = j / kPanel * kPanel;
    return (ptrdiff_t)panel * channels + c * std::min(kPanel, padded - panel) + j - panel;
  };
  if (!turned) {
    parallel_for(ceil_div(channels, 4), [&](int task, int) {
      for (int c = task * 4; c < std::min(task * 4 + 4, channels); c++) {
        for_lanes(outputs, [&](int64_t j, auto lanes) {
          const Filter f([&](int p, int q) {
            return lanes.get(w + (p * 3 + q) * element + (ptrdiff_t)c * outputs + j);
          });
          for (int k = 0; k < kPoints; k++) store(to + k * matrix + place(c, (int)j), f.points[k / 6][k % 6]);
        });
      }
    });
    return;
  }
  const int across = ceil_div(channels, kLanes);
  parallel_for(padded / kLanes * across, [&](int task, int) {
    const int j0 = task / across * kLanes, c0 = task % across * kLanes,
              size = std::min(kLanes, channels - c0);
    vf square[kPoints][kLanes];
    for (int j = 0; j < kLanes; j++) {
      const Filter f([&](int p, int q) {
        return j0 + j < outputs
                   ? load_partial(w + (8 - p * 3 - q) * element + (ptrdiff_t)(j0 + j) * channels + c0, size)
                   : vf{};
      });
      for (int k = 0; k < kPoints; k++) square[k][j] = f.points[k / 6][k % 6];
    }
    for (int k = 0; k < kPoints; k++) {
      transpose(square[k]);
      for (int c = 0; c < size; c++) store(to + k * matrix + place(c0 + c, j0), square[k][c]);
    }
  });
}

void convolve(const Plane& plane, const float* in, const float* weights, float* out,
              const Epilogue* epilogue) {
  const int channels = round_up(plane.in_c, kLanes), outputs = round_up(plane.out_c, kLanes);
  const int tiles = plane.tiles(), size = block_size(plane, channels, outputs);
  const ptrdiff_t from_step = point_step(size, channels), to_step = point_step(size, outputs);
  parallel_for(ceil_div(tiles, size), [&](int block, int) {
    float* const from = (float*)thread_scratch(sizeof(float) * kPoints * (from_step + to_step + plane.in_c));
    float* const to = from + kPoints * from_step;
    float* const room = to + kPoints * to_step;
    const int first = block * size, count = std::min(size, tiles - first);
    for (int t = 0; t < count; t++)
      input_tile(plane, in, place_of(plane, first + t), room, from + (ptrdiff_t)t * channels, from_step);
    multiply_points(count, plane.in_c, outputs, from, from_step, channels, weights, to, to_step);
    for (int t = 0; t < count; t++)
      output_tile(plane, to + (ptrdiff_t)t * outputs, to_step, place_of(plane, first + t), out, epilogue);
  });
}

}  // namespace fovea::FOVEA_ISA::winograd
