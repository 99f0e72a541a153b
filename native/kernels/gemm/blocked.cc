// The loops, from the outside: columns that fit a cache (NC), depth (KC), then tasks of rows and columns, which threads share;
// in a task rows (a panel of A, packed when it is needed), columns (panels of B), and the microkernel.
#include "kernels/gemm/blocked.h"

#include <algorithm>

#include "kernels/gemm/gemm.h"
#include "kernels/simd/integers.h"
#include "kernels/simd/lanes.h"
#include "runtime/memory.h"
#include "runtime/thread_pool.h"

namespace fovea::FOVEA_ISA {
namespace {

/** multiply_tile() with non-temporal stores, as far as rows of C consist of whole lines; with the epilogue unless that is null.
 * The tile's rows begin in `column` of the tensor at `c`. */
void multiply_nontemporal(const Tile& tile, const float* c, int column, const Epilogue* epilogue) {
  alignas(64) float sums[kRows * kColumns];
  float* rows[kRows];
  for (int r = 0; r < tile.rows; r++) {
    rows[r] = sums + r * kColumns;
    if (tile.add) std::copy_n(tile.c_rows[r], tile.columns, rows[r]);
  }
  Tile in_sums = tile;
  in_sums.c_rows = rows;
  multiply_tile(in_sums);
  for (int r = 0; r < tile.rows; r++) {
    if (epilogue) finish_row(*epilogue, rows[r], tile.c_rows[r] - c, column, tile.columns);
    copy_nontemporal(rows[r], tile.columns, tile.c_rows[r]);
  }
}

/** Where the packed panels of one round lie: block by block of the depth, panel by panel inside. */
struct Round {
  int first_block, blocks;  // of the depth
  int first_panel, panels;  // of B
  float* b;                 // null: read B where it is
  bool pack_b;              // not yet: the first row of tiles packs what it reads
  const float* a;           // null: each task packs its own
};

/** Panels of A and of B within a round. */
struct Task {
  int first_row, rows, first_column, columns;
};

class Blocked {
 public:
  Blocked(const Product& p, const Rectangle& part, int k0, int depth, const DenseC& c,
          const Epilogue* epilogue)
      : p_(p),
        part_(part),
        k0_(k0),
        c_(c),
        epilogue_(epilogue),
        rows_(p.row_panels()),
        columns_(p.column_panels()),
        blocks_(depth, p.plan.steps),
        serial_(inside_task() || threads() == 1) {}

  void run() {
    const GemmPlan& plan = p_.plan;
    const bool share_a = plan.column_tasks > 1 && !plan.direct_a && !serial_;
    const int deep = p_.packed_b && !share_a ? blocks_.count : std::min(plan.depth, blocks_.count);
    const int wide = p_.packed_b ? columns_.count : std::min(plan.width, part_.columns);
    const size_t b_size = plan.direct_b || p_.packed_b ? 0 : (size_t)deep * plan.steps * wide * kColumns;
    const size_t a_size = share_a ? (size_t)deep * plan.steps * rows_.count * kRows : 0;
    ptrdiff_t step;
    const bool on_the_way = serial_ && b_size && p_.b.direct(0, 0, &step);
    float* b_room = nullptr;
    if (a_size + b_size) {
      const size_t bytes = (a_size + b_size + 2 * kLanes) * 4;
      b_room = (float*)(serial_ ? thread_scratch(bytes, 3) : shared_scratch(2, bytes));
    }
    float* a_room = b_room + b_size;
    const int end = part_.first_column + part_.columns;
    for (int panel = part_.first_column; panel < end; panel += wide)
      for (int block = 0; block < blocks_.count; block += deep) {
        Round r{block,   std::min(deep, blocks_.count - block),
                panel,   std::min(wide, end - panel),
                nullptr, on_the_way,
                nullptr};
        if (p_.packed_b)
          r.b = p_.packed_b + (size_t)blocks_.start(block) * columns_.count * kColumns;
        else if (!plan.direct_b)
          r.b = b_room;
        if (share_a) r.a = a_room;
        if (a_size + b_size && !on_the_way) pack(r, b_size ? b_room : nullptr, share_a ? a_room : nullptr);
        run_round(r);
      }
  }

 private:
  void pack(const Round& r, float* b_room, float* a_room) const {
    const int origin = blocks_.start(r.first_block);
    // A piece of work is a group of panels of one block.
    constexpr int kGroup = 8;
    const int a_groups = a_room ? ceil_div(rows_.count, kGroup) : 0;
    const int b_groups = b_room ? ceil_div(r.panels, kGroup) : 0;
    parallel_for((a_groups + b_groups) * r.blocks, [&](int i, int) {
      const int block = i / (a_groups + b_groups), group = i % (a_groups + b_groups);
      const int begin = blocks_.start(r.first_block + block), steps = blocks_.size(r.first_block + block);
      if (group < b_groups) {
        const int first = group * kGroup;
        float* to = b_room + ((size_t)(begin - origin) * r.panels + (size_t)first * steps) * kColumns;
        p_.b.pack_many(to, columns_, r.first_panel + first, std::min(kGroup, r.panels - first), k0_ + begin,
                       steps);
      } else {
        const int first = (group - b_groups) * kGroup;
        float* to = a_room + ((size_t)(begin - origin) * rows_.count + (size_t)first * steps) * kRows;
        p_.a.pack_many(to, rows_, first, std::min(kGroup, rows_.count - first), k0_ + begin, steps);
      }
    });
  }

