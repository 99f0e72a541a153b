// Prefetching: cache lines are loaded before they are needed, a few at each k-step of a product, while memory is idle.
#pragma once

#include <cstddef>

#include "kernels/simd/simd.h"
#include "runtime/cpu.h"

namespace fovea::FOVEA_ISA::conv {

/** Are so many bytes read from memory again, because L3 does not hold them? */
inline bool exceeds_l3(size_t bytes) { return bytes > cpu().l3 / 8 * 5; }

/** A stream of lines for the k-steps of a tile, each of which prefetches the one at `at` and moves on by `step` floats. */
struct PrefetchStream {
  const float* at = nullptr;  // null: none
  ptrdiff_t step = 0;

  /** Moves on past so many k-steps. */
  void skip(ptrdiff_t steps) {
    if (at) at += steps * step;
  }
};

/** Parts of some rows of an image, `pitch` floats from one to the next, which are prefetched piece by piece. */
struct PrefetchRegion {
  const float* row = nullptr;
  int rows = 0;
  ptrdiff_t pitch = 0;
  ptrdiff_t length = 0, at = 0;  // of each row's part, and the place in it that take() has reached

  ptrdiff_t lines() const { return rows * (length / kLine + 1); }
  /** Where the next `count` floats begin; they end with the row. */
  const float* take(ptrdiff_t count) {
    const float* const from = row + at;
    at += count;
    if (at >= length) row += pitch, at = 0, rows--;
    return from;
  }
  /** Prefetches [begin, begin + size) of all rows into L2. */
  void prefetch(ptrdiff_t begin, ptrdiff_t size) const {
    for (int i = 0; i < rows; i++)
      for (ptrdiff_t j = 0; j < size; j += kLine) __builtin_prefetch(row + i * pitch + begin + j, 0, 2);
  }
  /** A single row, as a stream for so many k-steps. */
  PrefetchStream spread(int steps) const { return {row, row ? ((int)length + steps - 1) / steps : 0}; }
};

/** memcpy() that prefetches what comes 2 KiB later: images come from memory, and lines follow each other. */
inline void copy_prefetching(float* to, const float* from, ptrdiff_t count) {
  constexpr ptrdiff_t kDistance = 512;
  ptrdiff_t i = 0;
  for (; i + 16 <= count; i += 16) {
    __builtin_prefetch(from + i + kDistance);
    for (int lane = 0; lane < 16; lane += kLanes) store(to + i + lane, load(from + i + lane));
  }
  if (i < count) __builtin_memcpy(to + i, from + i, sizeof(float) * size_t(count - i));
}

}  // namespace fovea::FOVEA_ISA::conv
