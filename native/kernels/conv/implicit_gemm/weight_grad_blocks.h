// The blocks of output pixels in which the weight gradient of implicit GEMM is summed, and what of x and dy each reads.
#pragma once

#include <vector>

#include "kernels/conv/shared/padded_window.h"
#include "kernels/conv/shared/partial_sums.h"
#include "kernels/conv/shared/prefetch.h"

namespace fovea::FOVEA_ISA::conv::implicit_gemm {

struct Phase {
  const AxisPhase *y, *x;
  int rows, columns;  // output pixels of a block
  int down, across;   // blocks in an image
  ptrdiff_t partial;  // where its taps begin in a set of partial sums

  /** Rows and columns of x that so many of output pixels read. */
  int window_rows(int rows) const { return (rows - 1) * y->in_step + y->last() - y->first() + 1; }
  int window_columns(int columns) const { return (columns - 1) * x->in_step + x->last() - x->first() + 1; }
};

struct Problem {
  const ConvShape& s;
  const float *x, *dy;
  Partials partials;
  std::vector<Phase> phases;
  int chunks = 1;        // of the window's elements
  bool swapped = false;  // see swaps_roles()
};

/** Elements of x that are neighbours in a row of the window. */
inline int contiguous_elements(const AxisPhase& x, int ci) {
  return x.is_joined() ? ci * (int)x.taps.size() : ci;
}

/** Blocks of x and dy stay in L2: 96 KiB, in 48 to 512 output pixels. */
Problem prepare(const ConvShape& s, const Plan& plan, const float* x, const float* dy);

/** A block of output pixels: where its window of x and its dy are, and the distances in them. */
struct GradBlock {
  int rows, columns;
  int row;  // the first one, of the phase's
  PaddedWindow x;
  const float* dy;
  ptrdiff_t dy_step, dy_row;
  PrefetchRegion next_x, next_dy;  // what the next block reads, where it reads it
};

/** What a task sums: k-splits of one phase and group, for a chunk [begin, end) of the window's elements. */
struct Task {
  const Problem& p;
  const Phase& phase;
  int group, begin, end;
  float* partial;  // of the phase

  int ci() const { return p.s.ci / p.s.groups; }
  int co() const { return p.s.co / p.s.groups; }
};

/** This thread's memory for a task. */
struct Room {
  float *sums, *window, *dy;  // with swapped roles; a padded window; dy with padded channels
  ptrdiff_t* offsets;
  bool pads_dy;

  explicit Room(const Task& t);
};

/** Block `index` of all images; `goes_on`: the task has the next one, too. */
GradBlock block_of(const Task& t, const Room& room, int index, bool goes_on);

/** Pads the channels of the block's dy to whole vectors, where they would leave the tensor or are loaded often. */
void pad_dy(const Task& t, const Room& room, GradBlock& o);

}  // namespace fovea::FOVEA_ISA::conv::implicit_gemm
