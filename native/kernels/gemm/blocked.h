// BLIS's five loops over a part of a matrix product.
#pragma once

#include "kernels/gemm/operands.h"
#include "kernels/gemm/plan.h"

namespace fovea::FOVEA_ISA {

/** A product, and how it is cut up. */
struct Product : MatrixProduct {
  const Epilogue* end;  // the epilogue, or null if it does nothing
  float* packed_b;      // all of B, packed; or null
  bool nontemporal;     // C has non-temporal stores
  GemmPlan plan;

  /** Panels of A, of which all parts have as many. */
  Panels row_panels() const;
  Panels column_panels() const { return Panels(n, kColumns, kLanes); }
};

/** A rectangle of C, in panels of A and of B. */
struct Rectangle {
  int first_row, rows, first_column, columns;
};
Rectangle whole(const Product& p);

/** Packs all of B to `to`, block by block of the depth, panel by panel inside. */
void pack_all_of_b(const Product& p, float* to);

/** `part` of C = A[:, k0 .. k0 + depth) * B[k0 .. k0 + depth, :], with the epilogue unless that is null. */
void multiply_blocked(const Product& p, const Rectangle& part, int k0, int depth, const DenseC& c,
                      const Epilogue* epilogue);

}  // namespace fovea::FOVEA_ISA
