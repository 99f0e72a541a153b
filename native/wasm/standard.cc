// What the headers of the C and C++ libraries leave to a library that is linked: of those of Debian none is made for threads without
// a system underneath, and the kernels need little.
#include <chrono>
#include <cmath>
#include <cstring>
#include <cwchar>
#include <memory>
#include <new>
#include <typeinfo>

#include "runtime/fail.h"
#include "wasm/heap.h"
#include "wasm/imports.h"

using fovea::heap_allocate;
using fovea::heap_free;

extern "C" {

void* memcpy(void* to, const void* from, size_t bytes) {
  __builtin_memmove(to, from, bytes);  // the instruction memory.copy
  return to;
}
void* memmove(void* to, const void* from, size_t bytes) { return memcpy(to, from, bytes); }
void* memset(void* to, int value, size_t bytes) {
  __builtin_memset(to, value, bytes);  // the instruction memory.fill
  return to;
}
int memcmp(const void* a, const void* b, size_t bytes) {
  const auto *x = (const unsigned char*)a, *y = (const unsigned char*)b;
  for (size_t i = 0; i < bytes; i++)
    if (x[i] != y[i]) return x[i] < y[i] ? -1 : 1;
  return 0;
}
size_t strlen(const char* text) {
  size_t length = 0;
  while (text[length]) length++;
  return length;
}
int strcmp(const char* a, const char* b) {
  for (; *a && *a == *b; a++, b++) {
  }
  return (unsigned char)*a - (unsigned char)*b;
}

int strncmp(const char* a, const char* b, size_t length) {
  for (; length && *a && *a == *b; a++, b++, length--) {
  }
  return length ? (unsigned char)*a - (unsigned char)*b : 0;
}
wchar_t* wmemchr(const wchar_t* text, wchar_t sought, size_t length) {
  for (size_t i = 0; i < length; i++)
    if (text[i] == sought) return (wchar_t*)text + i;
  return nullptr;
}
/** A module never ends, so nothing is destroyed at its end. */
int __cxa_atexit(void (*)(void*), void*, void*) { return 0; }

// For the few numbers to which the kernels' own functions do not apply (kernels/simd/math.h).
FOVEA_IMPORT(sin) double sine_of(double x);
FOVEA_IMPORT(cos) double cosine_of(double x);
FOVEA_IMPORT(log) double logarithm_of(double x);
FOVEA_IMPORT(pow) double power_of(double x, double y);
double sin(double x) { return sine_of(x); }
double cos(double x) { return cosine_of(x); }
double log(double x) { return logarithm_of(x); }
double pow(double x, double y) { return power_of(x, y); }
float powf(float x, float y) { return (float)power_of(x, y); }

}  // extern "C"

void* operator new(size_t bytes) {
  void* const made = heap_allocate(bytes);
  if (!made) fovea::fail_out_of_memory();
  return made;
}
void* operator new[](size_t bytes) { return operator new(bytes); }
void* operator new(size_t bytes, const std::nothrow_t&) noexcept { return heap_allocate(bytes); }
void* operator new(size_t bytes, std::align_val_t) { return operator new(bytes); }  // no more than 64
void operator delete(void* data) noexcept { heap_free(data); }
void operator delete[](void* data) noexcept { heap_free(data); }
void operator delete(void* data, size_t) noexcept { heap_free(data); }
void operator delete[](void* data, size_t) noexcept { heap_free(data); }
void operator delete(void* data, std::align_val_t) noexcept { heap_free(data); }
void operator delete(void* data, size_t, std::align_val_t) noexcept { heap_free(data); }

namespace std {

const nothrow_t nothrow{};

inline namespace _LIBCPP_ABI_NAMESPACE {
/** libc++ ends here where it would throw. */
void __libcpp_verbose_abort(const char* format, ...) {
  fovea::fail(fovea::Message() << "C++ library: " << format);
}

// Of std::shared_ptr. No weak_ptr is used, so that the last owner is the last of all.
__shared_count::~__shared_count() {}
__shared_weak_count::~__shared_weak_count() {}
void __shared_weak_count::__release_weak() noexcept { __on_zero_shared_weak(); }
const void* __shared_weak_count::__get_deleter(const type_info&) const noexcept { return nullptr; }

namespace chrono {
steady_clock::time_point steady_clock::now() noexcept {
  return time_point(duration((rep)(fovea::milliseconds() * 1e6)));
}
}  // namespace chrono
}  // namespace _LIBCPP_ABI_NAMESPACE

}  // namespace std

namespace fovea {

void fail(const Message& message) { fail_in_javascript(message.text(), message.length()); }

}  // namespace fovea
