// The kernels' transform for winograd_conv.cc. Of the transformed kernels, phase follows phase, point follows
// point; a point's matrix is [part in use][input channel] deep and packed in panels of kPanel columns.
#include <algorithm>
#include <cstring>

#include "conv_micro.h"
#include "thread_pool.h"
#include "transpose.h"
#include "winograd_conv.h"
#include "winograd_tiles.h"

namespace fovea::FOVEA_ISA::winograd {
namespace {

constexpr int kMostPoints = 36, kMostTaps = 9;

/** Where the numbers of a phase go. */
struct Matrices {
  int channels, columns;      // columns are padded to whole vectors
  ptrdiff_t at[kMostPoints];  // where a point's matrix begins
  int depth[kMostPoints];     // its rows
  ptrdiff_t row(int point, int row, int column) const {
    const int panel = column / kPanel * kPanel;
    return at[point] + (ptrdiff_t)panel * depth[point] + (ptrdiff_t)row * std::min(kPanel, columns - panel) +
           column - panel;
  }
};

Matrices matrices_of(const Gather& g, const Phase& phase) {
  Matrices m{g.in_c, round_up(g.out_c, kLanes), {}, {}};
  ptrdiff_t at = 0;
  for (int point = 0; point < phase.points(); point++) {
    m.at[point] = at;
    m.depth[point] = phase.depth(point) * g.in_c;
    at += (ptrdiff_t)m.depth[point] * m.columns;
  }
  return m;
}

/** f[tap] = the part's kernels, a vector of `lanes` neighbouring numbers from `from` on; taps that it lacks
 * are 0. */
void gather_kernels(const Phase& phase, int part, const WeightLayout& w, ptrdiff_t from, int lanes,
                    float* f) {
  const ConvShape& s = *w.shape;
  const auto &ty = phase.part_y(part).taps, &tx = phase.part_x(part).taps;
  for (int i = 0; i < phase.taps_y; i++) {
    for (int j = 0; j < phase.taps_x; j++) {
      vf sum{};
      if (i < (int)ty.size() && j < (int)tx.size())
        for (int p : ty[i]->elements)
          for (int q : tx[j]->elements)
            sum += load_partial(w.weights + (ptrdiff_t)(p * s.kw + q) * s.ci * s.co + from, lanes);
      store(f + (i * phase.taps_x + j) * kLanes, sum);
    }
  }
}

/** Input channel c of a part, for all outputs: kernels lie with the outputs as neighbours. */
void transform_row(const Gather& g, const Phase& phase, int part, const WeightLayout& w, int c,
                   const Matrices& m, const int* first_row, float* to) {
  const Transforms& transforms = transforms_of(phase);
  alignas(64) float f[kMostTaps * kLanes], u[kMostPoints * kLanes];
  for (int column = 0; column < m.columns; column += kLanes) {
    gather_kernels(phase, part, w, (ptrdiff_t)c * g.out_c + column, std::min(kLanes, g.out_c - column), f);
    transforms.kernel(f, u);
    for (int point = 0; point < phase.points(); point++)
      if (phase.uses(part, point))
        store(to + m.row(point, first_row[point] + c, column), load(u + point * kLanes));
  }
}

/** A square of kLanes input channels and outputs, where kernels lie with the input channels as neighbours. */
void transform_square(const Gather& g, const Phase& phase, int part, const WeightLayout& w, int c, int column,
                      const Matrices& m, const int* first_row, float* to) {
  const Transforms& transforms = transforms_of(phase);
  alignas(64) float f[kMostTaps * kLanes], u[kMostPoints * kLanes];
  vf square[kMostPoints][kLanes];
  const int size = std::min(kLanes, g.in_c - c);
  for (int j = 0; j < kLanes; j++) {
    const bool exists = column + j < g.out_c;
    if (exists) gather_kernels(phase, part, w, (ptrdiff_t)(column + j) * g.in_c + c, size, f);
    if (exists) transforms.kernel(f, u);
    for (int point = 0; point < phase.points(); point++)
      square[point][j] = exists ? load(u + point * kLanes) : vf{};
  }
  for (int point = 0; point < phase.points(); point++) {
    if (!phase.uses(part, point)) continue;
    transpose(square[point]);
    for (int i = 0; i < size; i++)
      store(to + m.row(point, first_row[point] + c + i, column), square[point][i]);
  }
}

}  // namespace

size_t weights_size(const Gather& g, const std::vector<Phase>& phases) {
  size_t depth = 0;
  for (const Phase& phase : phases)
    for (int point = 0; point < phase.points(); point++) depth += phase.depth(point);
  return depth * g.in_c * round_up(g.out_c, kLanes);
}

void transform_weights(const Gather& g, const std::vector<Phase>& phases, const WeightLayout& w, float* to) {
  for (const Phase& phase : phases) {
    const Matrices m = matrices_of(g, phase);
    const int down = w.transposed ? ceil_div(g.in_c, kLanes) : ceil_div(g.in_c, 4);
    const int across = w.transposed ? m.columns / kLanes : 1;
    parallel_for(phase.parts() * down * across, [&](int task, int) {
      const int part = task / (down * across), row = task / across % down, column = task % across * kLanes;
      int first_row[kMostPoints];  // of this part in each point's matrix
      for (int point = 0; point < phase.points(); point++) {
        first_row[point] = 0;
        for (int before = 0; before < part; before++) first_row[point] += phase.uses(before, point) * g.in_c;
      }
      if (w.transposed) {
        transform_square(g, phase, part, w, row * kLanes, column, m, first_row, to);
      } else {
        for (int c = row * 4; c < std::min(row * 4 + 4, g.in_c); c++)
          transform_row(g, phase, part, w, c, m, first_row, to);
      }
    });
    const int last = phase.points() - 1;
    to += m.at[last] + (ptrdiff_t)m.depth[last] * m.columns;
  }
}

}  // namespace fovea::FOVEA_ISA::winograd
