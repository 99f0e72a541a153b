// The matrix product C = epilogue(A * B) after BLIS: blocks of B and A are packed into panels that stay in
// the caches, and a microkernel (gemm_micro.h) multiplies panel by panel. Where A, B and C come from is up to
// small types like those of gemm_source.h. The sums' order depends on the shape and the machine's
// caches, never on the number of threads.
#pragma once

#include <algorithm>

#include "kernels/gemm/microkernel.h"
#include "kernels/gemm/operands.h"
#include "program/call.h"
#include "runtime/core_distance.h"
#include "runtime/thread_pool.h"

namespace fovea::FOVEA_ISA {

/** How a product is cut up. `steps` and `slices` decide the order of sums, so they do not depend on the
 * threads. */
struct GemmPlan {
  int steps;         // of the summed dimension that a panel holds at most
  int slices;        // of the summed dimension, each added up apart
  int depth;         // blocks of the summed dimension that are packed before the tasks start
  int width;         // panels of B that are packed before the tasks start, at most
  int row_tasks;     // tasks of one round
  int column_tasks;  // tasks of one round
  int row_parts;  // of C that are computed each by itself, packing what they need; 0: all rounds are shared
  int column_parts;
  bool direct_a, direct_b;
};
GemmPlan plan_gemm(int m, int n, int k, bool a_may_be_direct, bool b_may_be_direct);

/** Numbers in all of B packed, which frozen weights keep. */
size_t packed_b_size(int n, int k);

/** Adds bias and residual, activates, multiplies by a derivative: `columns` numbers at `y`, see ../call.h. */
void finish_row(const Epilogue& epilogue, float* y, ptrdiff_t offset, int column, int columns);

/** multiply_tile(), with the epilogue unless that is null, stored past the caches as far as rows of C consist of whole lines:
 * those of the tile, which begin in `column` of the tensor at `c`. */
void multiply_nontemporal(const Tile& tile, const float* c, int column, const Epilogue* epilogue);

inline bool is_empty(const Epilogue& e) {
  return !e.bias && !e.residual && !e.saved && e.activation == Activation::linear;
}

namespace gemm_detail {

/** A rectangle of C, in panels of A and of B. */
struct Part {
  int first_row, rows, first_column, columns;
};

/** Where the packed panels of one round lie: block by block of the summed dimension, panel by panel inside.
 */
struct Round {
  int first_block, blocks;  // of the summed dimension
  int first_panel, panels;  // of B
  float* b;                 // null: read B where it is
  bool pack_b;              // not yet: the first row of tiles packs what it reads
  const float* a;           // null: each task packs its own
};

template <class A, class B, class C>
class Product {
 public:
  Product(int m, int n, int k, const A& a, const B& b, const C& c, const Epilogue& epilogue, float* packed_b)
      : m_(m),
        n_(n),
        k_(k),
        a_(a),
        b_(b),
        c_(c),
        epilogue_(epilogue),
        has_epilogue_(!is_empty(epilogue)),
        packed_b_(packed_b),
        nontemporal_(kHasNontemporalStore && store_nontemporally(sizeof(float) * m * n)) {
    ptrdiff_t step;
    plan_ =
        plan_gemm(m, n, k, a.direct(0, 0, &step) != nullptr, !packed_b && b.direct(0, 0, &step) != nullptr);
  }

  void run() const {
    if (k_ == 0)
      run_empty();
    else if (plan_.slices > 1 && !packed_b_)
      run_slices();
    else if (plan_.row_parts && !packed_b_)
      run_parts();
    else
      run_blocks(whole(), 0, k_, c_, has_epilogue_);
  }

  /** All of B, as `packed_b`. */
  void pack_all_of_b(float* to) const {
    const Panels columns(n_, kColumns, kLanes), blocks(k_, plan_.steps);
    parallel_for(columns.count * blocks.count, [&](int i, int) {
      const int block = i / columns.count, panel = i % columns.count;
      float* at =
          to + ((size_t)blocks.start(block) * columns.count + (size_t)panel * blocks.size(block)) * kColumns;
      b_.pack(at, columns.start(panel), columns.size(panel), blocks.start(block), blocks.size(block));
    });
  }

 private:
  void run_empty() const {
    for (int row = 0; row < m_; row++) {
      float* y = c_.base + c_.offset(row);
      std::fill(y, y + n_, 0.0f);
      finish_row(epilogue_, y, c_.offset(row), 0, n_);
    }
  }

  /** Panels of A, of which all parts have as many. */
  Panels row_panels() const {
    const int parts = std::max(plan_.row_parts, 1), each = (m_ + kRows * parts - 1) / (kRows * parts);
    return Panels(m_, (m_ + each * parts - 1) / (each * parts));
  }

  Part whole() const { return {0, row_panels().count, 0, Panels(n_, kColumns).count}; }

