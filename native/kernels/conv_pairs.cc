// A task sums over its share of bands of output rows. A band's part of x is transformed beforehand, four numbers a
// pair; dy is read where it lies and transformed on the way through the registers, which hold the sums of a whole
// band: three rows of the kernel, four points and some vectors of output channels.
#include "conv_pairs.h"

#include <algorithm>
#include <utility>

#include "../lanes.h"
#include "../thread_pool.h"
#include "conv_micro.h"
#include "conv_partials.h"

namespace fovea::FOVEA_ISA {
namespace {

constexpr int kPoints = 4;
/** Numbers of dy, which comes from far, that are asked for before they are used. */
constexpr ptrdiff_t kAhead = 2048;
/** Rows of the kernel (of one input channel) and vectors of output channels whose sums fit the registers. */
constexpr int kMostRows = 3, kMostVectors = kLanes == 16 ? 2 : 1;

struct Problem {
  const ConvShape& s;
  const float *x, *dy;
  int pairs;        // of a row of outputs, of which the last may be half
  int rows, down;   // output rows of a band, and bands of an image
  int kernel_rows;  // of all input channels: rows of sums
  ptrdiff_t width;  // floats of a row of sums' point

  /** Pairs of a transformed row, and its floats. */
  ptrdiff_t padded() const { return round_up(pairs, kLanes); }
  ptrdiff_t row() const { return padded() * kPoints; }
  /** Numbers of x that make a transformed row, to whole vectors: a line. */
  ptrdiff_t line_size() const { return 2 * padded() + 2 * kLanes; }
  /** Transformed rows of x, of all channels, for a band: those that its first output row reads come first. */
  int band_rows() const { return rows + (s.kh - 1) * s.dilation_y; }
};

Problem problem_of(const ConvShape& s, const float* x, const float* dy) {
  Problem p{s, x, dy, ceil_div(s.ow, 2), 1, 1, s.kh * s.ci, round_up(s.co, kLanes)};
  constexpr ptrdiff_t kTransformed = 24 << 10, kGradient = 128 << 10;  // bytes that stay in near caches
  ptrdiff_t most = kTransformed / (ptrdiff_t)sizeof(float) / (p.row() * s.ci) - (s.kh - 1) * s.dilation_y;
  const bool dy_is_read_once = p.kernel_rows <= kMostRows && s.co <= kMostVectors * kLanes;
  if (!dy_is_read_once)
    most = std::min(most, kGradient / (ptrdiff_t)sizeof(float) / ((ptrdiff_t)s.ow * s.co));
  p.down = ceil_div(s.oh, (int)std::clamp<ptrdiff_t>(most, 4, std::max(s.oh, 4)));
  p.rows = ceil_div(s.oh, p.down);
  return p;
}

/** The even (kOdd 0) or the odd numbers (1) of two vectors. */
template <int kOdd, int... I>
inline vf every_other(vf a, vf b, std::integer_sequence<int, I...>) {
  return __builtin_shufflevector(a, b, (2 * I + kOdd)...);
}

/** Row y of x's channel c into the middle of a line, whose ends, left and right of the image, are 0 already. */
void copy_row(const Problem& p, const float* image, int y, int c, float* line) {
  const ConvShape& s = p.s;
  const ptrdiff_t begin = std::clamp<ptrdiff_t>(s.pad_left, 0, p.line_size()), first = begin - s.pad_left;
  const ptrdiff_t end = std::clamp<ptrdiff_t>(s.w + s.pad_left, begin, p.line_size());
  if (y < 0 || y >= s.h) {
    std::fill(line + begin, line + end, 0.0f);
    return;
  }
  const float* const from = image + ((ptrdiff_t)y * s.w + first) * s.ci + c;
  if (s.ci == 1)
    for_lanes(end - begin, [&](int64_t i, auto lanes) { lanes.put(line + begin + i, lanes.get(from + i)); });
  else
    for (ptrdiff_t i = begin; i < end; i++) line[i] = from[(i - begin) * s.ci];
}

/** kLanes pairs after kLanes pairs, the four numbers of each a vector apart. */
void transform_line(const float* line, ptrdiff_t pairs, float* to) {
  constexpr auto lanes = std::make_integer_sequence<int, kLanes>();
  for (const float* const end = line + 2 * pairs; line < end; line += 2 * kLanes, to += kPoints * kLanes) {
    const vf low = load(line), high = load(line + kLanes);
    const vf next_low = load(line + 2), next_high = load(line + 2 + kLanes);
    const vf x0 = every_other<0>(low, high, lanes), x1 = every_other<1>(low, high, lanes);
    const vf x2 = every_other<0>(next_low, next_high, lanes), x3 = every_other<1>(next_low, next_high, lanes);
    store(to, x2 - x0);
    store(to + kLanes, x1 + x2);
    store(to + 2 * kLanes, x2 - x1);
    store(to + 3 * kLanes, x3 - x1);
  }
}

/**
 * The part of x that `count` output rows from `first` on meet, transformed. All lines are copied before the first is
 * loaded again: a load at other places than what was just stored there waits for the store.
 */
void transform_band(const Problem& p, const float* image, int first, int count, float* lines, float* to) {
  const int rows = count + (p.s.kh - 1) * p.s.dilation_y;
  const ptrdiff_t line_size = p.line_size(), pairs = p.padded(), row = p.row(), next = p.s.ci * row;
  for (int c = 0; c < p.s.ci; c++) {
    for (int i = 0; i < rows; i++) copy_row(p, image, first + i - p.s.pad_top, c, lines + i * line_size);
    for (int i = 0; i < rows; i++) transform_line(lines + i * line_size, pairs, to + c * row + i * next);
  }
}

/** The sums of some rows of the kernel and vectors of output channels over one band. */
struct BandSums {
  const float* rows[kMostRows];  // of transformed x that the band's first output row meets
  ptrdiff_t next_row;            // from output row to output row
  const float* dy;
  ptrdiff_t pixel, dy_row;
  int count, pairs;
  bool is_odd;  // the last pair has no second output
  int last;     // lanes of the last vector
  float* sums;  // [row][point][width]
  ptrdiff_t width;
  bool add;  // to the sums there
};

template <int R, int V>
using Sums = vf[R][kPoints][V];

template <int kPoint, int R, int V>
inline __attribute__((always_inline)) void add_point(const float* const (&x)[R], ptrdiff_t at,
                                                     const vf (&u)[V], Sums<R, V>& sums) {
#pragma GCC unroll 3
  for (int r = 0; r < R; r++) {
    const vf t = splat(x[r][at + kPoint * kLanes]);
#pragma GCC unroll 2
    for (int v = 0; v < V; v++) accumulate(t, u[v], sums[r][kPoint][v]);
  }
}

/** A pair of outputs' gradients, `first` and `second`, with the transformed x at `at`. */
template <int R, int V>
inline __attribute__((always_inline)) void add_pair(const float* const (&x)[R], ptrdiff_t at, vf (&first)[V],
                                                    const vf (&second)[V], Sums<R, V>& sums) {
  add_point<0, R, V>(x, at, first, sums);
  add_point<3, R, V>(x, at, second, sums);
  vf both[V];
#pragma GCC unroll 2
  for (int v = 0; v < V; v++) both[v] = first[v] + second[v], first[v] -= second[v];
  add_point<1, R, V>(x, at, both, sums);
  add_point<2, R, V>(x, at, first, sums);
}

template <int R, int V, class Last>
void add_band(const BandSums& b, Last last) {
  Sums<R, V> sums;
#pragma GCC unroll 3
  for (int r = 0; r < R; r++)
#pragma GCC unroll 4
    for (int point = 0; point < kPoints; point++)
#pragma GCC unroll 2
      for (int v = 0; v < V; v++) sums[r][point][v] = vf{};
  const auto get = [&](const float* from, int v) __attribute__((always_inline)) {
    return v < V - 1 ? load(from + v * kLanes) : last.get(from + v * kLanes);
  };
  const ptrdiff_t pixel = b.pixel;
  const int whole = b.pairs - b.is_odd;
  for (int i = 0; i < b.count; i++) {
    const float* x[R];
#pragma GCC unroll 3
    for (int r = 0; r < R; r++) x[r] = b.rows[r] + i * b.next_row;
    const float* dy = b.dy + i * b.dy_row;
    vf first[V], second[V];
    ptrdiff_t at = 0;
    for (int left = whole; left > 0; left -= kLanes, at += kPoints * kLanes) {
      const ptrdiff_t end = at + std::min(left, kLanes);
      for (ptrdiff_t pair = at; pair < end; pair++, dy += 2 * pixel) {
#pragma GCC unroll 2
        for (int v = 0; v < V; v++) {
          __builtin_prefetch(dy + kAhead + v * kLanes);
          __builtin_prefetch(dy + kAhead + pixel + v * kLanes);
          first[v] = get(dy, v), second[v] = get(dy + pixel, v);
        }
        add_pair<R, V>(x, pair, first, second, sums);
      }
    }
    if (b.is_odd) {
#pragma GCC unroll 2
      for (int v = 0; v < V; v++) first[v] = get(dy, v), second[v] = vf{};
      add_pair<R, V>(x, whole / kLanes * kPoints * kLanes + whole % kLanes, first, second, sums);
    }
  }
#pragma GCC unroll 3
  for (int r = 0; r < R; r++)
#pragma GCC unroll 4
    for (int point = 0; point < kPoints; point++)
#pragma GCC unroll 2
      for (int v = 0; v < V; v++) {
        float* const to = b.sums + (r * kPoints + point) * b.width + v * kLanes;
        store(to, b.add ? load(to) + sums[r][point][v] : sums[r][point][v]);
      }
}

template <int R, int V>
void add_band(const BandSums& b) {
  b.last == kLanes ? add_band<R, V>(b, Whole{}) : add_band<R, V>(b, Part{b.last});
}

using AddBand = void (*)(const BandSums&);
constexpr AddBand kAddBand[kMostRows][2] = {
    {add_band<1, 1>, add_band<1, kMostVectors>},
    {add_band<2, 1>, add_band<2, kMostVectors>},
    {add_band<3, 1>, add_band<3, kMostVectors>},
};

/** Output rows [first, first + count) of an image; `x` is their part of x, transformed. */
void add_rows(const Problem& p, const float* x, int image, int first, int count, bool add, float* sums) {
  const ConvShape& s = p.s;
  BandSums b{};
  b.next_row = s.ci * p.row();
  b.pixel = s.co;
  b.dy_row = (ptrdiff_t)s.ow * s.co;
  b.count = count;
  b.pairs = p.pairs;
  b.is_odd = s.ow % 2;
  b.width = p.width;
  b.add = add;
  for (int row = 0; row < p.kernel_rows; row += kMostRows) {
    const int rows = std::min(kMostRows, p.kernel_rows - row);
    for (int r = 0; r < rows; r++)
      b.rows[r] = x + ((ptrdiff_t)((row + r) / s.ci) * s.dilation_y * s.ci + (row + r) % s.ci) * p.row();
    for (int o = 0; o < s.co; o += kMostVectors * kLanes) {
      const int vectors = std::min(kMostVectors, ceil_div(s.co - o, kLanes));
      b.last = std::min(kLanes, s.co - o - (vectors - 1) * kLanes);
      b.dy = p.dy + (((ptrdiff_t)image * s.oh + first) * s.ow) * s.co + o;
      b.sums = sums + (ptrdiff_t)row * kPoints * p.width + o;
      kAddBand[rows - 1][vectors - 1](b);
    }
  }
}

/** dw = E^T N^-1 m, as [kernel row][tap][input channel][co]. */
void finish(const Problem& p, const float* sums, float* dw) {
  const ConvShape& s = p.s;
  for (int row = 0; row < p.kernel_rows; row++) {
    const float* const m = sums + (ptrdiff_t)row * kPoints * p.width;
    float* const to = dw + ((ptrdiff_t)(row / s.ci) * 3 * s.ci + row % s.ci) * s.co;
    const ptrdiff_t tap = (ptrdiff_t)s.ci * s.co;
    for_lanes(s.co, [&](int64_t o, auto lanes) {
      const auto point = [&](int i) { return load(m + i * p.width + o); };
      const vf half = splat(0.5f), even = half * (point(1) + point(2));
      lanes.put(to + o, even - point(0));
      lanes.put(to + tap + o, half * (point(1) - point(2)));
      lanes.put(to + 2 * tap + o, even + point(3));
    });
  }
}

void run_task(const Problem& p, int split, int splits, float* dw) {
  const ConvShape& s = p.s;
  const ptrdiff_t lines_size = p.band_rows() * p.line_size(), sums_size = p.kernel_rows * kPoints * p.width;
  float* const lines = (float*)thread_scratch(
      sizeof(float) * (lines_size + sums_size + (ptrdiff_t)p.band_rows() * s.ci * p.row()));
  float *const sums = lines + lines_size, *const x = sums + sums_size;
  const int bands = s.n * p.down;
  const int begin = (int)((int64_t)bands * split / splits),
            end = (int)((int64_t)bands * (split + 1) / splits);
  std::fill(lines, sums, 0.0f);
  if (begin == end) std::fill(sums, x, 0.0f);
  for (int band = begin; band < end; band++) {
    const int image = band / p.down, first = band % p.down * p.rows, count = std::min(p.rows, s.oh - first);
    transform_band(p, p.x + (ptrdiff_t)image * s.h * s.w * s.ci, first, count, lines, x);
    add_rows(p, x, image, first, count, band > begin, sums);
  }
  finish(p, sums, dw);
}

}  // namespace

bool pairs_weight_grad_fits(const ConvShape& s) {
  return s.groups == 1 && s.kw == 3 && s.stride_y == 1 && s.stride_x == 1 && s.dilation_x == 1 && s.up == 1 &&
         s.oh > 0 && s.ow > 0;
}

void pairs_weight_grad(const ConvShape& s, const float* x, const float* dy, float* dw) {
  const Problem p = problem_of(s, x, dy);
  const Plan plan = plan_forward(s);
  Partials partials(s, plan);
  partials.split(s.n * p.down);
  float* const sets = room_for(partials, dw);
  parallel_for(partials.splits,
               [&](int split, int) { run_task(p, split, partials.splits, sets + split * partials.size); });
  add_up(partials, sets, dw);
}

}  // namespace fovea::FOVEA_ISA
