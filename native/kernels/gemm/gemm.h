// The matrix product C = epilogue(A * B) after BLIS: blocks of B and A are packed into panels that stay in the caches, and a
// microkernel multiplies panel by panel. The five loops are in blocked.cc. The order of sums depends on the shape and the
// machine's caches, never on the number of threads.
#pragma once

#include "kernels/gemm/operands.h"
#include "program/step.h"

namespace fovea::FOVEA_ISA {

/** Makes C on the pool, or on this thread alone inside a task. B, packed, is kept in `kept` unless that is null. */
void gemm(const MatrixProduct& product, KeptWeights* kept = nullptr);

/** Adds bias and residual, activates, multiplies by a derivative: `columns` elements at `y`, see program/call.h. */
void finish_row(const Epilogue& epilogue, float* y, ptrdiff_t offset, int column, int columns);

}  // namespace fovea::FOVEA_ISA
