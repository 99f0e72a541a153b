// The microkernels of forward.cc, and of matmul/thin.cc, where a row of A is a position: a row of positions, each a sum
// over its window of the products of pixels and the weights of one to four outputs. Vectors run along channels. The
// vectors of as many positions as fill one with their sums are added up at a time, then all summed across together.
#pragma once

#include <algorithm>

#include "kernels/conv/few_outputs/forward.h"
#include "kernels/conv/shared/padded_window.h"
#include "kernels/layout/transpose.h"
#include "kernels/simd/integers.h"
#include "kernels/simd/lanes.h"

namespace fovea::FOVEA_ISA::conv::few_outputs {

/** A window's runs: rows of kernel taps that are neighbours in memory, each `length` elements, padded to whole vectors. */
struct Runs {
  int count, length, padded;
  bool joined;
  bool shared;  // a run is one tap, whose pixel serves the neighbours' other taps, too: see SharedRows
};

/** The sums across the rows of `rows`, one a lane: each step adds neighbours and halves the number of vectors. */
template <int kBit = 1>
inline __attribute__((always_inline)) vf sums_across(vf (&rows)[kLanes]) {
  if constexpr (kBit == kLanes) {
    return rows[0];
  } else {
#pragma GCC unroll 8
    for (int i = 0; i < kLanes / kBit / 2; i++) {
      vf a = rows[2 * i], b = rows[2 * i + 1];
      exchange<kBit>(a, b, std::make_integer_sequence<int, kLanes>{});
      rows[i] = a + b;
    }
    return sums_across<kBit * 2>(rows);
  }
}

/** The runs of a window that lie in the image: where the first position's begin, and their weights for the first output. */
struct Window {
  int runs = 0;
  const float** starts;
  const float** weights;
  float* room = nullptr;  // for the padded windows at the ends of a row
  PrefetchRegion ahead = {};

  void add(const float* start, const float* run_weights) {
    starts[runs] = start;
    weights[runs++] = run_weights;
  }
};

/** The vectors of products of kPixels neighbouring positions, `step` apart: sums[pixel * kOutputs + o]. */
template <int kOutputs, int kPixels>
inline __attribute__((always_inline)) void add_windows(const Runs& runs, const Window& window, ptrdiff_t at,
                                                       ptrdiff_t step, vf* sums) {
  vf acc[kOutputs][kPixels];
#pragma GCC unroll 4
  for (int o = 0; o < kOutputs; o++) {
#pragma GCC unroll 8
    for (int i = 0; i < kPixels; i++) acc[o][i] = vf{};
  }
  const ptrdiff_t next_output = (ptrdiff_t)runs.count * runs.padded;
  const auto add = [&](const float* x, const float* w, auto lanes) __attribute__((always_inline)) {
#pragma GCC unroll 8
    for (int i = 0; i < kPixels; i++) {
      vf a = lanes.get(x + i * step);
      if (kOutputs > 1) pin(a);
#pragma GCC unroll 4
      for (int o = 0; o < kOutputs; o++) acc[o][i] = fma(a, load(w + o * next_output), acc[o][i]);
    }
  };
  for (int run = 0; run < window.runs; run++) {
    const float *const x = window.starts[run] + at, *const w = window.weights[run];
    int k = 0;
    for (; k + kLanes <= runs.length; k += kLanes) add(x + k, w + k, Whole{});
    if (k < runs.length) add(x + k, w + k, Part{runs.length - k});
  }
#pragma GCC unroll 4
  for (int o = 0; o < kOutputs; o++) {
#pragma GCC unroll 8
    for (int i = 0; i < kPixels; i++) sums[i * kOutputs + o] = acc[o][i];
  }
}

/** Positions whose windows are alike: to[position * kOutputs + o]. */
template <int kOutputs>
void row_of_positions(const Runs& runs, const Window& window, ptrdiff_t step, int positions, float* to) {
  constexpr int kPositions = kLanes / kOutputs, kPixels = std::min(8, kPositions);
  vf sums[kLanes];
  for (int first = 0; first < positions; first += kPositions) {
    const int count = std::min(kPositions, positions - first);
    window.ahead.prefetch(first * step, count * step);
    int i = 0;
    for (; i + kPixels <= count; i += kPixels)
      add_windows<kOutputs, kPixels>(runs, window, (first + i) * step, step, sums + i * kOutputs);
    for (; i < count; i++)
      add_windows<kOutputs, 1>(runs, window, (first + i) * step, step, sums + i * kOutputs);
    for (i *= kOutputs; i < kLanes; i++) sums[i] = vf{};
    store_partial(to + first * kOutputs, sums_across<1>(sums), count * kOutputs);
  }
}

using RowOfPositions = void (*)(const Runs&, const Window&, ptrdiff_t, int, float*);
constexpr RowOfPositions kRowOfPositions[kFewOutputs] = {row_of_positions<1>, row_of_positions<2>,
                                                         row_of_positions<3>, row_of_positions<4>};

/**
 * Rows of pixels of which neighbouring positions read the same ones, each by another tap: a pixel's vector is loaded once
 * for all of them, and the taps' weights once for all positions. Loads would bound the sums otherwise, as two of
 * them feed one multiplication.
 */
struct SharedRows {
  const Window& window;  // a run is a row of the image, from its first pixel, with the weights of all taps
  int width, pixel;      // of the image: pixels of a row, elements of one
  int first, taps;       // the column of the first position's first tap
  int channels;
};

/** So many of the taps that are left are added together: two to four. */
inline int taps_at_once(int left) { return left == 2 || left == 4 ? left : 3; }

/** Where the weights of a row lie, in the order in which they are read: of the taps that are added together,
 * for each vector of channels [tap][output][lane]. */
struct SharedWeights {
  int taps, channels, outputs;

