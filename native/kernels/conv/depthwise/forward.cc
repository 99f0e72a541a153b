#include "kernels/conv/depthwise/forward.h"

#include <array>
#include <utility>

#include "kernels/conv/depthwise/view.h"
#include "kernels/elements/row_epilogue.h"
#include "kernels/simd/integers.h"
#include "kernels/simd/lanes.h"
#include "runtime/thread_pool.h"

namespace fovea::FOVEA_ISA::conv::depthwise {
namespace {

constexpr int kMaxGroups = 8;

/** The taps that positions next to each other sum, and where their sums go: `step` apart. */
struct Sums {
  const Pattern& pattern;
  const View& view;
  Range down, across;    // taps
  const float* weights;  // [tap][padded]
  ptrdiff_t step;
  bool nontemporal;        // whole lines, see Gather::stores_nontemporally()
  Range elements;          // of a group, that are made
  bool is_copy_of_vector;  // the view has these elements only
  PrefetchRegion ahead = {};

  /** Where element `at` is of the group that begins at x. */
  const float* element(const float* x, ptrdiff_t at) const { return is_copy_of_vector ? x : x + at; }
  const float* weights_of(int row, int column) const {
    return weights + (row * (ptrdiff_t)view.across.size() + column) * pattern.padded();
  }
  template <class Lanes>
  void put(float* to, vf sum, Lanes lanes) const {
    nontemporal ? store_nontemporal(to, sum) : lanes.put(to, sum);
  }
};

/** to[...] = the sums of kGroups groups from x on, kVectors vectors of each, which begin at `at`. */
template <int kGroups, int kVectors, class Lanes>
inline __attribute__((always_inline)) void sum_vectors(const Sums& s, const float* x, ptrdiff_t at, float* to,
                                                       Lanes lanes) {
  const ptrdiff_t padded = s.pattern.padded(), group = s.view.group;
  const ptrdiff_t *const down = s.view.down.data(), *const across = s.view.across.data();
  vf sums[kGroups][kVectors];
#pragma GCC unroll 8
  for (int g = 0; g < kGroups; g++)
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; v++) sums[g][v] = vf{};
  for (int row = s.down.begin; row < s.down.end; row++) {
    const float* w = s.weights_of(row, s.across.begin) + at;
    for (int column = s.across.begin; column < s.across.end; column++, w += padded) {
      const float* const from = s.element(x, at) + down[row] + across[column];
#pragma GCC unroll 8
      for (int v = 0; v < kVectors; v++) {
        const vf weight = load(w + v * kLanes);
#pragma GCC unroll 8
        for (int g = 0; g < kGroups; g++)
          sums[g][v] = fma(lanes.get(from + g * group + v * kLanes), weight, sums[g][v]);
      }
    }
  }
#pragma GCC unroll 8
  for (int g = 0; g < kGroups; g++)
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; v++) s.put(to + at + g * s.step + v * kLanes, sums[g][v], lanes);
}

/** The same for one vector where the kernel's rows have kTaps taps: what a row reads is loaded once for all of its taps.
 * Taps are kTapStep units apart, groups kGroupStep. */
template <int kGroups, int kTaps, int kTapStep, int kGroupStep, class Lanes>
inline __attribute__((always_inline)) void sum_in_rows(const Sums& s, const float* x, ptrdiff_t at, float* to,
                                                       Lanes lanes) {
  const ptrdiff_t padded = s.pattern.padded(), unit = s.view.group / kGroupStep;
  vf sums[kGroups];
#pragma GCC unroll 8
  for (int g = 0; g < kGroups; g++) sums[g] = vf{};
  for (int row = s.down.begin; row < s.down.end; row++) {
    const float* const w = s.weights_of(row, s.across.begin) + at;
    vf weights[kTaps];
#pragma GCC unroll 7
    for (int t = 0; t < kTaps; t++) weights[t] = load(w + t * padded);
    const float* from = s.element(x, at) + s.view.down[row] + s.view.across[s.across.begin];
    constexpr int kRead = (kGroups - 1) * kGroupStep + (kTaps - 1) * kTapStep + 1;
    vf read[kRead];
#pragma GCC unroll 21
    for (int i = 0; i < kRead; i++) {
      read[i] = lanes.get(from + i * unit);
#if defined(__AVX512F__)
      __asm__("" : "+v"(read[i]));  // else GCC would load it again for every tap
#endif
    }
#pragma GCC unroll 7
    for (int t = 0; t < kTaps; t++)
#pragma GCC unroll 8
      for (int g = 0; g < kGroups; g++)
        sums[g] = fma(read[g * kGroupStep + t * kTapStep], weights[t], sums[g]);
  }
#pragma GCC unroll 8
  for (int g = 0; g < kGroups; g++) s.put(to + at + g * s.step, sums[g], lanes);
}

/** All vectors of kGroups groups. */
template <int kGroups, int kTaps, int kTapStep = 1, int kGroupStep = 1>
void sum_groups_in_rows(const Sums& s, const float* x, float* to) {
  for_lanes(s.elements.size(), [&](int64_t i, auto lanes) {
    sum_in_rows<kGroups, kTaps, kTapStep, kGroupStep>(s, x, s.elements.begin + i, to, lanes);
  });
}

