// Which of the ways a product goes: as a whole, in parts that threads make by themselves, or in slices of its depth.
#include "kernels/gemm/gemm.h"

#include <algorithm>

#include "kernels/elements/epilogue.h"
#include "kernels/gemm/blocked.h"
#include "kernels/simd/integers.h"
#include "runtime/core_distance.h"
#include "runtime/memory.h"
#include "runtime/thread_pool.h"

namespace fovea::FOVEA_ISA {
namespace {

/** A depth of nothing. */
void finish_zeros(const MatrixProduct& p) {
  for (int row = 0; row < p.m; row++) {
    float* y = p.c.base + p.c.offset(row);
    std::fill(y, y + p.n, 0.0f);
    finish_row(p.epilogue, y, p.c.offset(row), 0, p.n);
  }
}

/** Cores exchange data slowly, so each packs for itself all that its parts of C need. */
void run_parts(const Product& p) {
  const Rectangle all = whole(p);
  const Panels rows(all.rows, ceil_div(all.rows, p.plan.row_parts)),
      columns(all.columns, ceil_div(all.columns, p.plan.column_parts));
  parallel_for(rows.count * columns.count, [&](int i, int) {
    const int r = i / columns.count, c = i % columns.count;
    const Rectangle part{rows.start(r), rows.size(r), columns.start(c), columns.size(c)};
    multiply_blocked(p, part, 0, p.k, p.c, p.end);
  });
}

/** Split-K: slices of the depth, each to its own copy of C; then the copies are added in order. */
void run_slices(const Product& p) {
  const Panels slices(p.k, ceil_div(p.k, p.plan.slices));
  const size_t size = (size_t)p.m * p.n;
  float* copies = (float*)(inside_task() ? thread_scratch(size * slices.count * 4, 1)
                                         : shared_scratch(3, size * slices.count * 4));
  parallel_for(slices.count, [&](int i, int) {
    multiply_blocked(p, whole(p), slices.start(i), slices.size(i), DenseC{copies + i * size, p.n}, nullptr);
  });
  const Panels rows(p.m, std::max(1, 4096 / p.n));
  parallel_for(rows.count, [&](int task, int) {
    for (int row = rows.start(task); row < rows.start(task) + rows.size(task); row++) {
      float* y = p.c.base + p.c.offset(row);
      const float* from = copies + (size_t)row * p.n;
      for_lanes(p.n, [&](int64_t j, auto lanes) {
        vf total = lanes.get(from + j);
        for (int s = 1; s < slices.count; s++) total += lanes.get(from + s * size + j);
        lanes.put(y + j, total);
      });
      if (p.end) finish_row(*p.end, y, p.c.offset(row), 0, p.n);
    }
  });
}

}  // namespace

void finish_row(const Epilogue& e, float* y, ptrdiff_t offset, int column, int columns) {
  for_lanes(columns, [&](int64_t j, auto lanes) {
    lanes.put(y + j, finish(e, lanes.get(y + j), offset + j, column + (int)j, lanes));
  });
}

void gemm(const MatrixProduct& product, KeptWeights* kept) {
  const auto& [m, n, k, a, b, c, epilogue] = product;
  if (m == 0 || n == 0) return;
  if (k == 0) return finish_zeros(product);
  ptrdiff_t step;
  Product p{product, epilogue.is_empty() ? nullptr : &epilogue, nullptr, false, {}};
  p.nontemporal = kHasNontemporalStore && store_nontemporally(sizeof(float) * m * n);
  p.plan = plan_gemm(m, n, k, a.direct(0, 0, &step) != nullptr, !kept && b.direct(0, 0, &step) != nullptr);
  if (kept) p.packed_b = kept->get(packed_b_size(n, k), [&](float* to) { pack_all_of_b(p, to); });
  if (p.plan.slices > 1 && !p.packed_b) return run_slices(p);
  if (p.plan.row_parts && !p.packed_b) return run_parts(p);
  multiply_blocked(p, whole(p), 0, k, c, p.end);
}

}  // namespace fovea::FOVEA_ISA
