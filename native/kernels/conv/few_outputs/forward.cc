#include "kernels/conv/few_outputs/forward.h"

#include <algorithm>

#include "kernels/conv/few_outputs/microkernel.h"
#include "kernels/elements/row_epilogue.h"
#include "kernels/simd/integers.h"
#include "runtime/thread_pool.h"

namespace fovea::FOVEA_ISA::conv::few_outputs {
namespace {

Runs runs_of(const AxisPhase& y, const AxisPhase& x, int channels, int outputs) {
  const int taps = (int)x.taps.size(), rows = (int)y.taps.size();
  if (shares_pixels(x, channels, outputs))
    return {rows * taps, channels, round_up(channels, kLanes), false, true};
  if (x.is_joined()) return {rows, taps * channels, round_up(taps * channels, kLanes), true, false};
  return {rows * taps, channels, round_up(channels, kLanes), false, false};
}

using RowOfShared = void (*)(const SharedRows&, int, float*);
constexpr RowOfShared kRowOfShared[kFewOutputs] = {row_of_shared<1>, row_of_shared<2>, row_of_shared<3>,
                                                   row_of_shared<4>};

}  // namespace

bool shares_pixels(const AxisPhase& x, int channels, int outputs) {
  const int taps = (int)x.taps.size();
  const int together = ceil_div(taps * channels, kLanes), apart = taps * ceil_div(channels, kLanes);
  const bool neighbours = taps > 1 && x.is_joined() && x.in_step == 1;
  return neighbours && kLanes / outputs > 1 && 2 * apart <= (outputs < kFewOutputs ? 3 : 2) * together;
}

size_t weights_size(const Gather& g) {
  size_t size = 0;
  for (const AxisPhase& y : g.plan.y)
    for (const AxisPhase& x : g.plan.x) {
      const Runs runs = runs_of(y, x, g.in_c, g.out_c);
      size += (size_t)g.out_c * runs.count * runs.padded;
    }
  return size;
}

void pack(const Gather& g, const WeightLayout& w, float* packed) {
  const ConvShape& s = *w.shape;
  std::memset(packed, 0, sizeof(float) * weights_size(g));
  for (const AxisPhase& y : g.plan.y) {
    for (const AxisPhase& x : g.plan.x) {
      const Runs runs = runs_of(y, x, g.in_c, g.out_c);
      const int taps = (int)x.taps.size();
      const SharedWeights shared{taps, g.in_c, g.out_c};
      const ptrdiff_t output = (ptrdiff_t)runs.count * runs.padded;
      for (int o = 0; o < g.out_c; o++) {
        for (int t = 0; t < (int)y.taps.size() * taps; t++) {
          const int row = t / taps, column = t % taps;
          float* to =
              packed + o * output + (runs.joined ? row * runs.padded + column * g.in_c : t * runs.padded);
          int to_next_vector = kLanes;
          if (runs.shared) {
            const SharedWeights::Place place = shared.of(column, o);
            to = packed + (ptrdiff_t)row * shared.size() + place.start;
            to_next_vector = place.to_next_vector;
          }
          for_elements(y.taps[row], x.taps[column], [&](int p, int q) {
            const float* const element = w.weights + (ptrdiff_t)(p * s.kw + q) * s.ci * s.co;
            for (int c = 0; c < g.in_c; c++)
              to[c / kLanes * to_next_vector + c % kLanes] +=
                  w.transposed ? element[o * s.co + c] : element[c * s.co + o];
          });
        }
      }
      packed += g.out_c * output;
    }
  }
}

namespace {

/** One phase of the plan, with what its rows of positions share. */
struct Phase {
  const Gather& g;
  const AxisPhase &y, &x;
  Runs runs;
  const float* weights;
  int left = 0, right = 0;  // windows of positions [left, right) lie between the image's sides
  bool prefetches;          // rows of the image, which come from memory

  Phase(const Gather& g, const AxisPhase& y, const AxisPhase& x, const Runs& runs, const float* weights)
      : g(g), y(y), x(x), runs(runs), weights(weights) {
    left = std::clamp(ceil_div(std::max(-x.first(), 0), x.in_step), 0, x.count);
    const int beyond = g.in_w - 1 - x.last();
    right = std::clamp(beyond < 0 ? 0 : beyond / x.in_step + 1, left, x.count);
    constexpr int kWide = 128;  // floats of a pixel; the core prefetches one row of them by itself
    // Shared rows load each pixel once, so there is time to prefetch even if the image should fit half of L3.
    const size_t bytes = g.read_bytes() * (runs.shared ? 2 : 1);
    prefetches =
        exceeds_l3(bytes) && (y.taps.size() > 1 || (y.taps.size() == 1 && g.in_c * x.in_step < kWide));
  }

