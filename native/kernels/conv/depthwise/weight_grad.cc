// The weight gradient of depthwise convolutions: dw[tap, c] = sum over positions of x[position + tap, c] * dy[position,
// c], lane by lane in the pattern of view.h; at the end the lanes of each channel are added up.
#include "kernels/conv/depthwise/forward.h"
#include "kernels/conv/depthwise/view.h"
#include "kernels/conv/shared/partial_sums.h"
#include "kernels/simd/integers.h"
#include "kernels/simd/lanes.h"
#include "runtime/thread_pool.h"

namespace fovea::FOVEA_ISA::conv::depthwise {
namespace {

constexpr int kMaxTaps = 9;  // whose sums are in registers at a time

struct Problem {
  const ConvShape& s;
  const Pattern& pattern;
  const float *x, *dy;
  bool prefetches;
};

/** Positions in hand, rows of groups of them: what they read of x, and of dy. */
struct Operands {
  const float *x, *dy;
  ptrdiff_t x_row, x_group, dy_row, dy_group;
  int rows, groups;
  // Of x, what the row after the first reads and the first does not: prefetched, with dy's next row.
  PrefetchRegion ahead;
};

/** to[tap * padded + ...] += the products of kTaps taps, in kVectors vectors of the groups. */
template <int kTaps, int kVectors, class Lanes>
inline __attribute__((always_inline)) void add_taps(const Operands& o, const ptrdiff_t* taps, ptrdiff_t at,
                                                    float* to, ptrdiff_t padded, Lanes lanes) {
  vf sums[kTaps][kVectors];
#pragma GCC unroll 9
  for (int t = 0; t < kTaps; t++)
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; v++) sums[t][v] = load(to + t * padded + v * kLanes);
  for (int row = 0; row < o.rows; row++) {
    const float* x[kTaps];
#pragma GCC unroll 9
    for (int t = 0; t < kTaps; t++) x[t] = o.x + row * o.x_row + taps[t] + at;
    const float* dy = o.dy + row * o.dy_row + at;
    const bool prefetches = o.ahead.rows > 0 && at == 0;
    const PrefetchRegion x_ahead{prefetches ? o.ahead.row + row * o.x_row : nullptr, 1},
        dy_ahead{dy + o.dy_row, 1};
    ptrdiff_t i = 0;
    for (int group = 0; group < o.groups; group++, i += o.x_group, dy += o.dy_group) {
      if (prefetches) x_ahead.prefetch(i, o.x_group), dy_ahead.prefetch(group * o.dy_group, o.dy_group);
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; v++) {
        const vf d = lanes.get(dy + v * kLanes);
#pragma GCC unroll 9
        for (int t = 0; t < kTaps; t++) sums[t][v] = fma(lanes.get(x[t] + i + v * kLanes), d, sums[t][v]);
      }
    }
  }
#pragma GCC unroll 9
  for (int t = 0; t < kTaps; t++)
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; v++) store(to + t * padded + v * kLanes, sums[t][v]);
}

template <int kTaps>
void add_taps(const Operands& o, const ptrdiff_t* taps, int elements, float* to, ptrdiff_t padded) {
  // So that no addition waits for the one before, and memory is read in its order.
  constexpr int kVectors = kTaps <= 2 ? 4 : kTaps <= 4 ? 2 : 1;
  int at = 0;
  for (; at + kVectors * kLanes <= elements; at += kVectors * kLanes)
    add_taps<kTaps, kVectors>(o, taps, at, to + at, padded, Whole{});
  for (; at + kLanes <= elements; at += kLanes) add_taps<kTaps, 1>(o, taps, at, to + at, padded, Whole{});
  if (at < elements) add_taps<kTaps, 1>(o, taps, at, to + at, padded, Part{elements - at});
}

constexpr void (*kAddTaps[kMaxTaps])(const Operands&, const ptrdiff_t*, int, float*, ptrdiff_t) = {
    add_taps<1>, add_taps<2>, add_taps<3>, add_taps<4>, add_taps<5>,
    add_taps<6>, add_taps<7>, add_taps<8>, add_taps<9>};

