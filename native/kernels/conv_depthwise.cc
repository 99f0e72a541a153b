#include "conv_depthwise.h"

#include <array>
#include <utility>

#include "conv_depthwise_view.h"
#include "conv_micro.h"
#include "lanes.h"
#include "row_epilogue.h"
#include "thread_pool.h"

namespace fovea::FOVEA_ISA {
namespace depthwise {
namespace {

constexpr int kMostGroups = 8;

/** The sums of neighbouring groups of places, to be stored `step` apart. */
struct Sums {
  const Pattern& pattern;
  const View& view;
  const float* weights;  // [tap][padded]
  ptrdiff_t step;
  bool streams;  // whole lines, see Gather::streams()

  template <class Lanes>
  void put(float* to, vf sum, Lanes lanes) const {
    streams ? stream(to, sum) : lanes.put(to, sum);
  }
};

/** to[...] = the sums of kGroups groups, whose windows begin at x: kVectors vectors of each at a time. */
template <int kGroups, int kVectors, class Lanes>
inline __attribute__((always_inline)) void sum_vectors(const Sums& s, const float* x, float* to,
                                                       Lanes lanes) {
  const ptrdiff_t padded = s.pattern.padded(), group = s.view.group;
  const int taps = (int)s.view.taps.size();
  vf sums[kGroups][kVectors];
#pragma GCC unroll 8
  for (int g = 0; g < kGroups; g++)
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; v++) sums[g][v] = vf{};
  const float* w = s.weights;
  for (int tap = 0; tap < taps; tap++, w += padded) {
    const float* const from = x + s.view.taps[tap];
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; v++) {
      const vf weight = load(w + v * kLanes);
#pragma GCC unroll 8
      for (int g = 0; g < kGroups; g++)
        sums[g][v] = fma(lanes.get(from + g * group + v * kLanes), weight, sums[g][v]);
    }
  }
#pragma GCC unroll 8
  for (int g = 0; g < kGroups; g++)
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; v++) s.put(to + g * s.step + v * kLanes, sums[g][v], lanes);
}

/** The same for one vector where the kernel's rows have kTaps taps, kStep groups apart: each group that a row meets is
 * loaded once for all of its taps. */
template <int kGroups, int kTaps, int kStep>
void sum_in_rows(const Sums& s, const float* x, float* to) {
  const ptrdiff_t padded = s.pattern.padded(), group = s.view.group;
  vf sums[kGroups];
#pragma GCC unroll 8
  for (int g = 0; g < kGroups; g++) sums[g] = vf{};
  const float* w = s.weights;
  for (size_t tap = 0; tap < s.view.taps.size(); tap += kTaps) {
    vf weights[kTaps];
#pragma GCC unroll 5
    for (int t = 0; t < kTaps; t++, w += padded) weights[t] = load(w);
    const float* from = x + s.view.taps[tap];
    constexpr int kMet = kGroups + (kTaps - 1) * kStep;
    vf met[kMet];
#pragma GCC unroll 12
    for (int i = 0; i < kMet; i++) {
      met[i] = load(from + i * group);
#if defined(__AVX512F__)
      __asm__("" : "+v"(met[i]));  // else GCC would load it again for every tap
#endif
    }
#pragma GCC unroll 5
    for (int t = 0; t < kTaps; t++)
#pragma GCC unroll 8
      for (int g = 0; g < kGroups; g++) sums[g] = fma(met[g + t * kStep], weights[t], sums[g]);
  }
#pragma GCC unroll 8
  for (int g = 0; g < kGroups; g++) s.put(to + g * s.step, sums[g], Whole{});
}

using SumInRows = void (*)(const Sums&, const float*, float*);
template <int kGroups>
SumInRows find_in_rows(const View& view) {
  if (view.row_taps == 3 && view.tap_groups == 1) return sum_in_rows<kGroups, 3, 1>;
  if (view.row_taps == 3 && view.tap_groups == 2) return sum_in_rows<kGroups, 3, 2>;
  if (view.row_taps == 5 && view.tap_groups == 1) return sum_in_rows<kGroups, 5, 1>;
  return nullptr;
}

