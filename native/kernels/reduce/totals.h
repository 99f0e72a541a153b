// Totals (sums, maxima) over the middle axis of [outer, count, inner], of anything computed from an element:
// the loop behind reduce, normalize and normalizeGrad. Eight values are combined pairwise in float, then
// their total in double, and how the work is cut depends on the shape alone: the result is as good as exact,
// and its bits do not depend on the number of threads.
#pragma once

#include <algorithm>
#include <array>
#include <numeric>

#include "kernels/simd/lanes.h"

namespace fovea::FOVEA_ISA {

struct Sum {
  static constexpr double start = 0;
  template <class V>
  static V of(V a, V b) {
    return a + b;
  }
};

/** NaN if any value is. */
struct Largest {
  static constexpr double start = -std::numeric_limits<double>::infinity();
  static vf of(vf a, vf b) { return (a > b) | (a != a) ? a : b; }
  static vd of(vd a, vd b) { return (a > b) | (a != a) ? a : b; }
  static double of(double a, double b) { return a > b || a != a ? a : b; }
};
struct Smallest {
  static constexpr double start = std::numeric_limits<double>::infinity();
  static vf of(vf a, vf b) { return (a < b) | (a != a) ? a : b; }
  static vd of(vd a, vd b) { return (a < b) | (a != a) ? a : b; }
  static double of(double a, double b) { return a < b || a != a ? a : b; }
};

/** Where a vector of elements is: its first one in the dense array, in the folded row (see Folded), and its
 * outer index. */
struct Place {
  int64_t element, column, outer;
};

/** K quantities that are totalled together. */
template <int K>
struct Values {
  vf v[K];
};

/** Columns that are totalled at a time, and elements in one task. */
constexpr int64_t kTotalsTile = 1024, kTotalsChunk = 32768;

/** [count, inner] seen as [rows, width], `fold` of its rows side by side so that narrow ones, too, fill
 * vectors, and a rest. */
struct Folded {
  int64_t fold = 1, width, rows, rest;
  Folded(int64_t count, int64_t inner) {
    if (inner < 64) {
      fold = kLanes / std::gcd(inner, int64_t(kLanes));
      while (fold * inner < 64) fold *= 2;
    }
    width = fold * inner;
    rows = count / fold;
    rest = count % fold * inner;
  }
};

template <class Op, int K>
struct Totals {
  double of[K][kTotalsTile + kLanes];

