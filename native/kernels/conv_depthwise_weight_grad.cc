// The weight gradient of depthwise convolutions: dw[tap, c] = sum over places of x[place + tap, c] * dy[place,
// c], lane by lane in the pattern of conv_depthwise_view.h; at the end the lanes of each channel are added up.
#include "conv_depthwise.h"
#include "conv_depthwise_view.h"
#include "conv_micro.h"
#include "conv_partials.h"
#include "lanes.h"
#include "thread_pool.h"

namespace fovea::FOVEA_ISA {
namespace depthwise {
namespace {

constexpr int kMostTaps = 9;  // whose sums are in registers at a time

/** The piece in hand: what it reads of x, and of dy at its places. */
struct Operands {
  const Pattern& pattern;
  const View& x;
  const float* dy;
  ptrdiff_t dy_row, dy_group;
  int rows, groups;
};

/** to[tap][...] += the products of kTaps taps, in one vector of the pattern that begins at `at`. */
template <int kTaps, class Lanes>
inline __attribute__((always_inline)) void add_taps(const Operands& o, const ptrdiff_t* taps, ptrdiff_t at,
                                                    float* to, Lanes lanes) {
  const ptrdiff_t padded = o.pattern.padded();
  vf sums[kTaps];
#pragma GCC unroll 9
  for (int t = 0; t < kTaps; t++) sums[t] = load(to + t * padded);
  for (int row = 0; row < o.rows; row++) {
    const float* x[kTaps];
#pragma GCC unroll 9
    for (int t = 0; t < kTaps; t++) x[t] = o.x.data + row * o.x.row + taps[t] + at;
    const float* dy = o.dy + row * o.dy_row + at;
    ptrdiff_t i = 0;
    for (int group = 0; group < o.groups; group++, i += o.x.group, dy += o.dy_group) {
      const vf d = lanes.get(dy);
#pragma GCC unroll 9
      for (int t = 0; t < kTaps; t++) sums[t] = fma(lanes.get(x[t] + i), d, sums[t]);
    }
  }
#pragma GCC unroll 9
  for (int t = 0; t < kTaps; t++) store(to + t * padded, sums[t]);
}

template <int kTaps>
void add_taps(const Operands& o, const ptrdiff_t* taps, float* to) {
  for_lanes(o.pattern.numbers, [&](int64_t at, auto lanes) { add_taps<kTaps>(o, taps, at, to + at, lanes); });
}

constexpr void (*kAddTaps[kMostTaps])(const Operands&, const ptrdiff_t*, float*) = {
    add_taps<1>, add_taps<2>, add_taps<3>, add_taps<4>, add_taps<5>,
    add_taps<6>, add_taps<7>, add_taps<8>, add_taps<9>};

void add_piece(const ConvShape& s, const Pattern& pattern, const Piece& p, const float* x, const float* dy,
               float* sums) {
  const ptrdiff_t size = view_size(pattern, p), row_size = pattern.row_size(p.columns);
  float* const room = (float*)thread_scratch(sizeof(float) * (size + p.rows * row_size), 1);
  const View view = take_view(pattern, p, Image{x, s.h, s.w, s.ci, s.ci}, room);
  const Image gradient = Image{dy, s.oh, s.ow, s.co, s.co}.number(p.image);
  const int top = p.y->out + p.y0 * p.y->out_step, left = p.x->out + p.x0 * p.x->out_step;
  Operands o{pattern, view, room + size, row_size, pattern.numbers, p.rows, pattern.groups(p.columns)};
  if (pattern.pixels == 1 || (p.x->out_step == 1 && p.columns % pattern.pixels == 0)) {
    o.dy = dy + (((ptrdiff_t)p.image * s.oh + top) * s.ow + left) * s.co;
    o.dy_row = (ptrdiff_t)p.y->out_step * s.ow * s.co;
    o.dy_group = (ptrdiff_t)p.x->out_step * pattern.numbers;
  } else {
    for (int i = 0; i < p.rows; i++)
      take_row(pattern, gradient, top + i * p.y->out_step, left, p.x->out_step, p.columns,
               room + size + i * row_size);
  }
  const int taps = (int)view.taps.size(), parts = ceil_div(taps, kMostTaps);
  for (int part = 0; part < parts; part++) {
    const int begin = taps * part / parts, end = taps * (part + 1) / parts;
    kAddTaps[end - begin - 1](o, view.taps.data() + begin, sums + begin * pattern.padded());
  }
}

}  // namespace
}  // namespace depthwise

void depthwise_weight_grad(const ConvShape& s, const float* x, const float* dy, float* dw) {
  using namespace depthwise;
  const Plan plan = plan_forward(s);
  const Pattern pattern(plan, s.co);
  const std::vector<Piece> pieces = pieces_of(pattern, plan, s.n, s.h, s.w);
  Partials partials(s, plan);
  partials.split((int)pieces.size());
  const ptrdiff_t taps = partials.size / s.co;  // of all phases
  float* const sets = room_for(partials, dw);
  parallel_for(partials.splits, [&](int split, int) {
    const ptrdiff_t size = taps * pattern.padded();
    float* const sums = (float*)thread_scratch(sizeof(float) * size);
    std::fill(sums, sums + size, 0.0f);
    const auto first = [&](int i) { return pieces.size() * i / partials.splits; };
    for (size_t i = first(split); i < first(split + 1); i++)
      add_piece(s, pattern, pieces[i], x, dy,
                sums + partials.phases[pieces[i].phase].offset / s.co * pattern.padded());
    float* const set = sets + split * partials.size;
    for (ptrdiff_t tap = 0; tap < taps; tap++)
      for (int c = 0; c < s.co; c++) {
        float total = 0;
        for (int at = c; at < pattern.numbers; at += s.co) total += sums[tap * pattern.padded() + at];
        set[tap * s.co + c] = total;
      }
  });
  add_up(partials, sets, dw);
}

}  // namespace fovea::FOVEA_ISA
