#include "kernels/conv/planar/forward.h"

#include <array>
#include <utility>

#include "kernels/conv/microkernel/tile.h"
#include "kernels/conv/planar/blocks.h"
#include "kernels/elements/row_epilogue.h"
#include "kernels/simd/double_pumped.h"
#include "kernels/simd/integers.h"
#include "runtime/thread_pool.h"

namespace fovea::FOVEA_ISA::conv::planar {
namespace {

constexpr int kMaxOutputs = kRegisters / 2;
constexpr int vectors_at_once(int outputs, int sums) { return std::min(8, sums / outputs); }

/** A block's sums for some output channels: planes `size` aportion. */
struct Sums {
  const ptrdiff_t* offsets;
  int steps;
  const float* weights;  // [step][outputs]
  const float* x;
  float* to;
  ptrdiff_t size;
};

/** to[o * size + at ...] = kVectors vectors of sums for each output. */
template <int kOutputs, int kVectors>
inline __attribute__((always_inline)) void sum_at(const Sums& s, ptrdiff_t at) {
  vf sums[kOutputs][kVectors];
#pragma GCC unroll 12
  for (int o = 0; o < kOutputs; o++)
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; v++) sums[o][v] = vf{};
  const float* w = s.weights;
  for (int step = 0; step < s.steps; step++, w += kOutputs) {
    const float* const from = s.x + s.offsets[step] + at;
    vf x[kVectors];
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; v++) x[v] = load(from + v * kLanes);
#pragma GCC unroll 12
    for (int o = 0; o < kOutputs; o++) {
      const vf weight = splat(w[o]);
#pragma GCC unroll 8
      for (int v = 0; v < kVectors; v++) accumulate(weight, x[v], sums[o][v]), pin(sums[o][v]);
    }
  }
#pragma GCC unroll 12
  for (int o = 0; o < kOutputs; o++)
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; v++) store(s.to + o * s.size + at + v * kLanes, sums[o][v]);
}

template <int kOutputs, int kSums>
void sum_run(const Sums& s, ptrdiff_t count) {
  constexpr int kVectors = vectors_at_once(kOutputs, kSums), kAtOnce = kVectors * kLanes;
  ptrdiff_t at = 0;
  for (; at + kAtOnce <= count; at += kAtOnce) sum_at<kOutputs, kVectors>(s, at);
  const ptrdiff_t last = (count + kLanes - 1) / kLanes * kLanes - kAtOnce;
  if (at < count && last >= 0)
    sum_at<kOutputs, kVectors>(s, last);  // some of it once more
  else
    for (; at < count; at += kLanes) sum_at<kOutputs, 1>(s, at);
}

template <int kSums, int... O>
constexpr std::array<void (*)(const Sums&, ptrdiff_t), sizeof...(O)> all_outputs(
    std::integer_sequence<int, O...>) {
  return {sum_run<O + 1, kSums>...};
}
/** For an element of outputs, with all registers or, as max_rows(), with a dozen sums. */
constexpr auto kSumRun = all_outputs<kRegisters>(std::make_integer_sequence<int, kMaxOutputs>{});
constexpr auto kSumRunOfFew = all_outputs<kMaxOutputs>(std::make_integer_sequence<int, kMaxOutputs>{});

/** Output channels are summed in equal portions. */
struct Portion {
  int first, count;
};
std::vector<Portion> portions_of(int outputs) {
  const int count = ceil_div(outputs, kMaxOutputs);
  std::vector<Portion> portions;
  for (int i = 0; i < count; i++) {
    const int first = outputs * i / count;
    portions.push_back({first, outputs * (i + 1) / count - first});
  }
  return portions;
}

/** The positions of one phase along y and all phases along x: neighbours in the output, which are written together. */
struct Rows {
  struct PhaseOfX {
    std::vector<ptrdiff_t> offsets;
    const float* weights;
  };
  Blocks blocks;
  std::vector<PhaseOfX> phases;
};

