// The kernels' transform for forward.cc. Of the transformed kernels, phase follows phase, point follows
// point; a point's matrix is [part in use][input channel] deep and packed in panels (panel_of() in tile.h).
#include <algorithm>
#include <vector>

#include "kernels/conv/microkernel/tile.h"
#include "kernels/conv/winograd/forward.h"
#include "kernels/conv/winograd/transforms_2d.h"
#include "kernels/layout/transpose.h"
#include "kernels/simd/integers.h"
#include "runtime/thread_pool.h"

namespace fovea::FOVEA_ISA::conv::winograd {
namespace {

constexpr int kMaxPoints = 36, kMaxTaps = 9;

/** One part of a phase: which kernel elements add up to its taps, and where its elements go at each point in use. */
struct PartWeights {
  struct Place {
    int point;
    ptrdiff_t matrix;  // where the point's matrix begins
    int depth, row;    // its rows, and the part's first
  };
  int taps;
  std::vector<ptrdiff_t> elements[kMaxTaps];  // places in the weights
  std::vector<Place> places;
};

/** All parts of a phase, whose matrices begin at `matrix`; moves that on to the next phase's. */
std::vector<PartWeights> parts_of(const Gather& g, const Phase& phase, const WeightLayout& w,
                                  ptrdiff_t& matrix) {
  const ConvShape& s = *w.shape;
  std::vector<PartWeights> parts(phase.parts());
  for (int part = 0; part < phase.parts(); part++) {
    parts[part].taps = phase.taps_y * phase.taps_x;
    const auto &ty = phase.part_y(part).taps, &tx = phase.part_x(part).taps;
    for (size_t i = 0; i < ty.size(); i++)
      for (size_t j = 0; j < tx.size(); j++)
        for_elements(*ty[i], *tx[j], [&](int p, int q) {
          parts[part].elements[i * phase.taps_x + j].push_back((ptrdiff_t)(p * s.kw + q) * s.ci * s.co);
        });
  }
  for (int point = 0; point < phase.points(); point++) {
    const int depth = phase.depth(point) * g.in_c;
    int row = 0;
    for (int part = 0; part < phase.parts(); part++) {
      if (!phase.uses(part, point)) continue;
      parts[part].places.push_back({point, matrix, depth, row});
      row += g.in_c;
    }
    matrix += matrix_step(g, depth);
  }
  return parts;
}

/** f[tap * step] = a vector of `lanes` neighbouring kernels, from the weights' number `from` on. */
void gather_kernels(const PartWeights& part, const float* weights, ptrdiff_t from, int lanes, vf* f,
                    int step) {
  for (int tap = 0; tap < part.taps; tap++) {
    vf sum{};
    for (const ptrdiff_t element : part.elements[tap]) {
      const float* const at = weights + element + from;
      sum += lanes == kLanes ? load(at) : load_partial(at, lanes);
    }
    f[tap * step] = sum;
  }
}

/** A vector of outputs: where the kernels of input channel 0 go at each point, negative if the part does not use it, and how
 * far from there those of the next channel. */
struct Column {
  ptrdiff_t places[kMaxPoints];
  int next;
};

Column column_of(const Gather& g, const PartWeights& part, int column) {
  const int outputs = round_up(g.out_c, kLanes), panel = panel_start(column, outputs);
  Column made;
  made.next = panel_of(outputs - panel);
  std::fill_n(made.places, kMaxPoints, -1);
  for (const PartWeights::Place& p : part.places)
    made.places[p.point] =
        p.matrix + (ptrdiff_t)panel * p.depth + (ptrdiff_t)p.row * made.next + column - panel;
  return made;
}

/** Input channels [begin, end), for all outputs: kernels lie with the outputs as neighbours. */
void transform_rows(const Gather& g, const Transforms& transforms, const PartWeights& part,
                    const float* weights, int begin, int end, float* to) {
  vf f[kMaxTaps];
  for (int o = 0; o < g.out_c; o += kLanes) {
    const Column column = column_of(g, part, o);
    for (int c = begin; c < end; c++) {
      gather_kernels(part, weights, (ptrdiff_t)c * g.out_c + o, std::min(kLanes, g.out_c - o), f, 1);
      transforms.kernel((const float*)f, kLanes, to + (ptrdiff_t)c * column.next, column.places);
    }
  }
}

/** A square of kLanes input channels and outputs, where kernels lie with the input channels as neighbours. */
void transform_square(const Gather& g, const Transforms& transforms, const PartWeights& part,
                      const float* weights, int c, int o, float* to) {
  vf square[kMaxTaps][kLanes];
  const int size = std::min(kLanes, g.in_c - c);
  for (int j = 0; j < kLanes; j++) {
    if (o + j < g.out_c)
      gather_kernels(part, weights, (ptrdiff_t)(o + j) * g.in_c + c, size, square[0] + j, kLanes);
    else
      for (int tap = 0; tap < part.taps; tap++) square[tap][j] = vf{};
  }
  for (int tap = 0; tap < part.taps; tap++) transpose(square[tap]);
  const Column column = column_of(g, part, o);
  for (int i = 0; i < size; i++)
    transforms.kernel((const float*)(square[0] + i), kLanes * kLanes, to + (ptrdiff_t)(c + i) * column.next,
                      column.places);
}

}  // namespace

ptrdiff_t matrix_step(const Gather& g, ptrdiff_t rows) { return point_step(rows, round_up(g.out_c, kLanes)); }

ptrdiff_t weights_size(const Gather& g, const Phase& phase) {
  ptrdiff_t size = 0;
  for (int point = 0; point < phase.points(); point++)
    size += matrix_step(g, (ptrdiff_t)phase.depth(point) * g.in_c);
  return size;
}

ptrdiff_t weights_size(const Gather& g, const std::vector<Phase>& phases) {
  ptrdiff_t size = 0;
  for (const Phase& phase : phases)
    if (!phase.repeats) size += weights_size(g, phase);
  return size;
}

void transform_weights(const Gather& g, const std::vector<Phase>& phases, const WeightLayout& w, float* to) {
  const int down = w.transposed ? ceil_div(g.in_c, kLanes) : ceil_div(g.in_c, 4);
  const int across = w.transposed ? ceil_div(g.out_c, kLanes) : 1;
  ptrdiff_t matrix = 0;
  for (const Phase& phase : phases) {
    if (phase.repeats) continue;
    const std::vector<PartWeights> parts = parts_of(g, phase, w, matrix);
    const Transforms& transforms = transforms_of(phase);
    parallel_for(phase.parts() * down * across, [&](int task, int) {
      const PartWeights& part = parts[task / (down * across)];
      const int row = task / across % down, column = task % across * kLanes;
      if (w.transposed) {
        transform_square(g, transforms, part, w.weights, row * kLanes, column, to);
      } else {
        transform_rows(g, transforms, part, w.weights, row * 4, std::min(row * 4 + 4, g.in_c), to);
      }
    });
  }
}

}  // namespace fovea::FOVEA_ISA::conv::winograd
