#include "runtime/flush_denormals.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace fovea {

#if defined(__x86_64__)

FlushDenormals::FlushDenormals() : saved_(_mm_getcsr()) {
  _mm_setcsr((unsigned)saved_ | 0x8040);  // flush to zero, denormals are zero
}
FlushDenormals::~FlushDenormals() { _mm_setcsr((unsigned)saved_); }

#elif defined(__aarch64__)

FlushDenormals::FlushDenormals() {
  __asm__ volatile("mrs %0, fpcr" : "=r"(saved_));
  __asm__ volatile("msr fpcr, %0" : : "r"(saved_ | (1ull << 24)));
}
FlushDenormals::~FlushDenormals() { __asm__ volatile("msr fpcr, %0" : : "r"(saved_)); }

#else

FlushDenormals::FlushDenormals() : saved_(0) {}
FlushDenormals::~FlushDenormals() = default;

#endif

}  // namespace fovea
