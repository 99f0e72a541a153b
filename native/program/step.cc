#include "program/step.h"

#include "runtime/memory.h"

namespace fovea {

Step::~Step() = default;

KeptWeights::~KeptWeights() { free_aligned(data_); }

void KeptWeights::reserve(size_t bytes) {
  if (bytes <= bytes_) return;
  free_aligned(data_);
  data_ = nullptr, bytes_ = 0;
  data_ = (float*)allocate_aligned(bytes);
  bytes_ = bytes;
}

}  // namespace fovea
