// gather, which chooses rows of a matrix by number, and its gradient, which adds rows up where they were chosen from. Both are
// parallel over the rows they write; the gradient's tasks each walk all indices and take those of their own rows, so sums are in
// the order of the indices for any number of threads.
#include <algorithm>

#include "kernels/simd/lanes.h"
#include "program/numbers.h"

namespace fovea::FOVEA_ISA {
namespace {

/** The row that a number names, or -1. */
inline int64_t row_of(float index, int64_t rows) {
  if (!(index >= 0 && index < float(rows))) return -1;
  const int64_t row = int64_t(index);
  return float(row) == index ? row : -1;
}

struct GatherShape {
  explicit GatherShape(const Call& call) {
    Numbers numbers(call);
    rows = numbers.whole();
    columns = numbers.whole();
    count = numbers.whole();
  }
  int64_t rows, columns, count;
};

}  // namespace

void gather(const Call& call) {
  const GatherShape s(call);
  const float *x = call.operands[0], *indices = call.operands[1];
  float* y = call.operands[2];
  parallel_rows(s.count, s.columns, [=](int64_t i, int64_t end) {
    for (; i < end; i++) {
      const int64_t row = row_of(indices[i], s.rows);
      if (row >= 0)
        std::copy_n(x + row * s.columns, s.columns, y + i * s.columns);
      else
        std::fill_n(y + i * s.columns, s.columns, 0.0f);
    }
  });
}

void gather_grad(const Call& call) {
  const GatherShape s(call);
  const float *dy = call.operands[0], *indices = call.operands[1];
  float* dx = call.operands[2];
  // As many tasks as keep walking the indices cheaper than adding the rows.
  const int64_t tasks = std::clamp<int64_t>(s.columns, 1, 16);
  const int64_t chunk = (s.rows + tasks - 1) / tasks;
  parallel_ranges(s.rows, chunk > 0 ? chunk : 1, [=](int64_t begin, int64_t end) {
    std::fill_n(dx + begin * s.columns, (end - begin) * s.columns, 0.0f);
    for (int64_t i = 0; i < s.count; i++) {
      const int64_t row = row_of(indices[i], s.rows);
      if (row < begin || row >= end) continue;
      const float* from = dy + i * s.columns;
      float* to = dx + row * s.columns;
      for_lanes(s.columns,
                [=](int64_t c, auto lanes) { lanes.put(to + c, lanes.get(to + c) + lanes.get(from + c)); });
    }
  });
}

}  // namespace fovea::FOVEA_ISA