  /** Cores exchange data slowly, so each packs for itself all that its parts of C need. */
  void run_parts() const {
    const Panels rows(whole().rows, (whole().rows + plan_.row_parts - 1) / plan_.row_parts),
        columns(whole().columns, (whole().columns + plan_.column_parts - 1) / plan_.column_parts);
    parallel_for(rows.count * columns.count, [&](int i, int) {
      const int r = i / columns.count, c = i % columns.count;
      run_blocks({rows.start(r), rows.size(r), columns.start(c), columns.size(c)}, 0, k_, c_, has_epilogue_);
    });
  }

  /** Slices of the summed dimension, each to its own copy of C; then the copies are added in order. */
  void run_slices() const {
    const Panels slices(k_, (k_ + plan_.slices - 1) / plan_.slices);
    const size_t size = (size_t)m_ * n_;
    float* copies = (float*)(inside_task() ? thread_scratch(size * slices.count * 4, 1)
                                           : shared_scratch(3, size * slices.count * 4));
    parallel_for(slices.count, [&](int i, int) {
      run_blocks(whole(), slices.start(i), slices.size(i), DenseC{copies + i * size, n_}, false);
    });
    const Panels rows(m_, std::max(1, 4096 / n_));
    parallel_for(rows.count, [&](int task, int) {
      for (int row = rows.start(task); row < rows.start(task) + rows.size(task); row++) {
        float* y = c_.base + c_.offset(row);
        const float* from = copies + (size_t)row * n_;
        int j = 0;
        for (; j + kLanes <= n_; j += kLanes) {
          vf total = load(from + j);
          for (int s = 1; s < slices.count; s++) total += load(from + s * size + j);
          store(y + j, total);
        }
        for (; j < n_; j++) {
          float total = from[j];
          for (int s = 1; s < slices.count; s++) total += from[s * size + j];
          y[j] = total;
        }
        if (has_epilogue_) finish_row(epilogue_, y, c_.offset(row), 0, n_);
      }
    });
  }

  /** A part of C = A[:, k0 .. k0 + depth) * B[k0 .. k0 + depth, :], by rounds of packing and multiplying. */
  template <class Out>
  void run_blocks(const Part& part, int k0, int depth, const Out& c, bool finish) const {
    const Panels rows = row_panels(), columns(n_, kColumns, kLanes), blocks(depth, plan_.steps);
    const bool serial = inside_task() || threads() == 1;
    const bool share_a = plan_.column_tasks > 1 && !plan_.direct_a && !serial;
    const int deep = packed_b_ && !share_a ? blocks.count : std::min(plan_.depth, blocks.count);
    const int wide = packed_b_ ? columns.count : std::min(plan_.width, part.columns);
    const size_t b_size = plan_.direct_b || packed_b_ ? 0 : (size_t)deep * plan_.steps * wide * kColumns;
    const size_t a_size = share_a ? (size_t)deep * plan_.steps * rows.count * kRows : 0;
    ptrdiff_t step;
    const bool on_the_way = serial && b_size && b_.direct(0, 0, &step);
    float* b_room = nullptr;
    if (a_size + b_size) {
      const size_t bytes = (a_size + b_size + 2 * kLanes) * 4;
      b_room = (float*)(serial ? thread_scratch(bytes, 3) : shared_scratch(2, bytes));
    }
    float* a_room = b_room + b_size;
    const int end = part.first_column + part.columns;
    for (int panel = part.first_column; panel < end; panel += wide)
      for (int block = 0; block < blocks.count; block += deep) {
        Round r{block,   std::min(deep, blocks.count - block),
                panel,   std::min(wide, end - panel),
                nullptr, on_the_way,
                nullptr};
        if (packed_b_)
          r.b = packed_b_ + (size_t)blocks.start(block) * columns.count * kColumns;
        else if (!plan_.direct_b)
          r.b = b_room;
        if (share_a) r.a = a_room;
        if (a_size + b_size && !on_the_way)
          pack(r, k0, rows, columns, blocks, b_size ? b_room : nullptr, share_a ? a_room : nullptr);
        const int row_tasks = serial ? 1 : std::min(plan_.row_tasks, part.rows);
        const int column_tasks = serial ? 1 : std::min(plan_.column_tasks, r.panels);
        const Panels row_cut(part.rows, (part.rows + row_tasks - 1) / row_tasks);
        const Panels column_cut(r.panels, (r.panels + column_tasks - 1) / column_tasks);
        parallel_for(row_cut.count * column_cut.count, [&](int task, int) {
          const int i = task % row_cut.count, j = task / row_cut.count;
          multiply(r, k0, rows, columns, blocks, part.first_row + row_cut.start(i), row_cut.size(i),
                   column_cut.start(j), column_cut.size(j), c, finish);
        });
      }
  }

