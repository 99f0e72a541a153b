// Flushes denormals to zero: hardware takes a hundred cycles for one, and no kernel needs them.
#pragma once

#include <cstdint>

namespace fovea {

/** Flushes denormals to zero on this thread while it lives. */
class FlushDenormals {
 public:
  FlushDenormals();
  ~FlushDenormals();
  FlushDenormals(const FlushDenormals&) = delete;
  FlushDenormals& operator=(const FlushDenormals&) = delete;

 private:
  [[maybe_unused]] uint64_t saved_;
};

}  // namespace fovea
