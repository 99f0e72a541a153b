// random: Philox4x32-10 (Salmon, Moraes, Dror and Shaw, SC 2011) on a vector of counters at a time; uniform
// numbers, and normal ones by Box-Muller. The integers are those of src/base/philox.ts bit for bit.
#include <algorithm>

#include "kernels/simd/lanes.h"
#include "kernels/simd/math.h"
#include "program/numbers.h"

namespace fovea::FOVEA_ISA {
namespace {

/** The high halves of the lanes' 64-bit products with m. */
inline vu multiply_high(vu a, uint32_t m) {
#if defined(__AVX512F__)
  const __m512i factor = _mm512_set1_epi32(int(m));
  const __m512i even = _mm512_mul_epu32((__m512i)a, factor),
                odd = _mm512_mul_epu32(_mm512_srli_epi64((__m512i)a, 32), factor);
  return (vu)_mm512_mask_blend_epi32(0xaaaa, _mm512_srli_epi64(even, 32), odd);
#elif defined(__AVX2__)
  const __m256i factor = _mm256_set1_epi32(int(m));
  const __m256i even = _mm256_mul_epu32((__m256i)a, factor),
                odd = _mm256_mul_epu32(_mm256_srli_epi64((__m256i)a, 32), factor);
  return (vu)_mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, 0xaa);
#else
  for (int i = 0; i < kLanes; i++) a[i] = uint32_t(uint64_t(a[i]) * m >> 32);
  return a;
#endif
}

struct Words {
  vu w[4];
};

/** The words of the blocks base, base + 1, ..., one in every lane. */
Words philox(uint64_t base, uint32_t key_low, uint32_t key_high) {
  const uint32_t base_low = uint32_t(base);
  vu c0 = (vu)lane_numbers() + base_low;
  vu c1 = uint32_t(base >> 32) - (vu)(c0 < base_low);  // a comparison that holds is -1: the carry
  vu c2{}, c3{};
  for (int round = 0; round < 10; round++) {
    const vu high0 = multiply_high(c0, 0xd2511f53u), high1 = multiply_high(c2, 0xcd9e8d57u);
    const vu low0 = c0 * 0xd2511f53u, low1 = c2 * 0xcd9e8d57u;
    c0 = high1 ^ c1 ^ key_low;
    c1 = low1;
    c2 = high0 ^ c3 ^ key_high;
    c3 = low0;
    key_low += 0x9e3779b9u;
    key_high += 0xbb67ae85u;
  }
  return {{c0, c1, c2, c3}};
}

/** 24 bits as a number in [0, 1), exactly. */
inline vf uniform_from(vu word) { return __builtin_convertvector((vi)(word >> 8), vf) * 0x1p-24f; }

/** Box-Muller: replaces two uniform numbers by two independent normal ones. The angle 2 pi v is reduced
 * exactly. */
inline void make_normal(vf& u, vf& v) {
  const vf radius = square_root(-2.0f * logarithm(1.0f - u));
  const vf turns = v * 4.0f, shifted = turns + kRounder;
  const vu quarter = (vu)shifted - (vu)splat(kRounder);
  const vf angle = (turns - (shifted - kRounder)) * 1.57079632679489662f;
  u = radius * sine_in_quarter(angle, quarter + 1u);
  v = radius * sine_in_quarter(angle, quarter);
}

typedef float v4 __attribute__((vector_size(16)));

/** y[4 i + k] = x[k * kLanes + i]: the words of four blocks from one place each to one block after the other.
 */
inline void interleave_4(const float* x, float* y) {
  v4 word[4];
  for (int k = 0; k < 4; k++) std::memcpy(&word[k], x + k * kLanes, sizeof(v4));
  const v4 low01 = __builtin_shufflevector(word[0], word[1], 0, 4, 1, 5);
  const v4 low23 = __builtin_shufflevector(word[2], word[3], 0, 4, 1, 5);
  const v4 high01 = __builtin_shufflevector(word[0], word[1], 2, 6, 3, 7);
  const v4 high23 = __builtin_shufflevector(word[2], word[3], 2, 6, 3, 7);
  const v4 block[4] = {__builtin_shufflevector(low01, low23, 0, 1, 4, 5),
                       __builtin_shufflevector(low01, low23, 2, 3, 6, 7),
                       __builtin_shufflevector(high01, high23, 0, 1, 4, 5),
                       __builtin_shufflevector(high01, high23, 2, 3, 6, 7)};
  std::memcpy(y, block, sizeof block);
}

}  // namespace

void random(const Call& call) {
  Numbers numbers(call);
  const int64_t size = numbers.whole();
  const bool normal = numbers.flag();
  const uint32_t key_low = uint32_t(numbers.real()), key_high = uint32_t(numbers.real());
  const float* limbs = call.operands[0];
  float* y = call.operands[1];
  uint64_t counter = 0;
  for (int i = 0; i < 4; i++) counter |= uint64_t(limbs[i]) << (16 * i);

  constexpr int64_t kStep = 4 * kLanes;
  parallel_ranges(size, kChunk, [=](int64_t i, int64_t end) {
    for (; i < end; i += kStep) {
      const Words words = philox(counter + uint64_t(i / 4), key_low, key_high);
      vf value[4];
      for (int k = 0; k < 4; k++) value[k] = uniform_from(words.w[k]);
      if (normal) {
        make_normal(value[0], value[1]);
        make_normal(value[2], value[3]);
      }
      float by_word[kStep], in_order[kStep];
      for (int k = 0; k < 4; k++) store(by_word + k * kLanes, value[k]);
      for (int lane = 0; lane < kLanes; lane += 4) interleave_4(by_word + lane, in_order + 4 * lane);
      if (end - i >= kStep) {
        std::memcpy(y + i, in_order, sizeof in_order);
      } else {
        std::copy_n(in_order, end - i, y + i);
      }
    }
  });
}

}  // namespace fovea::FOVEA_ISA
