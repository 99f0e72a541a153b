// Matrix products of which gemm.h would leave most lanes of a vector idle: those with fewer columns or rows than it has
// lanes, as at the end of a classifier, or a few columns more than some vectors.
#pragma once

#include "kernels/gemm/operands.h"

namespace fovea::FOVEA_ISA {

/** Makes C, whose rows are next to each other, if that is such a product; otherwise false, and C is as it was. */
bool thin_product(const MatrixProduct& product);

}  // namespace fovea::FOVEA_ISA