  int size() const { return taps * round_up(channels, kLanes) * outputs; }
  /** Those of a tap's first channels for an output, and how far it is from there to those of the next channels. */
  struct Place {
    int start, to_next_vector;
  };
  Place of(int tap, int output) const {
    int first = 0, together = taps_at_once(taps);
    while (tap >= first + together) first += together, together = taps_at_once(taps - first);
    const int before = first * round_up(channels, kLanes) * outputs;
    return {before + ((tap - first) * outputs + output) * kLanes, together * outputs * kLanes};
  }
};

/** Adds kTaps taps of a row of pixels to kPositions positions, the first of which reads pixel `column` by the first of them; returns
 * what follows their weights. Where not all of the pixels are `kInside` the row, the others count as zeros. */
template <int kOutputs, int kPositions, int kTaps, bool kInside>
inline __attribute__((always_inline)) const float* add_taps(const SharedRows& r, const float* row, int column,
                                                            const float* weights,
                                                            vf (&acc)[kOutputs][kPositions]) {
  alignas(64) static constexpr float zeros[kLanes] = {};
  const float* x = row + (ptrdiff_t)column * r.pixel;
  const auto add = [&](auto lanes) __attribute__((always_inline)) {
    const float* at = x;
#pragma GCC unroll 32
    for (int j = 0; j < kPositions + kTaps - 1; j++) {
      const bool is_there = kInside || (unsigned)(column + j) < (unsigned)r.width;
      const float* const from = is_there ? at : zeros;
      at += r.pixel;
      __asm__("" : "+r"(at));  // one pointer: for all columns together there are not enough registers
      const vf a = lanes.get(from);
#pragma GCC unroll 4
      for (int t = 0; t < kTaps; t++) {
        if (t > j || j - t >= kPositions) continue;
#pragma GCC unroll 4
        for (int o = 0; o < kOutputs; o++)
          acc[o][j - t] = fma(a, load(weights + (t * kOutputs + o) * kLanes), acc[o][j - t]);
      }
    }
    x += kLanes;
    weights += kTaps * kOutputs * kLanes;
  };
  int k = 0;
  if constexpr (kInside)
    for (; k + kLanes <= r.channels; k += kLanes) add(Whole{});
  for (; k < r.channels; k += kLanes) add(Part{std::min(r.channels - k, kLanes)});
  return weights;
}

template <int kOutputs, int kPositions, bool kInside>
inline __attribute__((always_inline)) void add_shared(const SharedRows& r, int column, vf* sums) {
  vf acc[kOutputs][kPositions];
#pragma GCC unroll 4
  for (int o = 0; o < kOutputs; o++) {
#pragma GCC unroll 16
    for (int i = 0; i < kPositions; i++) acc[o][i] = vf{};
  }
  for (int run = 0; run < r.window.runs; run++) {
    const float* const row = r.window.starts[run];
    const float* w = r.window.weights[run];
    for (int tap = 0; tap < r.taps;) {
      const int together = taps_at_once(r.taps - tap);
      if (together == 3)
        w = add_taps<kOutputs, kPositions, 3, kInside>(r, row, column + tap, w, acc);
      else if (together == 2)
        w = add_taps<kOutputs, kPositions, 2, kInside>(r, row, column + tap, w, acc);
      else
        w = add_taps<kOutputs, kPositions, 4, kInside>(r, row, column + tap, w, acc);
      tap += together;
    }
  }
#pragma GCC unroll 4
  for (int o = 0; o < kOutputs; o++) {
#pragma GCC unroll 16
    for (int i = 0; i < kPositions; i++) sums[i * kOutputs + o] = acc[o][i];
  }
}

/** All positions of a row: to[position * kOutputs + o]. The last ones are made together with some that were made before. */
template <int kOutputs>
void row_of_shared(const SharedRows& r, int positions, float* to) {
  constexpr int kPositions = kLanes / kOutputs;
  vf sums[kLanes];
  for (int i = kPositions * kOutputs; i < kLanes; i++) sums[i] = vf{};
  for (int at = 0; at < positions; at += kPositions) {
    const int first = std::min(at, std::max(positions - kPositions, 0)), column = r.first + first;
    r.window.ahead.prefetch((ptrdiff_t)first * r.pixel, (ptrdiff_t)kPositions * r.pixel);
    if (column >= 0 && column + kPositions + r.taps - 1 <= r.width)
      add_shared<kOutputs, kPositions, true>(r, column, sums);
    else
      add_shared<kOutputs, kPositions, false>(r, column, sums);
    store_partial(to + first * kOutputs, sums_across<1>(sums), std::min(kPositions, positions) * kOutputs);
  }
}

}  // namespace fovea::FOVEA_ISA::conv::few_outputs
