// How a call ends in an error. The addon throws; WebAssembly, which is compiled without exceptions, leaves through JavaScript, which
// does (native/wasm/module.cc).
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#if !defined(__wasm__)
#include <new>
#include <stdexcept>
#endif

namespace fovea {

/** What an error says, from texts and whole numbers. */
class Message {
 public:
  Message& operator<<(const char* text) {
    for (; *text && length_ < sizeof text_ - 1; text++) text_[length_++] = *text;
    return *this;
  }
  Message& operator<<(int number) {
    char digits[12];
    char* at = digits + sizeof digits - 1;
    *at = 0;
    const bool negative = number < 0;
    for (int64_t rest = negative ? -(int64_t)number : number; rest > 0 || !*at; rest /= 10)
      *--at = (char)('0' + rest % 10);
    if (negative) *--at = '-';
    return *this << at;
  }
  const char* text() const { return text_; }
  size_t length() const { return length_; }

 private:
  char text_[256] = {};
  size_t length_ = 0;
};

#if defined(__wasm__)
[[noreturn]] void fail(const Message& message);
[[noreturn]] inline void fail_out_of_memory() { fail(Message() << "out of memory"); }
#else
/** What fail() throws. */
struct Failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};
[[noreturn]] inline void fail(const Message& message) { throw Failure(message.text()); }
[[noreturn]] inline void fail_out_of_memory() { throw std::bad_alloc(); }
#endif

}  // namespace fovea
