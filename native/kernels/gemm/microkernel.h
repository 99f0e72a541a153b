// The microkernel under every matrix product, and the panels it reads.
//
//   C[rows x columns] (+)= sum over p < steps of A[p, 0..rows) * B[p, 0..columns)
//
// A step of A is `rows` neighbouring elements, steps `a_step` apart (a packed panel: a_step = kRows); a step
// of B is `columns` neighbouring elements, steps `b_step` apart (a packed panel: b_step = kColumns, padded
// with zeros to whole vectors). The sums stay in registers: with 32 of them (AVX-512, NEON) and with 16
// (AVX2, SSE) the tile is as large as leaves room for a step of B and one broadcast element of A. In WebAssembly, without fused
// multiply-adds, a product needs a register, too, and V8 keeps one of the 16 for itself.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "kernels/simd/simd.h"

namespace fovea::FOVEA_ISA {

#if defined(__AVX512F__)
constexpr int kRows = 14, kVectors = 2;
#elif defined(__aarch64__)
constexpr int kRows = 8, kVectors = 3;
#elif defined(__wasm__)
constexpr int kRows = 4, kVectors = 2;
#else
constexpr int kRows = 6, kVectors = 2;
#endif
constexpr int kColumns = kVectors * kLanes;

struct Tile {
  int rows, columns;  // at most kRows and kColumns
  int steps;
  const float* a;
  ptrdiff_t a_step;
  const float* b;
  ptrdiff_t b_step;
  bool b_is_padded;      // steps of B may be read to whole vectors
  float* b_copy;         // a panel to which B is packed on the way, or null
  bool add;              // to what C holds
  float* const* c_rows;  // where each row of C's tile begins
};

void multiply_tile(const Tile& tile);

/**
 * An even division of `length` into panels of at most `largest`: none is much smaller than another, as small
 * tiles would leave the multipliers idle, and larger ones lie between smaller ones. All begin at multiples of `unit`, of
 * which `largest` is one.
 */
class Panels {
 public:
  const int count;
  Panels(int length, int largest, int unit = 1)
      : count((length + largest - 1) / largest),
        length_(length),
        unit_(unit),
        units_((length + unit - 1) / unit) {}
  int start(int i) const { return std::min((int)((int64_t)units_ * i / count) * unit_, length_); }
  int size(int i) const { return start(i + 1) - start(i); }

 private:
  int length_, unit_, units_;
};

}  // namespace fovea::FOVEA_ISA