void run_block(const Gather& g, const Rows& all, const RowEpilogue& epilogue, int image, int index) {
  const Blocks& b = all.blocks;
  const int y0 = index / b.across * b.rows, x0 = index % b.across * b.columns;
  const int rows = std::min(b.rows, b.y.count - y0), columns = std::min(b.columns, b.x.count - x0);
  if (rows <= 0 || columns <= 0) return;
  const int step = b.x.out_step, channels = step * g.out_c;  // of pixels that are written together
  const ptrdiff_t run = b.run(rows), size = odd_lines(run), line = b.planes.line_size();
  float* const planes = (float*)thread_scratch(
      sizeof(float) * (b.size() + size * channels + line + (columns + 2 * kLanes) * channels + kLanes));
  float *const sums = planes + b.size(), *const line_room = sums + size * channels,
               *const row = line_room + line;
  if (!b.y.taps.empty() && !b.x.taps.empty())
    b.take(Image{g.in, g.in_h, g.in_w, g.in_c, g.in_c}.number(image), y0, x0, line_room, planes);
  float* to = sums;
  for (const Rows::PhaseOfX& phase : all.phases)
    for (const Portion& portion : portions_of(g.out_c)) {
      const int steps = (int)phase.offsets.size();
      const float* const weights = phase.weights + (ptrdiff_t)steps * portion.first;
      (is_double_pumped() ? kSumRunOfFew : kSumRun)[portion.count - 1](
          {phase.offsets.data(), steps, weights, planes, to, size}, run);
      to += portion.count * size;
    }
  const int pixels = std::min(columns * step, g.out_w - x0 * step);
  for (int i = 0; i < rows; i++) {
    const ptrdiff_t down = (ptrdiff_t)image * g.out_h + b.y.out + (y0 + i) * b.y.out_step;
    float* const out = g.out + (down * g.out_w + x0 * step) * g.out_c;
    const float* const made = sums + i * b.planes.pitch;
    if (g.epilogue) {
      join_planes(made, size, channels, columns, row);
      epilogue.store(row, pixels, g.out_c, out);
    } else {
      join_planes_exactly(made, size, channels, (ptrdiff_t)pixels * g.out_c, out, row);
    }
  }
}

}  // namespace

size_t weights_size(const Gather& g) { return g.plan.taps() * g.in_c * g.out_c; }

/** For each phase and portion of the outputs: [tap y][tap x][channel][output]. */
void pack(const Gather& g, const WeightLayout& w, float* packed) {
  const ConvShape& s = *w.shape;
  for (const AxisPhase& y : g.plan.y)
    for (const AxisPhase& x : g.plan.x)
      for (const Portion& portion : portions_of(g.out_c))
        for (const Tap& ty : y.taps)
          for (const Tap& tx : x.taps)
            for (int c = 0; c < g.in_c; c++)
              for (int o = portion.first; o < portion.first + portion.count; o++) {
                float sum = 0;
                for_elements(ty, tx, [&](int p, int q) {
                  sum += w.weights[((ptrdiff_t)(p * s.kw + q) * s.ci + (w.transposed ? o : c)) * s.co +
                                   (w.transposed ? c : o)];
                });
                *packed++ = sum;
              }
}

void forward(const Gather& g, const float* packed) {
  using namespace planar;
  const AxisPhase across = all_together(g.plan.x);
  std::vector<Rows> rows;
  int most = 0;
  for (const AxisPhase& y : g.plan.y) {
    rows.push_back({Blocks(y, across, g.in_c, g.n), {}});
    const Blocks& blocks = rows.back().blocks;
    for (const AxisPhase& x : g.plan.x) {
      rows.back().phases.push_back({blocks.offsets(x), packed});
      packed += y.taps.size() * x.taps.size() * g.in_c * g.out_c;
    }
    most = std::max(most, blocks.per_image());
  }
  const RowEpilogue epilogue(g.out, g.out_c, g.ending());
  const int count = (int)rows.size(), each = most * count;
  parallel_for(g.n * each, [&](int task, int) {
    const Rows& some = rows[task % count];  // phases take turns: they read the same pixels
    const int block = task % each / count;
    if (block < some.blocks.per_image()) run_block(g, some, epilogue, task / each, block);
  });
}

}  // namespace fovea::FOVEA_ISA::conv::planar
