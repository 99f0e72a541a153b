// `registers`: a tile of C stays in the processor's registers while its sums are made. The rung before is packed.cc.
//
// There a multiply-add needed a load of B, a load of C and a store to C; the machine can make two multiply-adds a cycle but only two
// loads and one store. Here a tile of 4 rows by 2 vectors of C is eight registers. A k-step loads 2 vectors of B and 4 elements of A,
// and makes 8 multiply-adds of them, which do not wait for each other: as many as two units with four cycles each can have in flight.
// Both operands are packed into panels in the order in which k-steps read them: A 4 rows, B 2 vectors of columns at a time.
//
// What is left, and gemm/ does: larger tiles (14 x 2 with AVX-512's 32 registers), blocks of B for L2 however wide it is, panels of A
// that fill L1, prefetching, and operands that are read where they lie if packing does not pay.
#include <algorithm>

#include "kernels/gemm/gemm.h"
#include "kernels/matmul/variants.h"
#include "kernels/simd/integers.h"
#include "kernels/simd/lanes.h"

namespace fovea::FOVEA_ISA::ladder {
namespace {

constexpr int kTileRows = 4, kTileVectors = 2, kTileColumns = kTileVectors * kLanes;
constexpr int kDepth = 256;  // k-steps of a block: a panel of B is 32 KiB with AVX-512

using Sums = vf[kTileRows][kTileVectors];

/** A block of the sum. */
struct Steps {
  int first, count;
};

/** A panel: to[s * kWidth + i] = source(first + i, steps.first + s) of `size` rows or columns, zeros where i >= size. */
template <int kWidth, class Source>
void pack_panel(const Source& source, int first, int size, Steps steps, float* to) {
  for (int s = 0; s < steps.count; s++)
    for (int i = 0; i < kWidth; i++) *to++ = i < size ? source.at(first + i, steps.first + s) : 0;
}

/** sums = A's panel * B's panel, over `steps` k-steps */
inline void multiply(const float* a, const float* b, int steps, Sums& sums) {
  for (vf(&row)[kTileVectors] : sums) row[0] = row[1] = vf{};
  for (int s = 0; s < steps; s++, a += kTileRows, b += kTileColumns) {
    const vf left = load(b), right = load(b + kLanes);
#pragma GCC unroll 4
    for (int r = 0; r < kTileRows; r++) {
      const vf x = splat(a[r]);
      sums[r][0] = fma(x, left, sums[r][0]);
      sums[r][1] = fma(x, right, sums[r][1]);
    }
  }
}

/** C's tile = sums, or += */
void put(const MatrixProduct& p, int row, int column, const Sums& sums, bool add) {
  for (int r = 0; r < std::min(kTileRows, p.m - row); r++) {
    float* const y = p.c.base + p.c.offset(row + r) + column;
    for_lanes(std::min(kTileColumns, p.n - column), [&](int64_t j, auto lanes) {
      const vf sum = sums[r][j / kLanes];
      lanes.put(y + j, add ? sum + lanes.get(y + j) : sum);
    });
  }
}

}  // namespace

void registers(const MatrixProduct& product) {
  const MatrixProduct& p = product;
  const int column_panels = ceil_div(p.n, kTileColumns);
  float* const packed_b = (float*)shared_scratch(0, sizeof(float) * kDepth * column_panels * kTileColumns);
  Steps steps{0, 0};
  do {
    steps = {steps.first + steps.count, std::min(kDepth, p.k - steps.first - steps.count)};
    const int panel_size = steps.count * kTileColumns;
    parallel_for(column_panels, [&](int panel, int) {
      const int column = panel * kTileColumns;
      pack_panel<kTileColumns>(p.b, column, p.n - column, steps, packed_b + (ptrdiff_t)panel * panel_size);
    });
    const bool is_last = steps.first + steps.count == p.k;
    parallel_for(ceil_div(p.m, kTileRows), [&](int task, int) {
      float packed_a[kDepth * kTileRows];
      const int row = task * kTileRows;
      pack_panel<kTileRows>(p.a, row, p.m - row, steps, packed_a);
      for (int panel = 0; panel < column_panels; panel++) {
        Sums sums;
        multiply(packed_a, packed_b + (ptrdiff_t)panel * panel_size, steps.count, sums);
        put(p, row, panel * kTileColumns, sums, steps.first > 0);
      }
      for (int i = row; is_last && i < std::min(row + kTileRows, p.m); i++)
        finish_row(p.epilogue, p.c.base + p.c.offset(i), p.c.offset(i), 0, p.n);
    });
  } while (steps.first + steps.count < p.k);
}

}  // namespace fovea::FOVEA_ISA::ladder
