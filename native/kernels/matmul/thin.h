// Matrix products of which gemm.h would leave most lanes of a vector idle: those with fewer columns or rows than it has
// lanes, as at the end of a classifier, or a few columns more than some vectors.
#pragma once

#include "kernels/elements/epilogue.h"
#include "kernels/gemm/operands.h"

namespace fovea::FOVEA_ISA {

/** y [m, n] = epilogue(A [m, k] * B [k, n]), if that is such a product; otherwise false, and y is as it was. */
bool thin_product(int m, int n, int k, const DenseA& a, const DenseB& b, float* y, const Epilogue& epilogue);

}  // namespace fovea::FOVEA_ISA
