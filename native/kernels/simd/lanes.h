// Loops over arrays in vectors, with a masked last step, and over arrays in chunks on several threads.
// The vectors themselves are in simd.h, the threads in thread_pool.h.
#pragma once

#include "kernels/simd/simd.h"
#include "runtime/thread_pool.h"

namespace fovea::FOVEA_ISA {

/** 0, 1, 2, ... */
inline vi lane_numbers() {
  alignas(64) static constexpr int32_t numbers[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  vi v;
  std::memcpy(&v, numbers, sizeof v);
  return v;
}

/** A whole vector of an array. */
struct Whole {
  vf get(const float* p) const { return load(p); }
  void put(float* p, vf v) const { store(p, v); }
  vf or_else(vf v, float) const { return v; }
};

/** The first `n` lanes of a vector: nothing beyond them is read or written, and the other lanes read 0. */
struct Part {
  int n;
  vf get(const float* p) const { return load_partial(p, n); }
  void put(float* p, vf v) const { store_partial(p, v, n); }
  /** v, with `other` in the lanes that are not there. */
  vf or_else(vf v, float other) const { return lane_numbers() < n ? v : splat(other); }
};

/** The first `kCount` lanes, a multiple of four, in stores of 256 and 128 bits: faster than a masked store. */
template <int kCount>
struct PartialStores {
  void put(float* p, vf v) const {
    typedef float half __attribute__((vector_size(32)));
    typedef float quarter __attribute__((vector_size(16)));
    if constexpr (kCount >= 8) {
      const half first = __builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7);
      std::memcpy(p, &first, sizeof first);
    }
    if constexpr (kCount % 8 != 0) {
      constexpr int at = kCount - 4;
      const quarter last = __builtin_shufflevector(v, v, at, at + 1, at + 2, at + 3);
      std::memcpy(p + at, &last, sizeof last);
    }
  }
};

/** run(PartialStores) if so many lanes, fewer than all and at most kMax, are a multiple of four. */
template <int kMax, class Run>
inline __attribute__((always_inline)) bool in_partial_stores(int count, Run run) {
  if constexpr (kLanes >= 8) {
    if (count == 4) return run(PartialStores<4>{}), true;
  }
  if constexpr (kLanes >= 16) {
    if (count == 8) return run(PartialStores<8>{}), true;
    if (kMax >= 12 && count == 12) return run(PartialStores<12>{}), true;
  }
  return false;
}

/** step(i, lanes) for i = 0, kLanes, 2 kLanes, ... below n; `lanes` is a Whole, or a Part at a ragged end. */
template <class Step>
inline __attribute__((always_inline)) void for_lanes(int64_t n, Step step) {
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) step(i, Whole{});
  if (i < n) step(i, Part{int(n - i)});
}

inline bool begins_line(const float* p) { return (uintptr_t)p % (kLine * sizeof(float)) == 0; }

/** memcpy() of floats with non-temporal stores, as far as they fill whole lines of `to` from its beginning. */
inline void copy_nontemporal(const float* from, int64_t count, float* to) {
  int64_t i = 0;
  for (const bool nontemporal = begins_line(to); nontemporal && i + kLanes <= count; i += kLanes)
    store_nontemporal(to + i, load(from + i));
  std::memcpy(to + i, from + i, sizeof(float) * size_t(count - i));
}

/** Elements in one task of a kernel that streams through memory: 64 KiB, some microseconds of work. */
constexpr int64_t kChunk = 16384;

/** task(begin, end) over [0, n) in chunks of `chunk`, which depend on nothing else; on one thread where it is
 * one chunk. */
template <class Task>
inline void parallel_ranges(int64_t n, int64_t chunk, Task task) {
  if (n <= 0) return;
  if (n <= chunk) return task(int64_t{0}, n);
  const int64_t count = (n + chunk - 1) / chunk;
  parallel_for(int(count), [&](int index, int) {
    const int64_t begin = index * chunk;
    task(begin, begin + chunk < n ? begin + chunk : n);
  });
}

/** As parallel_ranges for `rows` things of `cost` elements each: a chunk is as many whole rows as make up
 * kChunk elements. */
template <class Task>
inline void parallel_rows(int64_t rows, int64_t cost, Task task) {
  const int64_t chunk = cost >= kChunk ? 1 : kChunk / (cost > 0 ? cost : 1);
  parallel_ranges(rows, chunk, task);
}

// Sums are kept in double: half a vector of floats widens to one vector of doubles.
constexpr int kHalf = kLanes / 2;
typedef double vd __attribute__((vector_size(kHalf * 8)));

inline vd load_double(const double* p) {
  vd v;
  std::memcpy(&v, p, sizeof v);
  return v;
}
inline void store_double(double* p, vd v) { std::memcpy(p, &v, sizeof v); }
#if defined(__AVX512F__)
inline vd widen_low(vf v) { return (vd)_mm512_cvtps_pd(_mm512_castps512_ps256((__m512)v)); }
inline vd widen_high(vf v) { return (vd)_mm512_cvtps_pd(_mm512_extractf32x8_ps((__m512)v, 1)); }
#elif defined(__AVX2__)
inline vd widen_low(vf v) { return (vd)_mm256_cvtps_pd(_mm256_castps256_ps128((__m256)v)); }
inline vd widen_high(vf v) { return (vd)_mm256_cvtps_pd(_mm256_extractf128_ps((__m256)v, 1)); }
#else
typedef float vh __attribute__((vector_size(kHalf * 4)));
inline vd widen_low(vf v) {
  vh half;
  std::memcpy(&half, &v, sizeof half);
  return __builtin_convertvector(half, vd);
}
inline vd widen_high(vf v) {
  vh half;
  std::memcpy(&half, (const char*)&v + sizeof half, sizeof half);
  return __builtin_convertvector(half, vd);
}
#endif

inline vf narrow(vd low, vd high) {
#if defined(__AVX512F__)
  const __m512 lower = _mm512_castps256_ps512(_mm512_cvtpd_ps((__m512d)low));
  return (vf)_mm512_insertf32x8(lower, _mm512_cvtpd_ps((__m512d)high), 1);
#elif defined(__AVX2__)
  const __m256 lower = _mm256_castps128_ps256(_mm256_cvtpd_ps((__m256d)low));
  return (vf)_mm256_insertf128_ps(lower, _mm256_cvtpd_ps((__m256d)high), 1);
#else
  vf v;
  for (int i = 0; i < kLanes; i++) v[i] = float(i < kHalf ? low[i] : high[i - kHalf]);
  return v;
#endif
}

}  // namespace fovea::FOVEA_ISA
