// A lock round what several of Node's threads may touch. A WebAssembly module has one thread that calls it, and needs none.
#pragma once

#if !defined(__wasm__)
#include <mutex>
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
