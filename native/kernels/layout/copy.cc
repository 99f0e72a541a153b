// copy (transpose, slice, pad, concatenate, broadcast and flip are all strided copies) and fill. The axes are
// put into the output's order and merged; the innermost one or two then decide how elements are moved.
#include "kernels/layout/copy.h"

#include <algorithm>
#include <utility>

#include "kernels/layout/transpose.h"
#include "kernels/simd/lanes.h"

namespace fovea::FOVEA_ISA {
namespace {

/** Makes y's strides positive, orders the axes by them (innermost first), and merges those that both sides
 * walk densely. */
StridedCopy simplified(const float*& x, float*& y, const StridedCopy& axes) {
  StridedCopy sorted;
  for (int k = 0; k < axes.rank; k++) {
    const int64_t n = axes.size[k];
    if (n == 1) continue;
    int64_t from = axes.x_stride[k], to = axes.y_stride[k];
    if (to < 0) {
      x += (n - 1) * from;
      y += (n - 1) * to;
      from = -from;
      to = -to;
    }
    int at = sorted.rank++;
    for (; at > 0 && sorted.y_stride[at - 1] > to; at--) {
      sorted.size[at] = sorted.size[at - 1];
      sorted.x_stride[at] = sorted.x_stride[at - 1];
      sorted.y_stride[at] = sorted.y_stride[at - 1];
    }
    sorted.size[at] = n;
    sorted.x_stride[at] = from;
    sorted.y_stride[at] = to;
  }
  StridedCopy merged;
  for (int k = 0; k < sorted.rank; k++) {
    const int last = merged.rank - 1;
    if (merged.rank > 0 && sorted.x_stride[k] == merged.x_stride[last] * merged.size[last] &&
        sorted.y_stride[k] == merged.y_stride[last] * merged.size[last]) {
      merged.size[last] *= sorted.size[k];
    } else {
      merged.size[merged.rank] = sorted.size[k];
      merged.x_stride[merged.rank] = sorted.x_stride[k];
      merged.y_stride[merged.rank] = sorted.y_stride[k];
      merged.rank++;
    }
  }
  return merged;
}

/** `rows` rows of N elements. */
template <int N>
void copy_short_rows(const float* x, int64_t x_step, float* y, int64_t y_step, int64_t rows) {
  for (int64_t r = 0; r < rows; r++) std::memcpy(y + r * y_step, x + r * x_step, N * sizeof(float));
}
using ShortRows = void (*)(const float*, int64_t, float*, int64_t, int64_t);
constexpr ShortRows kShortRows[] = {copy_short_rows<0>, copy_short_rows<1>, copy_short_rows<2>,
                                    copy_short_rows<3>, copy_short_rows<4>, copy_short_rows<5>,
                                    copy_short_rows<6>, copy_short_rows<7>, copy_short_rows<8>};

/** memcpy without the call, for rows of a few vectors. */
inline void copy_row(const float* x, float* y, int64_t n) {
  if (n > 256) {
    std::memcpy(y, x, size_t(n) * sizeof(float));
  } else {
    for_lanes(n, [&](int64_t i, auto lanes) { lanes.put(y + i, lanes.get(x + i)); });
  }
}

void copy_run(const float* x, int64_t x_stride, float* y, int64_t y_stride, int64_t n) {
  if (y_stride == 1 && x_stride == 1) return copy_row(x, y, n);
  if (y_stride == 1 && x_stride == 0) return void(std::fill_n(y, n, *x));
  for (int64_t i = 0; i < n; i++) y[i * y_stride] = x[i * x_stride];
}

/** y[i * y_stride + j] = x[i + j * x_stride] for i < m, j < n, both at most kLanes. */
inline void transpose_block(const float* x, int64_t x_stride, float* y, int64_t y_stride, int m, int n) {
  vf rows[kLanes];
  if (m == kLanes && n == kLanes) {
    for (int j = 0; j < kLanes; j++) rows[j] = load(x + j * x_stride);
    transpose(rows);
    for (int i = 0; i < kLanes; i++) store(y + i * y_stride, rows[i]);
    return;
  }
  for (int j = 0; j < kLanes; j++) rows[j] = j < n ? load_partial(x + j * x_stride, m) : splat(0.0f);
  transpose(rows);
  for (int i = 0; i < m; i++) store_partial(y + i * y_stride, rows[i], n);
}

/** The same for any m and n. */
void transpose_tile(const float* x, int64_t x_stride, float* y, int64_t y_stride, int64_t m, int64_t n) {
  if (m < 4 || n < 4) {
    for (int64_t j = 0; j < n; j++)
      for (int64_t i = 0; i < m; i++) y[i * y_stride + j] = x[i + j * x_stride];
    return;
  }
  // Whole cache lines at a time: those a power of two apart would push each other out before they were used
  // up.
  for (int64_t i0 = 0; i0 < m; i0 += kLine)
    for (int64_t j0 = 0; j0 < n; j0 += kLine)
      for (int64_t i = i0; i < std::min(i0 + kLine, m); i += kLanes)
        for (int64_t j = j0; j < std::min(j0 + kLine, n); j += kLanes)
          transpose_block(x + i + j * x_stride, x_stride, y + i * y_stride + j, y_stride,
                          int(std::min<int64_t>(kLanes, m - i)), int(std::min<int64_t>(kLanes, n - j)));
}

/** A transposition's task is one or more tiles, of so many elements a side. */
constexpr int64_t kTileSide = 64;

/** Offsets of the `index`-th combination of the axes from `first` on, the one at `skip` left out. */
std::pair<int64_t, int64_t> offsets(const StridedCopy& axes, int first, int skip, int64_t index) {
  int64_t from = 0, to = 0;
  for (int k = first; k < axes.rank; k++) {
    if (k == skip) continue;
    from += index % axes.size[k] * axes.x_stride[k];
    to += index % axes.size[k] * axes.y_stride[k];
    index /= axes.size[k];
  }
  return {from, to};
}

/** y's rows run along axis 0, x's along axis `other`. */
void transpose(const float* x, float* y, const StridedCopy& axes, int other, int64_t total) {
  const int64_t n = axes.size[0], m = axes.size[other];
  const int64_t tiles_n = (n + kTileSide - 1) / kTileSide, tiles_m = (m + kTileSide - 1) / kTileSide;
  const int64_t planes = total / (n * m);
  parallel_rows(planes * tiles_m * tiles_n, total / (planes * tiles_m * tiles_n),
                [&](int64_t begin, int64_t end) {
                  for (int64_t tile = begin; tile < end; tile++) {
                    const int64_t j = tile % tiles_n * kTileSide, i = tile / tiles_n % tiles_m * kTileSide;
                    const auto [from, to] = offsets(axes, 1, other, tile / (tiles_n * tiles_m));
                    transpose_tile(x + from + i + j * axes.x_stride[0], axes.x_stride[0],
                                   y + to + i * axes.y_stride[other] + j, axes.y_stride[other],
                                   std::min(kTileSide, m - i), std::min(kTileSide, n - j));
                  }
                });
}

}  // namespace

void strided_copy(const float* x, float* y, StridedCopy given) {
  int64_t total = 1;
  for (int k = 0; k < given.rank; k++) total *= given.size[k];
  if (total == 0) return;
  const StridedCopy axes = simplified(x, y, given);
  if (axes.rank == 0) {
    *y = *x;
    return;
  }
  const int64_t n = axes.size[0], x_stride = axes.x_stride[0], y_stride = axes.y_stride[0];
  if (axes.rank == 1) {
    parallel_ranges(n, kChunk, [=](int64_t i, int64_t end) {
      copy_run(x + i * x_stride, x_stride, y + i * y_stride, y_stride, end - i);
    });
    return;
  }
  if (y_stride == 1 && x_stride != 1 && x_stride != 0) {
    for (int k = 1; k < axes.rank; k++)
      if (axes.x_stride[k] == 1) return transpose(x, y, axes, k, total);
  }
  parallel_rows(total / n, n, [&](int64_t row, int64_t end) {
    while (row < end) {  // rows of one combination of the axes above the second
      const int64_t index = row % axes.size[1], count = std::min(end - row, axes.size[1] - index);
      const auto [from, to] = offsets(axes, 2, -1, row / axes.size[1]);
      const float* source = x + from + index * axes.x_stride[1];
      float* target = y + to + index * axes.y_stride[1];
      if (x_stride == 1 && y_stride == 1 && n < int64_t(std::size(kShortRows))) {
        kShortRows[n](source, axes.x_stride[1], target, axes.y_stride[1], count);
        row += count;
        continue;
      }
      for (int64_t k = 0; k < count; k++)
        copy_run(source + k * axes.x_stride[1], x_stride, target + k * axes.y_stride[1], y_stride, n);
      row += count;
    }
  });
}

void copy(const Call& call) {
  Numbers numbers(call);
  StridedCopy axes;
  axes.rank = numbers.rank();
  numbers.whole(axes.size, axes.rank);
  numbers.whole(axes.x_stride, axes.rank);
  numbers.whole(axes.y_stride, axes.rank);
  const int64_t x_offset = numbers.whole(), y_offset = numbers.whole();
  strided_copy(call.operands[0] + x_offset, call.operands[1] + y_offset, axes);
}

void fill(const Call& call) {
  Numbers numbers(call);
  const int64_t size = numbers.whole();
  const float value = float(numbers.real());
  float* y = call.operands[0];
  parallel_ranges(size, kChunk, [=](int64_t i, int64_t end) { std::fill(y + i, y + end, value); });
}

}  // namespace fovea::FOVEA_ISA