template <int kGroups>
void sum_groups(Sums s, const float* x, float* to) {
  constexpr int kVectors = kMostGroups / kGroups;  // so that no addition waits for the one before
  int at = 0;
  if constexpr (kVectors == 1 && kLanes == 16) {  // AVX-512 has registers enough
    if (const SumInRows in_rows = find_in_rows<kGroups>(s.view))
      for (; at + kLanes <= s.pattern.numbers; at += kLanes, s.weights += kLanes) in_rows(s, x + at, to + at);
  }
  for (; at + kVectors * kLanes <= s.pattern.numbers; at += kVectors * kLanes, s.weights += kVectors * kLanes)
    sum_vectors<kGroups, kVectors>(s, x + at, to + at, Whole{});
  for (; at + kLanes <= s.pattern.numbers; at += kLanes, s.weights += kLanes)
    sum_vectors<kGroups, 1>(s, x + at, to + at, Whole{});
  if (at < s.pattern.numbers) sum_vectors<kGroups, 1>(s, x + at, to + at, Part{s.pattern.numbers - at});
}

template <int... G>
constexpr std::array<void (*)(Sums, const float*, float*), sizeof...(G)> all_sizes(
    std::integer_sequence<int, G...>) {
  return {sum_groups<G + 1>...};
}
constexpr auto kSumGroups = all_sizes(std::make_integer_sequence<int, kMostGroups>{});

void sum_row(const Sums& s, const float* x, int groups, float* to) {
  const int parts = ceil_div(groups, kMostGroups);
  for (int part = 0; part < parts; part++) {
    const int begin = groups * part / parts, end = groups * (part + 1) / parts;
    kSumGroups[end - begin - 1](s, x + begin * s.view.group, to + begin * s.step);
  }
}

void run_piece(const Gather& g, const Pattern& pattern, const Piece& p, const RowEpilogue& epilogue,
               const float* weights, bool streams) {
  const ptrdiff_t size = view_size(pattern, p);
  float* const room = (float*)thread_scratch(sizeof(float) * (size + pattern.row_size(p.columns)));
  const View view = take_view(pattern, p, Image{g.in, g.in_h, g.in_w, g.in_c, g.in_c}, room);
  const int groups = pattern.groups(p.columns);
  const ptrdiff_t place = (ptrdiff_t)p.x->out_step * g.out_c;
  const bool as_they_are =
      !g.epilogue && (pattern.pixels == 1 || (p.x->out_step == 1 && p.columns % pattern.pixels == 0));
  for (int i = 0; i < p.rows; i++) {
    const ptrdiff_t row = (ptrdiff_t)p.image * g.out_h + p.y->out + (p.y0 + i) * p.y->out_step;
    float* const out = g.out + (row * g.out_w + p.x->out + p.x0 * p.x->out_step) * g.out_c;
    const float* const x = view.data + i * view.row;
    if (as_they_are) {
      sum_row({pattern, view, weights, pattern.pixels * place, streams}, x, groups, out);
    } else {
      float* const sums = room + size;
      sum_row({pattern, view, weights, pattern.numbers, false}, x, groups, sums);
      epilogue.store(sums, p.columns, place, out, streams);
    }
  }
}

}  // namespace
}  // namespace depthwise

size_t depthwise_weights_size(const Gather& g) {
  size_t taps = 0;
  for (const AxisPhase& y : g.plan.y)
    for (const AxisPhase& x : g.plan.x) taps += y.taps.size() * x.taps.size();
  return taps * depthwise::Pattern(g.plan, g.out_c).padded();
}

void depthwise_pack(const Gather& g, const WeightLayout& w, float* packed) {
  const depthwise::Pattern pattern(g.plan, g.out_c);
  std::vector<float> sums(g.out_c);
  for (const AxisPhase& y : g.plan.y)
    for (const AxisPhase& x : g.plan.x)
      for (const Tap& ty : y.taps)
        for (const Tap& tx : x.taps) {
          std::fill(sums.begin(), sums.end(), 0.0f);
          for (int p : ty.elements)
            for (int q : tx.elements)
              for (int c = 0; c < g.out_c; c++)
                sums[c] += w.weights[(ptrdiff_t)(p * w.shape->kw + q) * g.out_c + c];
          pattern.repeat(sums.data(), packed);
          packed += pattern.padded();
        }
}

void depthwise_conv(const Gather& g, const float* packed) {
  using namespace depthwise;
  const Pattern pattern(g.plan, g.out_c);
  const RowEpilogue epilogue(g);
  std::vector<const float*> weights;  // of each phase
  for (const AxisPhase& y : g.plan.y)
    for (const AxisPhase& x : g.plan.x) {
      weights.push_back(packed);
      packed += y.taps.size() * x.taps.size() * pattern.padded();
    }
  const std::vector<Piece> pieces = pieces_of(pattern, g.plan, g.n, g.in_h, g.in_w);
  const bool streams = g.streams(g.out_c);
  parallel_for((int)pieces.size(), [&](int i, int) {
    run_piece(g, pattern, pieces[i], epilogue, weights[pieces[i].phase], streams);
  });
}

}  // namespace fovea::FOVEA_ISA
