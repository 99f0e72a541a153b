// How a matrix product is cut into blocks and tasks.
#pragma once

#include <cstddef>

namespace fovea::FOVEA_ISA {

/** `steps` and `slices` decide the order of sums, so they do not depend on the threads. In BLIS's words `steps` is KC, and `width`
 * panels of B are NC; MC is what a task has of A's panels, which are packed one by one. */
struct GemmPlan {
  int steps;         // of the depth that a panel holds at most
  int slices;        // of the depth, each added up by itself (split-K)
  int depth;         // blocks of `steps` that are packed before the tasks start
  int width;         // panels of B that are packed before the tasks start, at most
  int row_tasks;     // tasks of one round
  int column_tasks;  // tasks of one round
  int row_parts;  // of C that are computed each by itself, packing what they need; 0: all rounds are shared
  int column_parts;
  bool direct_a, direct_b;  // read where they lie
};
GemmPlan plan_gemm(int m, int n, int k, bool a_may_be_direct, bool b_may_be_direct);

/** Floats of all of B packed, which frozen weights keep. */
size_t packed_b_size(int n, int k);

}  // namespace fovea::FOVEA_ISA