  void clear(int64_t width) {
    for (auto& column : of) std::fill_n(column, width + kLanes, Op::start);
  }
  void add(int64_t i, const Values<K>& values) {
    for (int k = 0; k < K; k++) {
      double* at = of[k] + i;
      store_double(at, Op::of(load_double(at), widen_low(values.v[k])));
      store_double(at + kHalf, Op::of(load_double(at + kHalf), widen_high(values.v[k])));
    }
  }
  /** Adds `rows` rows of `n` columns; at(row, column, lanes) gives the values there. */
  template <class At>
  void add_rows(int64_t rows, int64_t n, At at) {
    int64_t r = 0;
    for (; r + 8 <= rows; r += 8) {
      for_lanes(n, [&](int64_t i, auto lanes) {
        Values<K> t[8];
        for (int j = 0; j < 8; j++) t[j] = at(r + j, i, lanes);
        for (int half = 4; half > 0; half /= 2)
          for (int j = 0; j < half; j++)
            for (int k = 0; k < K; k++) t[j].v[k] = Op::of(t[j].v[k], t[j + half].v[k]);
        add(i, t[0]);
      });
    }
    for (; r < rows; r++) for_lanes(n, [&](int64_t i, auto lanes) { add(i, at(r, i, lanes)); });
  }
  /** Adds the first `n` columns of a row. */
  template <class At>
  void add_rest(int64_t n, At at) {
    for_lanes(n, [&](int64_t i, auto lanes) {
      Values<K> values = at(i, lanes);
      for (vf& v : values.v) v = lanes.or_else(v, float(Op::start));
      add(i, values);
    });
  }
  void add(const double* partial, int64_t width) {
    for (int k = 0; k < K; k++)
      for (int64_t i = 0; i < width; i++) of[k][i] = Op::of(of[k][i], partial[k * width + i]);
  }
  void fold(int64_t times, int64_t inner) {
    for (; times > 1; times /= 2) {
      const int64_t half = times / 2 * inner;
      for (auto& column : of)
        for (int64_t i = 0; i < half; i++) column[i] = Op::of(column[i], column[i + half]);
    }
  }
};

template <class Op, int K, class At>
__attribute__((noinline)) std::array<double, K> long_row_totals(int64_t columns, const At& at) {
  const Folded f(columns, 1);
  Totals<Op, K> totals;
  totals.clear(f.width);
  totals.add_rows(f.rows, f.width,
                  [&](int64_t r, int64_t i, auto lanes) { return at(r * f.width + i, lanes); });
  totals.add_rest(f.rest, [&](int64_t i, auto lanes) { return at(f.rows * f.width + i, lanes); });
  totals.fold(f.fold, 1);
  std::array<double, K> result;
  for (int k = 0; k < K; k++) result[k] = totals.of[k][0];
  return result;
}

/**
 * The totals of one contiguous row; at(column, lanes) gives the values. A short row is added up in double
 * throughout.
 */
template <class Op, int K, class At>
__attribute__((always_inline)) inline std::array<double, K> row_totals(int64_t columns, const At& at) {
  if (columns >= 512) return long_row_totals<Op, K>(columns, at);
  vd low[K], high[K];
  for (int k = 0; k < K; k++) low[k] = high[k] = Op::start - vd{};
  for_lanes(columns, [&](int64_t i, auto lanes) {
    const Values<K> values = at(i, lanes);
    for (int k = 0; k < K; k++) {
      const vf v = lanes.or_else(values.v[k], float(Op::start));
      low[k] = Op::of(low[k], widen_low(v));
      high[k] = Op::of(high[k], widen_high(v));
    }
  });
  std::array<double, K> result;
  for (int k = 0; k < K; k++) {
    double lanes[kHalf];
    store_double(lanes, Op::of(low[k], high[k]));
    for (int half = kHalf / 2; half > 0; half /= 2)
      for (int i = 0; i < half; i++) lanes[i] = Op::of(lanes[i], lanes[i + half]);
    result[k] = lanes[0];
  }
  return result;
}

/**
 * at(place, lanes) gives the K values of a vector of elements. finish(first, n, totals) gets the totals of
 * the outputs first .. first + n of [outer, inner].
 */
template <class Op, int K, class At, class Finish>
void totals_over(int64_t outer, int64_t count, int64_t inner, At at, Finish finish) {
  if (outer * inner == 0) return;
  const Folded f(count, inner);
  const int64_t tile = std::min(f.width, kTotalsTile), tiles = (f.width + tile - 1) / tile;
  const int64_t chunk = std::max(kTotalsChunk / tile / 8 * 8, int64_t{8});
  const int64_t chunks = std::max((f.rows + chunk - 1) / chunk, int64_t{1});
  using T = Totals<Op, K>;

  // Out of line, as two loops below call them, and each kernel has these loops.
  const auto add_chunk = [&](T & totals, int64_t o, int64_t t, int64_t c) __attribute__((noinline)) {
    const int64_t left = t * tile, n = std::min(tile, f.width - left), first = c * chunk;
    const int64_t start = o * count * inner + first * f.width + left, rows = std::min(chunk, f.rows - first);
    totals.clear(tile);
    totals.add_rows(rows, n, [&](int64_t r, int64_t i, auto lanes) {
      return at(Place{start + r * f.width + i, left + i, o}, lanes);
    });
    if (c == chunks - 1)
      totals.add_rest(f.rest, [&](int64_t i, auto lanes) {
        return at(Place{start + rows * f.width + i, i, o}, lanes);
      });
  };
  const auto finish_tile = [&](T & totals, int64_t o, int64_t t) __attribute__((noinline)) {
    totals.fold(f.fold, inner);
    const int64_t left = t * tile;
    finish(o * inner + left, std::min(tile, inner - left), totals);
  };

  if (chunks == 1 && inner == 1) {
    parallel_rows(outer, count, [&](int64_t begin, int64_t end) {
      T totals;
      for (int64_t o = begin; o < end; o++) {
        const auto of_row = [&](int64_t i, auto lanes) { return at(Place{o * count + i, 0, o}, lanes); };
        const auto row = row_totals<Op, K>(count, of_row);
        for (int k = 0; k < K; k++) totals.of[k][0] = row[k];
        finish(o, 1, totals);
      }
    });
    return;
  }
  if (chunks == 1) {
    parallel_rows(outer * tiles, count * inner / tiles, [&](int64_t begin, int64_t end) {
      T totals;
      for (int64_t task = begin; task < end; task++) {
        add_chunk(totals, task / tiles, task % tiles, 0);
        finish_tile(totals, task / tiles, task % tiles);
      }
    });
    return;
  }
  double* partials = (double*)shared_scratch(0, size_t(outer * tiles * chunks * K * tile) * sizeof(double));
  parallel_ranges(outer * tiles * chunks, 1, [&](int64_t task, int64_t) {
    T totals;
    add_chunk(totals, task / chunks / tiles, task / chunks % tiles, task % chunks);
    for (int k = 0; k < K; k++) std::copy_n(totals.of[k], tile, partials + (task * K + k) * tile);
  });
  parallel_rows(outer * tiles, chunks * tile, [&](int64_t begin, int64_t end) {
    T totals;
    for (int64_t task = begin; task < end; task++) {
      totals.clear(tile);
      for (int64_t c = 0; c < chunks; c++) totals.add(partials + (task * chunks + c) * K * tile, tile);
      finish_tile(totals, task / tiles, task % tiles);
    }
  });
}

}  // namespace fovea::FOVEA_ISA