  void run_round(const Round& r) const {
    const int row_tasks = serial_ ? 1 : std::min(p_.plan.row_tasks, part_.rows);
    const int column_tasks = serial_ ? 1 : std::min(p_.plan.column_tasks, r.panels);
    const Panels row_cut(part_.rows, ceil_div(part_.rows, row_tasks));
    const Panels column_cut(r.panels, ceil_div(r.panels, column_tasks));
    parallel_for(row_cut.count * column_cut.count, [&](int task, int) {
      const int i = task % row_cut.count, j = task / row_cut.count;
      run_task(
          r, {part_.first_row + row_cut.start(i), row_cut.size(i), column_cut.start(j), column_cut.size(j)});
    });
  }

  /** The product of some panels of A and some of B, over the blocks of the round. */
  void run_task(const Round& r, const Task& t) const {
    const bool own_a = !r.a && !p_.plan.direct_a;
    float* const a_room =
        own_a ? (float*)thread_scratch(((size_t)p_.plan.steps * kRows + kLanes) * 4, 2) : nullptr;
    float* c_rows[kRows];
    Tile tile;
    tile.c_rows = c_rows;
    for (int block = r.first_block; block < r.first_block + r.blocks; block++) {
      tile.steps = blocks_.size(block);
      tile.add = block > 0;
      // Along a panel of A: it stays in L1, panels of B stream by from L2 or beyond, and C's pages change rarely.
      for (int i = 0; i < t.rows; i++) {
        take_a(r, t.first_row + i, block, a_room, tile);
        for (int j = 0; j < t.columns; j++) {
          take_b(r, t.first_column + j, block, i == 0, tile);
          multiply(rows_.start(t.first_row + i), columns_.start(r.first_panel + t.first_column + j),
                   block == blocks_.count - 1 ? epilogue_ : nullptr, c_rows, tile);
        }
      }
    }
  }

  /** The tile's rows of a panel of A: packed by the round, packed here to `room`, or where they lie. */
  void take_a(const Round& r, int panel, int block, float* room, Tile& tile) const {
    const int row = rows_.start(panel), begin = blocks_.start(block), origin = blocks_.start(r.first_block);
    tile.rows = rows_.size(panel);
    tile.a_step = kRows;
    if (r.a)
      tile.a = r.a + ((size_t)(begin - origin) * rows_.count + (size_t)panel * tile.steps) * kRows;
    else if (room)
      tile.a = room, p_.a.pack(room, row, tile.rows, k0_ + begin, tile.steps);
    else
      tile.a = p_.a.direct(row, k0_ + begin, &tile.a_step);
  }

  /** The tile's columns, a panel of B; the first row of tiles packs it on the way, if the round says so. */
  void take_b(const Round& r, int panel_of_round, int block, bool is_first_row, Tile& tile) const {
    const int panel = r.first_panel + panel_of_round, begin = blocks_.start(block);
    const ptrdiff_t start = ((ptrdiff_t)(begin - blocks_.start(r.first_block)) * r.panels +
                             (ptrdiff_t)panel_of_round * tile.steps) *
                            kColumns;
    const bool packed = r.b && !(r.pack_b && is_first_row);
    tile.columns = columns_.size(panel);
    tile.b_is_padded = packed;
    tile.b_copy = r.b && !packed ? r.b + start : nullptr;
    tile.b_step = kColumns;
    tile.b = packed ? r.b + start : p_.b.direct(columns_.start(panel), k0_ + begin, &tile.b_step);
  }

  void multiply(int row, int column, const Epilogue* epilogue, float** c_rows, const Tile& tile) const {
    for (int q = 0; q < tile.rows; q++) c_rows[q] = c_.base + c_.offset(row + q) + column;
    if (p_.nontemporal) return multiply_nontemporal(tile, c_.base, column, epilogue);
    multiply_tile(tile);
    for (int q = 0; q < tile.rows && epilogue; q++)
      finish_row(*epilogue, c_rows[q], c_.offset(row + q) + column, column, tile.columns);
  }

  const Product& p_;
  const Rectangle& part_;
  const int k0_;
  const DenseC& c_;
  const Epilogue* const epilogue_;
  const Panels rows_, columns_, blocks_;
  const bool serial_;
};

}  // namespace

Panels Product::row_panels() const {
  const int parts = std::max(plan.row_parts, 1), each = ceil_div(m, kRows * parts);
  return Panels(m, ceil_div(m, each * parts));
}

Rectangle whole(const Product& p) { return {0, p.row_panels().count, 0, Panels(p.n, kColumns).count}; }

void pack_all_of_b(const Product& p, float* to) {
  const Panels columns = p.column_panels(), blocks(p.k, p.plan.steps);
  parallel_for(columns.count * blocks.count, [&](int i, int) {
    const int block = i / columns.count, panel = i % columns.count;
    float* at =
        to + ((size_t)blocks.start(block) * columns.count + (size_t)panel * blocks.size(block)) * kColumns;
    p.b.pack(at, columns.start(panel), columns.size(panel), blocks.start(block), blocks.size(block));
  });
}

void multiply_blocked(const Product& p, const Rectangle& part, int k0, int depth, const DenseC& c,
                      const Epilogue* epilogue) {
  Blocked(p, part, k0, depth, c, epilogue).run();
}

}  // namespace fovea::FOVEA_ISA
