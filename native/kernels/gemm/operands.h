// Where a matrix product's operands come from and its results go to: matrices in memory, either side transposed.
#pragma once

#include "kernels/gemm/pack.h"
#include "program/call.h"

namespace fovea::FOVEA_ISA {

/** A matrix in memory as a source of panels: `index` runs over A's rows or B's columns. */
template <int Width>
struct DenseSource {
  const float* data;
  ptrdiff_t stride;
  bool neighbours;  // source(i, p) = data[i + p * stride]; otherwise data[i * stride + p]

  float at(int index, int p) const {
    return neighbours ? data[index + p * stride] : data[index * stride + p];
  }

  /** One panel, laid out as in pack.h. */
  void pack(float* to, int index, int size, int k0, int steps) const {
    if (neighbours)
      pack_rows<Width>(to, data + index + k0 * stride, stride, size, steps);
    else
      pack_columns<Width>(to, data + index * stride + k0, stride, size, steps);
  }

  /** `count` panels one after the other; rows of the matrix are read as far as the panels go, in the order of memory. */
  void pack_many(float* to, const Panels& cut, int first, int count, int k0, int steps) const {
    const int rows = neighbours ? 1 : steps;
    for (int p = 0; p < steps; p += rows)
      for (int i = 0; i < count; i++)
        pack(to + ((size_t)i * steps + p) * Width, cut.start(first + i), cut.size(first + i), k0 + p, rows);
  }

  /** The panel's place in memory, if the elements of a step are neighbours already; otherwise null. */
  const float* direct(int index, int k0, ptrdiff_t* step) const {
    *step = stride;
    return neighbours ? data + index + k0 * stride : nullptr;
  }
};
using DenseA = DenseSource<kRows>;
using DenseB = DenseSource<kColumns>;

struct DenseC {
  float* base;
  ptrdiff_t stride;
  ptrdiff_t offset(int row) const { return row * stride; }
};

/** C [m, n] = epilogue(A [m, k] * B [k, n]) */
struct MatrixProduct {
  int m, n, k;
  DenseA a;
  DenseB b;
  DenseC c;
  Epilogue epilogue;
};

}  // namespace fovea::FOVEA_ISA
