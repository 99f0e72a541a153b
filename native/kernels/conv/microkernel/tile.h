// The register-blocked product under every convolution that is a matrix product in disguise:
//
//   C[r, j] = sum over steps k of A[r, k] * B[k, j],   r < rows, j < columns: one vector, two or three
//
// C stays in registers; a step loads one to three vectors of B and broadcasts one number of A a row. With 32
// registers (AVX-512) 14 rows x 2 vectors = 28 sums, 2 of B and 1 broadcast, or 9 x 3 + 3 + 1; with 16 registers
// 6 x 2 + 2 + 1 or 4 x 3 + 3 + 1.
//
// A is never packed. Its rows are pointers into the image, and the steps are grouped in `runs` whose places
// relative to the row pointers are the same for all rows: for a forward convolution a row is an output pixel,
// a run is one row of the kernel's window (kw * ci neighbouring numbers of an NHWC image) and a step is one
// number of it; for a weight gradient a row is one element of the window, a run is one row of output pixels
// and a step is one of them.
#pragma once

#include <algorithm>
#include <cstddef>

#include "kernels/elements/epilogue.h"
#include "kernels/simd/double_pumped.h"
#include "kernels/simd/integers.h"

namespace fovea::FOVEA_ISA::conv {

// kMaxOfOne rows where C is one vector wide, kMaxOfThree where it is three.
#if defined(__AVX512F__)
constexpr int kMaxRows = 14, kMaxOfOne = 16, kMaxOfThree = 9, kMaxScattered = 12;
#elif defined(__aarch64__)
constexpr int kMaxRows = 10, kMaxOfOne = 20, kMaxOfThree = 9, kMaxScattered = 10;
#else
constexpr int kMaxRows = 6, kMaxOfOne = 12, kMaxOfThree = 4, kMaxScattered = 6;
#endif
constexpr int kMaxVectors = 2;                // as a rule
constexpr int kPanel = kMaxVectors * kLanes;  // columns of C in one product

/** Columns of the first product of so many: three vectors are made at once. */
inline int panel_of(int columns) {
  return ceil_div(columns, kLanes) == kMaxVectors + 1 ? columns : columns < kPanel ? columns : kPanel;
}

/** Where the product begins that has this one of so many columns, which are cut by panel_of(). */
inline int panel_start(int column, int columns) {
  const int vectors = ceil_div(columns, kLanes);
  const int last =
      vectors > kMaxVectors && vectors % kMaxVectors ? (vectors - kMaxVectors - 1) * kLanes : columns;
  return column < last ? column / kPanel * kPanel : last;
}

/**
 * Rows of the largest tile with so many columns and steps. Where AVX-512 works in halves those with few steps are smaller than
 * the registers allow: multiplications go on beside a dozen stores in a row, and wait for most of those beyond (a tile of 16
 * steps with 14 x 2 sums takes a tenth longer than its products, with 6 x 2 no longer).
 */
inline int most_rows(int columns, double steps) {
  constexpr double kFewest = 24, kFew = 64;
  const bool is_small = steps <= kFew && is_double_pumped();
  if (columns <= kLanes) return is_small ? 12 : kMaxOfOne;
  if (columns <= kPanel) return is_small ? (steps <= kFewest ? 6 : 10) : kMaxRows;
  return is_small ? 5 : kMaxOfThree;
}

/** The same where A's steps are not neighbours. */
constexpr int rows_together(int columns) { return columns <= kPanel ? kMaxRows : kMaxOfThree; }

struct TileProduct {
  int runs, length;              // groups of steps, and steps in each
  const ptrdiff_t* run_offsets;  // where a run begins, from a row's pointer
  const int* step_offsets;       // null or, for evenly spaced rows and short runs, where each step is instead
  ptrdiff_t a_step;              // from one step to the next, in A
  const float* b;
  bool in_pairs = false;     // two neighbouring steps share a vector of B: lane 2 j + i is column j of step i
  ptrdiff_t b_step, b_jump;  // from one step to the next in B, and what is added to that after every
  int b_runs = 1;            // so many runs
  int columns;               // of C, at most those of panel_of()
  int channel;               // the first column's channel, for the epilogue
  const Epilogue* epilogue;  // null: C is stored as it is, or, with `add`, added to what is there
  const float* output;       // the epilogue's operands are laid out like this tensor
  bool add;
  bool nontemporal;  // C, whose rows are whole lines
  int asks_ahead;    // C is in no near cache: for its lines, so many tiles before they are written

  bool asks_for_pixels = false;  // A comes from memory, row after row without gaps: see ask_for_pixels()

  // What is wanted after this product, or null: at every second line of B, or every step where A's rows are neighbours,
  // one line of it is asked for, these numbers apart (not with `scattered`). With several tiles, what each but the last
  // asks for is `next_offset` from the next one's first row.
  const float* next;
  ptrdiff_t next_step, next_offset;
  // The same for the second-level cache: asked for at every step, or every second, see spread_far().
  const float* far;
  ptrdiff_t far_step;

  // Rows of A and of C: evenly spaced (by 1 in A, unless a_step is 1 and B a packed panel), or, with
  // `scattered`, at most kMaxScattered of them anywhere, which is slower.
  const float* a;
  float* c;
  ptrdiff_t a_row, c_row;
  int tiles = 1;  // made one after the other, with all their rows evenly spaced
  bool scattered;
  // Rows of C follow each other without gaps: a row's last vector is stored whole, before the rows into which it runs
  // over, only the next one unless `in_pairs`. (To store some lanes only takes three times as long where the lines are
  // not in the nearer caches.)
  bool dense;
  const float* a_rows[kMaxScattered];
  float* c_rows[kMaxScattered];
};

/** The product shall ask for `size` numbers from `p.far` on, spread over its steps. */
void spread_far(TileProduct& p, ptrdiff_t size);

/** Runs the product for `rows` rows: 1 .. kMaxRows, or kMaxOfThree if C is three vectors wide, or kMaxOfOne if it is one,
 * A's steps are neighbours and B is a packed panel. */
void run_tile(const TileProduct& p, int rows);

}  // namespace fovea::FOVEA_ISA::conv
