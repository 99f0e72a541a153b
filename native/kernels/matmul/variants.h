// The variants of matmul: the rungs of a ladder, which are written to be read, and `blocked`, which is the choice. A rung is a file of
// ladder/ with one function, and its name in this list; `fovea bench sgemm-512 --backend native --ladder` verifies and times each.
#pragma once

#include <memory>

#include "kernels/gemm/operands.h"
#include "program/step.h"

/** From the bottom up. */
#define FOVEA_MATMUL_LADDER(X) X(naive) X(tiled) X(packed) X(registers)

namespace fovea::FOVEA_ISA {

namespace ladder {
#define FOVEA_DECLARE(rung) void rung(const MatrixProduct& product);
FOVEA_MATMUL_LADDER(FOVEA_DECLARE)
#undef FOVEA_DECLARE
}  // namespace ladder

/** The variant's name, null past the last; a call's number `variant` is a place in this order, or -1 for the choice. */
const char* matmul_variant_name(int index);

/** See KernelTable. */
std::unique_ptr<Step> prepare_matmul(const Call& call);

/** The number of the variant that serves a call; -1 if there is none of that number. */
int matmul_variant_of(const Call& call);

}  // namespace fovea::FOVEA_ISA