/** The products of the taps [down] x [across] from rows of so many positions as `o.groups` says, `o.dy_group` apart in dy. */
void add_places(const Problem& p, const View& view, Range down, Range across, Operands o, float* sums) {
  const Pattern& pattern = p.pattern;
  const int columns = o.groups;
  const ptrdiff_t dy_place = o.dy_group;
  const ptrdiff_t padded = pattern.padded();
  const int width = (int)view.across.size();
  std::vector<ptrdiff_t> taps;
  for (int i = down.begin; i < down.end; i++)
    for (int j = across.begin; j < across.end; j++) taps.push_back(view.down[i] + view.across[j]);
  if (taps.empty()) return;
  // Runs of taps whose sums are neighbours: all of them, or those of a row.
  const bool whole_rows = across.size() == width;
  const int runs = whole_rows ? 1 : down.size(), length = whole_rows ? (int)taps.size() : across.size();
  const auto add = [&](Operands positions, int elements) {
    if (p.prefetches) positions.ahead = {positions.x + positions.x_row + taps.back(), 1};
    const int parts = ceil_div(length, kMaxTaps);
    for (int run = 0; run < runs; run++)
      for (int part = 0; part < parts; part++) {
        const int begin = length * part / parts, end = length * (part + 1) / parts;
        float* const to = sums + ((down.begin + run) * width + across.begin + begin) * padded;
        kAddTaps[end - begin - 1](positions, taps.data() + run * length + begin, elements, to, padded);
        positions.ahead = {};
      }
  };
  o.groups = columns / pattern.pixels, o.x_group = view.group, o.dy_group = pattern.pixels * dy_place;
  if (o.groups > 0) add(o, pattern.elements);
  o.x += o.groups * o.x_group, o.dy += o.groups * o.dy_group;
  o.groups = columns % pattern.pixels, o.x_group = view.place, o.dy_group = dy_place;
  if (o.groups > 0) add(o, pattern.channels);
}

void add_piece(const Problem& problem, const Phase& phase, const Piece& p, float* sums) {
  const ConvShape& s = problem.s;
  const AxisPhase &ay = *phase.y, &ax = *phase.x;
  const View view = view_of(problem.pattern, phase, p, Image{problem.x, s.h, s.w, s.ci, s.ci});
  const int top = ay.out + p.y0 * ay.out_step, left = ax.out + p.x0 * ax.out_step;
  const float* const from = problem.dy + (((ptrdiff_t)p.image * s.oh + top) * s.ow + left) * s.co;
  const ptrdiff_t dy_row = (ptrdiff_t)ay.out_step * s.ow * s.co, dy_place = (ptrdiff_t)ax.out_step * s.co;
  const std::vector<Segment> across = clip(phase.across, p.x0, p.columns);
  for (const Segment& down : clip(phase.down, p.y0, p.rows))
    for (const Segment& part : across) {
      Operands o{};
      o.x = view.data + down.begin * view.row + part.begin * view.place, o.x_row = view.row;
      o.dy = from + down.begin * dy_row + part.begin * dy_place, o.dy_row = dy_row;
      o.rows = down.size();
      o.groups = part.size(), o.dy_group = dy_place;  // positions, which add_places() makes groups of
      add_places(problem, view, down.taps, part.taps, o, sums);
    }
}

}  // namespace

void weight_grad(const ConvShape& s, const float* x, const float* dy, float* dw) {
  using namespace depthwise;
  const Plan plan = plan_forward(s);
  const Pattern pattern(plan, s.co);
  const std::vector<Phase> phases = phases_of(plan, s.h, s.w);
  const std::vector<Piece> pieces = pieces_of(pattern, phases, s.n);
  Partials partials(s, plan);
  partials.split((int)pieces.size());
  const ptrdiff_t taps = partials.size / s.co;  // of all phases
  // Vector after vector the elements of a piece come from memory in steps that no core foresees.
  const size_t bytes = sizeof(float) * s.n * ((size_t)s.h * s.w * s.ci + (size_t)s.oh * s.ow * s.co);
  const bool prefetches = exceeds_l3(bytes) && s.stride_y == 1 && s.stride_x == 1 && s.kh > 1 && s.kw > 1;
  const Problem problem{s, pattern, x, dy, prefetches};
  float* const sets = room_for(partials, dw);
  parallel_for(partials.splits, [&](int split, int) {
    const ptrdiff_t size = taps * pattern.padded();
    float* const sums = (float*)thread_scratch(sizeof(float) * size);
    std::fill(sums, sums + size, 0.0f);
    const auto first = [&](int i) { return pieces.size() * i / partials.splits; };
    for (size_t i = first(split); i < first(split + 1); i++)
      add_piece(problem, phases[pieces[i].phase], pieces[i],
                sums + partials.phases[pieces[i].phase].offset / s.co * pattern.padded());
    float* const set = sets + split * partials.size;
    for (ptrdiff_t tap = 0; tap < taps; tap++)
      for (int c = 0; c < s.co; c++) {
        float total = 0;
        for (int at = c; at < pattern.elements; at += s.co) total += sums[tap * pattern.padded() + at];
        set[tap * s.co + c] = total;
      }
  });
  add_up(partials, sets, dw);
}

}  // namespace fovea::FOVEA_ISA::conv::depthwise