  void pack(const Round& r, int k0, const Panels& rows, const Panels& columns, const Panels& blocks,
            float* b_room, float* a_room) const {
    const int origin = blocks.start(r.first_block);
    // A piece of work is a group of panels of one block.
    constexpr int kGroup = 8;
    const int a_groups = a_room ? (rows.count + kGroup - 1) / kGroup : 0;
    const int b_groups = b_room ? (r.panels + kGroup - 1) / kGroup : 0;
    parallel_for((a_groups + b_groups) * r.blocks, [&](int i, int) {
      const int block = i / (a_groups + b_groups), group = i % (a_groups + b_groups);
      const int begin = blocks.start(r.first_block + block), steps = blocks.size(r.first_block + block);
      if (group < b_groups) {
        const int first = group * kGroup;
        float* to = b_room + ((size_t)(begin - origin) * r.panels + (size_t)first * steps) * kColumns;
        b_.pack_many(to, columns, r.first_panel + first, std::min(kGroup, r.panels - first), k0 + begin,
                     steps);
      } else {
        const int first = (group - b_groups) * kGroup;
        float* to = a_room + ((size_t)(begin - origin) * rows.count + (size_t)first * steps) * kRows;
        a_.pack_many(to, rows, first, std::min(kGroup, rows.count - first), k0 + begin, steps);
      }
    });
  }

  /** One task: the product of some panels of A and some of B, over the blocks of the round. */
  template <class Out>
  void multiply(const Round& r, int k0, const Panels& rows, const Panels& columns, const Panels& blocks,
                int first_row, int row_count, int first_column, int column_count, const Out& c,
                bool finish) const {
    const int origin = blocks.start(r.first_block);
    const bool own_a = !r.a && !plan_.direct_a;
    float* a_room = own_a ? (float*)thread_scratch(((size_t)plan_.steps * kRows + kLanes) * 4, 2) : nullptr;
    Tile tile;
    float* c_rows[kRows];
    tile.c_rows = c_rows;
    for (int block = r.first_block; block < r.first_block + r.blocks; block++) {
      const int begin = blocks.start(block), steps = blocks.size(block);
      tile.steps = steps;
      tile.add = block > 0;
      // Along a panel of A: it stays in the L1 cache, panels of B stream by from L2 or beyond, and C's pages
      // change rarely.
      for (int i = 0; i < row_count; i++) {
        const int row = rows.start(first_row + i);
        tile.rows = rows.size(first_row + i);
        if (r.a || own_a) {
          tile.a =
              own_a ? a_room
                    : r.a + ((size_t)(begin - origin) * rows.count + (size_t)(first_row + i) * steps) * kRows;
          tile.a_step = kRows;
        } else {
          tile.a = a_.direct(row, k0 + begin, &tile.a_step);
        }
        if (own_a) a_.pack(a_room, row, tile.rows, k0 + begin, steps);
        for (int j = 0; j < column_count; j++) {
          const int panel = r.first_panel + first_column + j;
          const int column = columns.start(panel);
          tile.columns = columns.size(panel);
          const ptrdiff_t place =
              ((ptrdiff_t)(begin - origin) * r.panels + (ptrdiff_t)(first_column + j) * steps) * kColumns;
          const bool packed = r.b && !(r.pack_b && i == 0);
          tile.b_is_padded = packed;
          tile.b_copy = r.b && !packed ? r.b + place : nullptr;
          tile.b_step = kColumns;
          tile.b = packed ? r.b + place : b_.direct(column, k0 + begin, &tile.b_step);
          for (int q = 0; q < tile.rows; q++) c_rows[q] = c.base + c.offset(row + q) + column;
          const bool finishes = finish && block == blocks.count - 1;
          if (nontemporal_) {
            multiply_nontemporal(tile, c.base, column, finishes ? &epilogue_ : nullptr);
            continue;
          }
          multiply_tile(tile);
          if (finishes)
            for (int q = 0; q < tile.rows; q++)
              finish_row(epilogue_, c_rows[q], c.offset(row + q) + column, column, tile.columns);
        }
      }
    }
  }

  const int m_, n_, k_;
  const A& a_;
  const B& b_;
  const C& c_;
  const Epilogue& epilogue_;
  const bool has_epilogue_;
  float* const packed_b_;
  const bool nontemporal_;
  GemmPlan plan_;
};

}  // namespace gemm_detail

/**
 * C [m, n] = epilogue(A [m, k] * B [k, n]), on the pool, or on this thread alone inside a task. With a
 * `cache` B is packed once and kept there.
 */
template <class A, class B, class C>
void gemm(int m, int n, int k, const A& a, const B& b, const C& c, const Epilogue& epilogue,
          Cache* cache = nullptr) {
  if (m == 0 || n == 0) return;
  if (cache && !cache->ready) {
    cache->reserve(packed_b_size(n, k) * sizeof(float));
    gemm_detail::Product<A, B, C>(m, n, k, a, b, c, epilogue, nullptr).pack_all_of_b(cache->data);
    cache->ready = true;
  }
  gemm_detail::Product<A, B, C>(m, n, k, a, b, c, epilogue, cache ? cache->data : nullptr).run();
}

}  // namespace fovea::FOVEA_ISA