template <int kGroups>
void sum_groups(const Sums& s, const float* x, float* to) {
  constexpr int kVectors = kMaxGroups / kGroups;  // so that no addition waits for the one before
  if constexpr (kVectors == 1 && kLanes == 16) {  // AVX-512 has registers enough
    const int taps = s.across.size();
    const ptrdiff_t step = s.view.tap_step, group = s.view.group;
    if (taps == 1) return sum_groups_in_rows<kGroups, 1>(s, x, to);
    if (taps == 2 && step == group) return sum_groups_in_rows<kGroups, 2>(s, x, to);
    if (taps == 3 && step == group) return sum_groups_in_rows<kGroups, 3>(s, x, to);
    if (taps == 4 && step == group) return sum_groups_in_rows<kGroups, 4>(s, x, to);
    if (taps == 5 && step == group) return sum_groups_in_rows<kGroups, 5>(s, x, to);
    if (taps == 7 && step == group) return sum_groups_in_rows<kGroups, 7>(s, x, to);
    if (taps == 3 && step == 2 * group) return sum_groups_in_rows<kGroups, 3, 2, 1>(s, x, to);
    if (taps == 2 && 2 * step == group) return sum_groups_in_rows<kGroups, 2, 1, 2>(s, x, to);
    if (taps == 3 && 2 * step == group) return sum_groups_in_rows<kGroups, 3, 1, 2>(s, x, to);
    if (taps == 4 && 2 * step == group) return sum_groups_in_rows<kGroups, 4, 1, 2>(s, x, to);
    if (taps == 5 && 2 * step == group) return sum_groups_in_rows<kGroups, 5, 1, 2>(s, x, to);
    if (taps == 7 && 2 * step == group) return sum_groups_in_rows<kGroups, 7, 1, 2>(s, x, to);
  }
  int at = s.elements.begin;
  const int elements = s.elements.end;
  for (; at + kVectors * kLanes <= elements; at += kVectors * kLanes)
    sum_vectors<kGroups, kVectors>(s, x, at, to, Whole{});
  for (; at + kLanes <= elements; at += kLanes) sum_vectors<kGroups, 1>(s, x, at, to, Whole{});
  if (at < elements) sum_vectors<kGroups, 1>(s, x, at, to, Part{elements - at});
}

template <int... G>
constexpr std::array<void (*)(const Sums&, const float*, float*), sizeof...(G)> all_sizes(
    std::integer_sequence<int, G...>) {
  return {sum_groups<G + 1>...};
}
constexpr auto kSumGroups = all_sizes(std::make_integer_sequence<int, kMaxGroups>{});

/** The sums of `count` positions: whole groups of them, then the rest one by one. */
void sum_positions(const Sums& s, const float* x, int count, float* to, ptrdiff_t place) {
  const int groups = count / s.pattern.pixels, parts = ceil_div(groups, kMaxGroups);
  for (int part = 0; part < parts; part++) {
    const int begin = groups * part / parts, end = groups * (part + 1) / parts;
    s.ahead.prefetch(begin * s.view.group, (end - begin) * s.view.group);
    kSumGroups[end - begin - 1](s, x + begin * s.view.group, to + begin * s.step);
  }
  for (int i = groups * s.pattern.pixels; i < count; i++)
    for_lanes(s.pattern.channels, [&](int64_t at, auto lanes) {
      sum_vectors<1, 1>(s, x + i * s.view.place, at, to + i * place, lanes);
    });
}

void run_piece(const Gather& g, const Pattern& pattern, const Phase& phase, const Piece& p,
               const RowEpilogue& epilogue, const float* weights, bool nontemporal) {
  const ptrdiff_t channels = g.out_c;
  float* const sums = (float*)thread_scratch(sizeof(float) * p.columns * channels);
  const View view = view_of(pattern, phase, p, Image{g.in, g.in_h, g.in_w, g.in_c, g.in_c});
  const AxisPhase &y = *phase.y, &x = *phase.x;
  const ptrdiff_t place = x.out_step * channels;
  const bool as_they_are = !g.epilogue;
  const ptrdiff_t step = as_they_are ? place : channels;
  const std::vector<Segment> across = clip(phase.across, p.x0, p.columns);
  const bool prefetches = exceeds_l3(g.read_bytes());
  const ptrdiff_t pitch = view.row / y.in_step;
  for (const Segment& rows : clip(phase.down, p.y0, p.rows))
    for (int i = rows.begin; i < rows.end; i++) {
      const ptrdiff_t row = (ptrdiff_t)p.image * g.out_h + y.out + (p.y0 + i) * y.out_step;
      float* const out = g.out + (row * g.out_w + x.out + p.x0 * x.out_step) * channels;
      for (const Segment& s : across) {
        Sums positions{pattern,
                       view,
                       rows.taps,
                       s.taps,
                       weights,
                       pattern.pixels * step,
                       as_they_are && nontemporal,
                       {0, pattern.elements},
                       false};
        // A single row is read in the order of memory, which the core prefetches by itself.
        const float* const from = view.data + i * view.row + s.begin * view.place;
        if (prefetches && rows.taps.size() > 1 && s.taps.size() > 0)
          positions.ahead = {from + view.down[rows.taps.end - 1] + view.across[s.taps.begin] + pitch,
                             y.in_step, pitch};
        sum_positions(positions, from, s.end - s.begin, (as_they_are ? out : sums) + s.begin * step, step);
      }
      if (!as_they_are) epilogue.store(sums, p.columns, place, out, nontemporal);
    }
}

