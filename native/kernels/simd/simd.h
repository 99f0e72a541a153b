// One vector type for every instruction set: `vf` holds `kLanes` floats (16 on AVX-512, 8 on AVX2, 4 on NEON,
// in WebAssembly and elsewhere). It is built on the compilers' vector extensions, so a + b, a * b, a < b ? c : d and
// indexing need no wrapper; only what those lack is spelt out here. Every file under kernels/ is compiled
// once per instruction set, inside namespace FOVEA_ISA.
#pragma once

#include <cstdint>
#include <cstring>
#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__ARM_NEON)
#include <arm_neon.h>
#elif defined(__wasm__)
#include <wasm_simd128.h>
#endif

#ifndef FOVEA_ISA
#error "compile with -DFOVEA_ISA=avx512|avx2|neon|portable|simd128|relaxed_simd128"
#endif

namespace fovea::FOVEA_ISA {

#if defined(__AVX512F__)
constexpr int kLanes = 16;
#elif defined(__AVX2__)
constexpr int kLanes = 8;
#else
constexpr int kLanes = 4;
#endif

/** Floats in a cache line. */
constexpr int kLine = 16;

typedef float vf __attribute__((vector_size(kLanes * 4)));
typedef int32_t vi __attribute__((vector_size(kLanes * 4)));

inline vf load(const float* p) {
  vf v;
  std::memcpy(&v, p, sizeof v);
  return v;
}
inline void store(float* p, vf v) { std::memcpy(p, &v, sizeof v); }
inline vf splat(float x) { return x - vf{}; }

/** p[0], p[1], p[0], p[1], ... */
inline vf splat_pair(const float* p) {
  typedef int64_t pairs __attribute__((vector_size(kLanes * 4)));
  int64_t pair;
  std::memcpy(&pair, p, sizeof pair);
  return (vf)(pair - pairs{});
}

/** x, 0, x, 0, ... */
inline vf splat_first(float x) {
  vi first{};
  for (int i = 0; i < kLanes; i += 2) first[i] = -1;
  return (vf)((vi)splat(x) & first);
}

/** a * b + c with one rounding where the hardware has it. */
inline vf fma(vf a, vf b, vf c) {
#if defined(__AVX512F__)
  return (vf)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
#elif defined(__FMA__)
  return (vf)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
#elif defined(__ARM_NEON) && defined(__aarch64__)
  return (vf)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b);
#elif defined(__wasm_relaxed_simd__)
  return (vf)wasm_f32x4_relaxed_madd((v128_t)a, (v128_t)b, (v128_t)c);
#else
  return a * b + c;
#endif
}

/**
 * sum = fma(a, b, sum), in sum's own register: for microkernels whose sums fill all of them. Left alone, GCC
 * moves AVX2's sums from register to register, runs out and keeps one in memory, whose latency then bounds the
 * loop. (AVX-512 has registers to spare; where it has not, see pin().)
 */
inline __attribute__((always_inline)) void accumulate(vf a, vf b, vf& sum) {
#if defined(__FMA__) && !defined(__AVX512F__)
  __asm__("vfmadd231ps %2, %1, %0" : "+x"(sum) : "x"(a), "x"(b));
#else
  sum = fma(a, b, sum);
#endif
}

/** Keeps AVX-512's sum in its register, too, while the operands of accumulate() may still come from memory. */
inline __attribute__((always_inline)) void pin([[maybe_unused]] vf& sum) {
#if defined(__AVX512F__)
  __asm__("" : "+v"(sum));
#endif
}

/** Optimisation barrier: GCC must treat `number` as unknown. Otherwise it computes every later pointer from the first one, runs out
 * of registers and spills. */
template <class T>
inline __attribute__((always_inline)) void hide(T& number) {
  __asm__("" : "+r"(number));
}

/** True if one vector fills a 64-byte cache line (AVX-512), so that non-temporal stores write whole lines. */
#if defined(__AVX512F__)
constexpr bool kHasNontemporalStore = true;
/** store() that bypasses the caches, for results larger than they are; `p` is a multiple of 64 bytes. Other threads see it when
 * parallel_for has returned. */
inline void store_nontemporal(float* p, vf v) { _mm512_stream_ps(p, (__m512)v); }
#else
constexpr bool kHasNontemporalStore = false;
inline void store_nontemporal(float* p, vf v) { store(p, v); }
#endif

inline vf max(vf a, vf b) { return a > b ? a : b; }
inline vf min(vf a, vf b) { return a < b ? a : b; }

#if defined(__AVX2__) && !defined(__AVX512F__)
inline __m256i first_lanes(int n) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
#endif

/** The first n lanes (0 <= n <= kLanes) from p, zeros after; reads nothing beyond them. */
inline vf load_partial(const float* p, int n) {
#if defined(__AVX512F__)
  return (vf)_mm512_maskz_loadu_ps((__mmask16)((1u << n) - 1), p);
#elif defined(__AVX2__)
  return (vf)_mm256_maskload_ps(p, first_lanes(n));
#elif defined(__wasm__)
  switch (n) {  // memory.copy of so few bytes is a call
    case 0:
      return vf{};
    case 1:
      return (vf)wasm_v128_load32_zero(p);
    case 2:
      return (vf)wasm_v128_load64_zero(p);
    case 3:
      return (vf)wasm_v128_load32_lane(p + 2, wasm_v128_load64_zero(p), 2);
    default:
      return load(p);
  }
#else
  vf v{};
  std::memcpy(&v, p, (size_t)n * 4);
  return v;
#endif
}
inline void store_partial(float* p, vf v, int n) {
#if defined(__AVX512F__)
  _mm512_mask_storeu_ps(p, (__mmask16)((1u << n) - 1), (__m512)v);
#elif defined(__AVX2__)
  _mm256_maskstore_ps(p, first_lanes(n), (__m256)v);
#elif defined(__wasm__)
  if (n >= kLanes) return store(p, v);
  if (n & 2) wasm_v128_store64_lane(p, (v128_t)v, 0);
  if (n == 3) wasm_v128_store32_lane(p + 2, (v128_t)v, 2);
  if (n == 1) wasm_v128_store32_lane(p, (v128_t)v, 0);
#else
  std::memcpy(p, &v, (size_t)n * 4);
#endif
}

/** The sum of the lanes, pairwise: the same order on every call. */
inline float sum(vf v) {
  float a[kLanes];
  store(a, v);
  for (int half = kLanes / 2; half > 0; half /= 2)
    for (int i = 0; i < half; i++) a[i] += a[i + half];
  return a[0];
}

}  // namespace fovea::FOVEA_ISA
