// A lock round what several of Node's threads may touch, and variables that each thread has for itself. A WebAssembly module has one
// thread that calls it, and needs no lock.
#pragma once

#if !defined(__wasm__)
#include <mutex>
#endif

// The one way to write `thread_local` below native/kernels/ and in native/wasm/: a module without threads has plain variables in their
// place (native/wasm/CMakeLists.txt).
#if defined(FOVEA_ONE_THREAD)
#define FOVEA_THREAD_LOCAL static
#else
#define FOVEA_THREAD_LOCAL thread_local
#endif

namespace fovea {

#if defined(__wasm__)
struct Lock {};
struct Locked {
  explicit Locked(Lock&) {}
  ~Locked() {}
};
#else
using Lock = std::mutex;
using Locked = std::lock_guard<std::mutex>;
#endif

}  // namespace fovea