/** Copies vector `at` of the channels of the pixels that a piece reads to `to`, with zeros left and right of the image; rows
 * beyond it are not read. */
void take_vector(const Gather& g, const Phase& phase, const Piece& p, int at, float* to) {
  const AxisPhase &y = *phase.y, &x = *phase.x;
  const int top = p.y0 * y.in_step + y.first(), left = p.x0 * x.in_step + x.first();
  const int high = window_height(phase, p.rows), wide = window_width(phase, p.columns);
  const int begin = std::clamp(-left, 0, wide), end = std::clamp(g.in_w - left, begin, wide);
  const auto copy = [&](auto lanes) {
    for (int i = std::max(-top, 0); i < std::min(high, g.in_h - top); i++) {
      const float* const row = g.in + (((ptrdiff_t)p.image * g.in_h + top + i) * g.in_w + left) * g.in_c + at;
      float* const line = to + (ptrdiff_t)i * wide * kLanes;
      for (int j = 0; j < begin; j++) store(line + j * kLanes, vf{});
      for (int j = begin; j < end; j++) store(line + j * kLanes, lanes.get(row + (ptrdiff_t)j * g.in_c));
      for (int j = end; j < wide; j++) store(line + j * kLanes, vf{});
    }
  };
  g.in_c - at >= kLanes ? copy(Whole{}) : copy(Part{g.in_c - at});
}

/** The same vector by vector of the channels, from a copy whose vectors are neighbours: pixels of many channels are at
 * such distances that those of a window push each other out of L1. */
void run_piece_by_vectors(const Gather& g, const Pattern& pattern, const Phase& phase, const Piece& p,
                          const RowEpilogue& epilogue, const float* weights, bool nontemporal) {
  const AxisPhase &y = *phase.y, &x = *phase.x;
  const ptrdiff_t channels = g.out_c, place = x.out_step * channels;
  const bool as_they_are = !g.epilogue;
  const ptrdiff_t step = as_they_are ? place : channels;
  const size_t copy = (size_t)window_height(phase, p.rows) * window_width(phase, p.columns) * kLanes;
  const size_t made = as_they_are ? 0 : (size_t)p.rows * p.columns * channels;
  float* const window = (float*)thread_scratch(sizeof(float) * (copy + made));
  float* const sums = window + copy;
  const View view = view_of_vectors(phase, p, window);
  const auto row_of = [&](int i) {
    const ptrdiff_t row = (ptrdiff_t)p.image * g.out_h + y.out + (p.y0 + i) * y.out_step;
    return g.out + (row * g.out_w + x.out + p.x0 * x.out_step) * channels;
  };
  const std::vector<Segment> down = clip(phase.down, p.y0, p.rows);
  for (int at = 0; at < channels; at += kLanes) {
    take_vector(g, phase, p, at, window);
    const Range elements{at, std::min(at + kLanes, (int)channels)};
    for (const Segment& rows : down)
      for (int i = rows.begin; i < rows.end; i++)
        sum_positions({pattern,
                       view,
                       rows.taps,
                       {0, (int)x.taps.size()},
                       weights,
                       step,
                       as_they_are && nontemporal,
                       elements,
                       true},
                      view.data + i * view.row, p.columns,
                      as_they_are ? row_of(i) : sums + i * p.columns * channels, step);
  }
  for (int i = 0; i < p.rows && !as_they_are; i++)
    epilogue.store(sums + i * p.columns * channels, p.columns, place, row_of(i), nontemporal);
}

}  // namespace

void forward(const Gather& g, const float* packed) {
  using namespace depthwise;
  const Pattern pattern(g.plan, g.out_c);
  const RowEpilogue epilogue(g.out, g.out_c, g.ending());
  const std::vector<Phase> phases = phases_of(g.plan, g.in_h, g.in_w);
  std::vector<const float*> weights;  // of each phase
  for (const Phase& phase : phases) {
    weights.push_back(packed);
    packed += phase.y->taps.size() * phase.x->taps.size() * pattern.padded();
  }
  const bool by_vectors = pattern.goes_by_vectors(g.plan), nontemporal = g.stores_nontemporally(g.out_c);
  const std::vector<Piece> pieces = pieces_of(pattern, phases, g.n, by_vectors);
  const auto run = by_vectors ? run_piece_by_vectors : run_piece;
  parallel_for((int)pieces.size(), [&](int i, int) {
    const int phase = pieces[i].phase;
    run(g, pattern, phases[phase], pieces[i], epilogue, weights[phase], nontemporal);
  });
}

}  // namespace fovea::FOVEA_ISA::conv::depthwise