  /** The runs of rows that lie in the image; column(tx) is where a tap of the window's row begins, row(ty)
   * the row itself. */
  template <class Row>
  void find(Window& window, int first_row, Row row) const {
    window.runs = 0;
    int run = 0;
    for (const Tap& ty : y.taps) {
      const bool inside = first_row + ty.offset >= 0 && first_row + ty.offset < g.in_h;
      for (int t = 0; t < (runs.joined ? 1 : (int)x.taps.size()); t++, run++)
        if (inside) window.add(row(ty.offset, x.taps[t].offset), weights + (ptrdiff_t)run * runs.padded);
    }
  }
};

/** Positions of a row of which some window elements lie left or right of the image. */
void edge_of_row(const Phase& p, const Image& in, Window& window, int first_row, Range positions,
                 float* sums) {
  if (positions.size() <= 0) return;
  const int rows = p.y.last() - p.y.first() + 1;
  const int columns = (positions.size() - 1) * p.x.in_step + p.x.last() - p.x.first() + 1;
  const PaddedWindow window_of_border =
      padded_window(in, first_row + p.y.first(), positions.begin * p.x.in_step + p.x.first(), rows, columns,
                    window.room, true);
  p.find(window, first_row, [&](int dy, int dx) {
    return window_of_border.data + (dy - p.y.first()) * window_of_border.pitch +
           (dx - p.x.first()) * window_of_border.pixel;
  });
  kRowOfPositions[p.g.out_c - 1](p.runs, window, p.x.in_step * window_of_border.pixel, positions.size(),
                                 sums + positions.begin * p.g.out_c);
}

void run_shared_row(const Phase& p, const Image& in, int row, Window& window, float* sums) {
  const int first_row = row * p.y.in_step, taps = (int)p.x.taps.size();
  const ptrdiff_t weights = SharedWeights{taps, in.channels, p.g.out_c}.size();
  window.runs = 0;
  for (size_t t = 0; t < p.y.taps.size(); t++) {
    const int at = first_row + p.y.taps[t].offset;
    if (at >= 0 && at < in.h)
      window.add(in.data + (ptrdiff_t)at * in.w * in.pixel, p.weights + (ptrdiff_t)t * weights);
  }
  const ptrdiff_t pitch = (ptrdiff_t)in.w * in.pixel;
  if (p.prefetches) window.ahead = {in.data + (first_row + p.y.last() + 1) * pitch, p.y.in_step, pitch};
  const SharedRows rows{window, in.w, in.pixel, p.x.first(), taps, in.channels};
  kRowOfShared[p.g.out_c - 1](rows, p.x.count, sums);
}

void run_row(const Phase& p, const Image& in, int row, Window& window, float* sums) {
  if (p.runs.shared) return run_shared_row(p, in, row, window, sums);
  const int first_row = row * p.y.in_step, left = p.left, right = p.right;
  edge_of_row(p, in, window, first_row, {0, left}, sums);
  edge_of_row(p, in, window, first_row, {right, p.x.count}, sums);
  p.find(window, first_row, [&](int dy, int dx) {
    return in.data + ((ptrdiff_t)(first_row + dy) * in.w + left * p.x.in_step + dx) * in.pixel;
  });
  if (p.prefetches) {
    constexpr ptrdiff_t kNear = 2048;  // elements
    const float* const start = in.data + (ptrdiff_t)left * p.x.in_step * in.pixel;
    const ptrdiff_t pitch = (ptrdiff_t)in.w * in.pixel;
    const float* const lowest = start + (first_row + p.y.last()) * pitch;
    if (p.y.taps.size() == 1)
      window.ahead = {lowest + kNear, 1};
    else
      window.ahead = {lowest + pitch, p.y.in_step, pitch};
  }
  kRowOfPositions[p.g.out_c - 1](p.runs, window, (ptrdiff_t)p.x.in_step * in.pixel, right - left,
                                 sums + left * p.g.out_c);
  window.ahead = {};
}

void run_phase(const Phase& p, const RowEpilogue& epilogue) {
  const Gather& g = p.g;
  const int rows = std::clamp(1024 / p.x.count, 1, std::max(1, p.y.count * g.n / 8)),
            down = ceil_div(p.y.count, rows);
  const int span_y = p.y.last() - p.y.first() + 1;
  const int edge = std::max(p.left, p.x.count - p.right) * p.x.in_step + p.x.last() - p.x.first() + 1;
  const size_t room_size = (size_t)span_y * edge * g.in_c;
  parallel_for(g.n * down, [&](int task, int) {
    auto** const pointers = (const float**)thread_scratch(
        2 * sizeof(float*) * (p.runs.count + 1) + sizeof(float) * (room_size + (size_t)p.x.count * g.out_c));
    float* const room = (float*)(pointers + 2 * (p.runs.count + 1));
    float* const sums = room + room_size;
    Window window{0, pointers, pointers + p.runs.count + 1, room};
    const int image = task / down, first = task % down * rows;
    const Image in{g.in + (ptrdiff_t)image * g.in_h * g.in_w * g.in_c, g.in_h, g.in_w, g.in_c, g.in_c};
    for (int row = first; row < std::min(first + rows, p.y.count); row++) {
      run_row(p, in, row, window, sums);
      float* const out =
          g.out + (((ptrdiff_t)image * g.out_h + p.y.out + row * p.y.out_step) * g.out_w + p.x.out) * g.out_c;
      epilogue.store(sums, p.x.count, (ptrdiff_t)p.x.out_step * g.out_c, out);
    }
  });
}

}  // namespace

void forward(const Gather& g, const float* packed) {
  const RowEpilogue epilogue(g.out, g.out_c, g.ending());
  for (const AxisPhase& y : g.plan.y) {
    for (const AxisPhase& x : g.plan.x) {
      const Runs runs = runs_of(y, x, g.in_c, g.out_c);
      if (y.count > 0 && x.count > 0) run_phase({g, y, x, runs, packed}, epilogue);
      packed += (ptrdiff_t)g.out_c * runs.count * runs.padded;
    }
  }
}

}  // namespace fovea::FOVEA_ISA::conv::few_outputs
