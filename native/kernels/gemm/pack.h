// Packing: a block of a matrix copied into the order in which the microkernel reads it, so that its loads are
// contiguous.
//
// A panel is `steps` steps of `Width` elements (Width = kRows for A, kColumns for B): to[p * Width + i] =
// source(start + i, k0 + p) for i < size, where source's first index runs over rows of A or columns of B and
// its second over the summed dimension.
#pragma once

#include <cstddef>

#include "kernels/gemm/microkernel.h"
#include "kernels/layout/transpose.h"

namespace fovea::FOVEA_ISA {

/** The panel's elements of one step are neighbours: source(i, p) = from[i + p * stride]. Fills whole vectors
 * with zeros. */
template <int Width>
inline void pack_rows(float* to, const float* from, ptrdiff_t stride, int size, int steps) {
  if (size == Width) {
    for (int p = 0; p < steps; p++, from += stride, to += Width) std::memcpy(to, from, Width * sizeof(float));
    return;
  }
  for (int p = 0; p < steps; p++, from += stride, to += Width)
    for (int i = 0; i < size; i += kLanes) {
      const int rest = size - i < kLanes ? size - i : kLanes;
      const vf v = load_partial(from + i, rest);
      if (i + kLanes <= Width)
        store(to + i, v);
      else
        store_partial(to + i, v, Width - i);
    }
}

/** The panel's elements of one step are `stride` apart: source(i, p) = from[i * stride + p]. Fills whole
 * vectors with zeros. */
template <int Width>
inline void pack_columns(float* to, const float* from, ptrdiff_t stride, int size, int steps) {
  for (int i = 0; i < size; i += kLanes) {
    const int rows = size - i < kLanes ? size - i : kLanes;
    const int room = Width - i < kLanes ? Width - i : kLanes;
    const float* row[kLanes];
    for (int r = 0; r < kLanes; r++) row[r] = from + (i + (r < rows ? r : 0)) * stride;
    for (int p = 0; p < steps; p += kLanes) {
      const int count = steps - p < kLanes ? steps - p : kLanes;
      vf block[kLanes];
      if (count == kLanes) {
#pragma GCC unroll 16
        for (int r = 0; r < kLanes; r++) block[r] = load(row[r] + p);
      } else {
        for (int r = 0; r < kLanes; r++) block[r] = load_partial(row[r] + p, count);
      }
      if (rows < kLanes && Width % kLanes == 0)
        for (int r = rows; r < kLanes; r++) block[r] = vf{};
      transpose(block);
      float* out = to + p * Width + i;
      if (count == kLanes && (room == kLanes || (Width < kLanes && p + kLanes < steps))) {
        // A narrow panel's step is stored as a whole vector: what spills over, the next step overwrites.
#pragma GCC unroll 16
        for (int q = 0; q < kLanes; q++) store(out + q * Width, block[q]);
      } else {
        for (int q = 0; q < count; q++) store_partial(out + q * Width, block[q], room);
      }
    }
  }
}

}  // namespace fovea::FOVEA_ISA
