// The microkernel of convolutions: a tile of C in registers, whose A is an image that is never packed.
//
//   C[r, j] = sum over k-steps of A[r, k] * B[k, j],   r < rows (MR), j < columns (NR): one to three vectors
//
// A k-step loads the vectors of B and broadcasts one element of A for each row. With 32 registers (AVX-512) 14 rows x 2 vectors
// = 28 sums, 2 of B and 1 broadcast, or 9 x 3 + 3 + 1; with 16 registers 6 x 2 + 2 + 1 or 4 x 3 + 3 + 1.
//
// Rows of A are pointers into the image. K-steps are grouped in k-runs, whose places relative to these pointers are the same for
// all rows: in a forward convolution a row is an output pixel, a k-run is one row of the window (kw * ci neighbouring elements of
// an NHWC image) and a k-step one element of it; in a weight gradient a row is an element of the window, a k-run is a row of output
// pixels and a k-step one of them.
#pragma once

#include <cstddef>

#include "kernels/conv/shared/prefetch.h"
#include "kernels/elements/epilogue.h"
#include "kernels/simd/double_pumped.h"
#include "kernels/simd/integers.h"

namespace fovea::FOVEA_ISA::conv {

// kMaxOfOne rows where C is one vector wide, kMaxOfThree where it is three.
#if defined(__AVX512F__)
constexpr int kMaxRows = 14, kMaxOfOne = 16, kMaxOfThree = 9, kMaxGathered = 12;
#elif defined(__aarch64__)
constexpr int kMaxRows = 10, kMaxOfOne = 20, kMaxOfThree = 9, kMaxGathered = 10;
#else
constexpr int kMaxRows = 6, kMaxOfOne = 12, kMaxOfThree = 4, kMaxGathered = 6;
#endif
/** Registers for sums, of 32 with AVX-512 and of 16 else, in loops that hold little beside them. */
constexpr int kRegisters = kLanes == 16 ? 24 : 12;

constexpr int kMaxVectors = 2;                // as a rule
constexpr int kPanel = kMaxVectors * kLanes;  // columns of C in one product

/** Columns of the next panel, of so many that are left: two vectors, or three where one would be left alone. */
inline int panel_of(int columns) {
  return ceil_div(columns, kLanes) == kMaxVectors + 1 ? columns : columns < kPanel ? columns : kPanel;
}

/** Where the panel that has this column begins, of so many columns that are cut by panel_of(). */
inline int panel_start(int column, int columns) {
  const int vectors = ceil_div(columns, kLanes);
  const int last =
      vectors > kMaxVectors && vectors % kMaxVectors ? (vectors - kMaxVectors - 1) * kLanes : columns;
  return column < last ? column / kPanel * kPanel : last;
}

/**
 * Rows of the largest tile with so many columns and k-steps. Where AVX-512 is double-pumped and k-steps are few, tiles are
 * smaller than the registers allow: multiply-adds go on beside a dozen stores in a row and wait for most of those beyond (a tile
 * of 16 k-steps with 14 x 2 sums takes 10 % longer than its multiply-adds, one with 6 x 2 no longer; Zen 4, 2026-11-27).
 */
inline int max_rows(int columns, double steps) {
  constexpr double kVeryFew = 24, kFew = 64;
  const bool is_small = steps <= kFew && is_double_pumped();
  if (columns <= kLanes) return is_small ? 12 : kMaxOfOne;
  if (columns <= kPanel) return is_small ? (steps <= kVeryFew ? 6 : 10) : kMaxRows;
  return is_small ? 5 : kMaxOfThree;
}

/** Rows of the largest tile of strided rows in a packed panel of so many columns, however many its k-steps. */
constexpr int max_rows_of(int columns) { return columns <= kPanel ? kMaxRows : kMaxOfThree; }

/** Where A's rows are, from which a tile finds its elements; each way needs few enough of the 16 integer registers. */
enum class Rows {
  strided,     // at a constant distance; k-steps are neighbours, and B is a packed panel
  contiguous,  // neighbours; any k-step, one or two vectors, no epilogue
  gathered,    // a pointer each; any k-step. Three vectors are made as two and one.
};

/** A tile's left operand: the element of row r at k-step i of run k is row(r)[run_offsets[k] + i * step]. */
struct TileA {
  Rows rows = Rows::strided;
  int runs, length;              // k-runs, and k-steps in each
  const ptrdiff_t* run_offsets;  // where a k-run begins, from a row's pointer
  const int* step_offsets;       // null or, for strided rows and short k-runs, where each k-step is instead
  ptrdiff_t step;                // from k-step to k-step; 1 if rows are strided
  const float* first;            // row 0, unless gathered
  ptrdiff_t row;                 // from row to row, if strided
  const float* gathered[kMaxGathered];
};

/** A tile's right operand. */
struct TileB {
  const float* first;
  ptrdiff_t step;            // from k-step to k-step; the panel's width if A's rows are strided
  int runs = 1;              // after every so many k-runs ...
  ptrdiff_t jump = 0;        // ... this is added
  bool interleaved = false;  // a vector holds two k-steps: lane 2j+i is column j of k-step i
};

/** Where a tile goes, and what happens before it is stored. */
struct TileC {
  float* first;  // row 0, unless gathered
  ptrdiff_t row;
  float* gathered[kMaxGathered];
  bool add;          // to what is there; not if strided
  bool nontemporal;  // rows are whole lines: store them with non-temporal stores
  // Rows follow each other without gaps: a row's last vector is stored whole, running over into the next row (several rows if
  // B is interleaved), which is stored later. A partial store takes three times as long where lines are not in L1 or L2.
  bool dense;
  const Epilogue* epilogue;  // or null
  const float* tensor;       // the epilogue's operands are laid out like it
  int channel;               // of the first column
};

/** What a tile prefetches, if anything. */
struct TilePrefetch {
  // Into L1, a line at every k-step, at every second one where B is one vector wide; not if A is gathered. With several tiles all
  // but the last prefetch, in place of this, what is `next_tile` from the next one's first row.
  PrefetchStream l1;
  ptrdiff_t next_tile;
  PrefetchStream l2;  // at every k-step or every second, see spread_to_l2()
  int output_tiles;   // C is in no cache: its lines for writing, so many tiles ahead
  bool pixels;        // A comes from memory, row after row without gaps: see prefetch_pixels() in tile.cc
};

/** One or several tiles that follow each other, of strided rows. */
struct TileProduct {
  TileA a;
  TileB b;
  TileC c;
  TilePrefetch prefetch;
  int columns;  // at most those of panel_of()
  int tiles = 1;
};

/** Prefetches `size` floats from p.prefetch.l2.at on, spread over the k-steps of a tile. */
void spread_to_l2(TileProduct& p, ptrdiff_t size);

/** Makes the tiles, of `rows` rows each: 1 .. kMaxRows, but of strided rows up to kMaxOfOne or kMaxOfThree where C is one or three
 * vectors wide, and up to kMaxGathered gathered ones. */
void run_tile(const TileProduct& p, int rows);

}  // namespace fovea::FOVEA_ISA::conv
