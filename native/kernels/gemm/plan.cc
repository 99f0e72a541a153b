// BLIS's block sizes for this machine's caches, and how a product is shared among threads.
#include "kernels/gemm/plan.h"

#include <algorithm>

#include "kernels/gemm/microkernel.h"
#include "kernels/simd/integers.h"
#include "runtime/cpu.h"
#include "runtime/thread_pool.h"

namespace fovea::FOVEA_ISA {
namespace {

/** KC: a panel of A nearly fills L1. Longer panels write C less often, and what B, streaming by, drives out of L1 is prefetched
 * again in time. */
int panel_steps() {
  constexpr int kMax = 512;
  const int fitting = (int)(cpu().l1 * 9 / 10 / (kRows * sizeof(float)));
  return std::clamp(fitting / 32 * 32, 128, kMax);
}

/**
 * NC * KC in bytes, packed B: half of L2, or where that is small, a part of L3: the wider it is, the fewer times A is packed. Each
 * thread may have its own.
 */
size_t packed_bytes() {
  constexpr size_t kEnough = (size_t)1 << 20, kMax = (size_t)2 << 20;
  const size_t half = cpu().l2 / 2, part = cpu().l3 / (size_t)std::max(8, 2 * threads());
  return half >= kEnough ? half : std::max(half, std::min(part, kMax));
}

/**
 * One part for each thread, where that is cheap enough: every row of parts packs B again and every column of
 * parts packs A again. Otherwise there are none. Cores that write to either end of the same rows of C also take lines
 * from each other, which costs the packing of some hundred elements a row.
 */
void choose_parts(int m, int n, int k, GemmPlan& plan) {
  const int row_panels = ceil_div(m, kRows), column_panels = ceil_div(n, kColumns);
  constexpr double kSharedRow = 300;
  double least = 1.0 / 100;
  for (int rows = 1; rows <= std::min(threads(), row_panels); rows++) {
    const int columns = threads() / rows;
    const double extra = (rows - 1.0) / m + (columns - 1.0) / n * (1 + kSharedRow / k);
    if (rows * columns != threads() || columns > column_panels || extra > least) continue;
    least = extra;
    plan.row_parts = rows;
    plan.column_parts = columns;
  }
}

}  // namespace

GemmPlan plan_gemm(int m, int n, int k, bool a_may_be_direct, bool b_may_be_direct) {
  static const int max_steps = panel_steps();
  const size_t room = packed_bytes();
  GemmPlan plan{};
  const int row_panels = ceil_div(m, kRows), column_panels = ceil_div(n, kColumns);
  plan.slices = 1;
  // A long sum over few results: slices of it keep the cores busy without waiting for each other after every
  // block.
  if ((int64_t)m * n <= (1 << 16) && k >= 8 * max_steps && k >= 4 * std::max(m, n))
    plan.slices = std::min(16, k / (2 * max_steps));
  const int k_slice = ceil_div(k, plan.slices);
  const int blocks = std::max(1, ceil_div(k_slice, max_steps));
  plan.steps = std::max(1, ceil_div(k_slice, blocks));
  plan.direct_a = a_may_be_direct && column_panels <= 2;
  plan.direct_b = b_may_be_direct && row_panels <= 2;
  const size_t panel_bytes = (size_t)plan.steps * kColumns * sizeof(float);
  plan.width = (int)std::clamp<size_t>(room / panel_bytes, 1, column_panels);
  plan.depth = (int)std::clamp<size_t>(room / (panel_bytes * plan.width), 1, blocks);
  // Tasks of some microseconds at least, several for each thread where there is enough work. Fewer rows than
  // that take no less time, as they wait for B.
  constexpr int kMinRows = 8;
  const double work = 2.0 * std::max(m, kMinRows) * std::min<double>(n, (double)plan.width * kColumns) *
                      std::min<double>(k, (double)plan.depth * plan.steps);
  const int tasks = (int)std::clamp(work / 1e6, 1.0, 4.0 * threads());
  if (row_panels >= 4 * tasks || column_panels == 1) {
    plan.row_tasks = tasks;
    plan.column_tasks = 1;
  } else {
    plan.row_tasks = std::max(1, std::min(tasks, row_panels / 2));
    plan.column_tasks = ceil_div(tasks, plan.row_tasks);
  }
  // A block of A stays in L2 beside B.
  const size_t a_bytes = (size_t)plan.steps * kRows * sizeof(float);
  const int max_rows = (int)std::max<size_t>(1, cpu().l2 / 4 / a_bytes);
  plan.row_tasks = std::max(plan.row_tasks, ceil_div(row_panels, max_rows));
  if (threads() > 1 && tasks > 1) choose_parts(m, n, k, plan);
  return plan;
}

size_t packed_b_size(int n, int k) { return (size_t)ceil_div(n, kColumns) * kColumns * k; }

}  // namespace fovea::FOVEA_ISA
