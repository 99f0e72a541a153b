// A call made ready to be run again and again: what follows from its numbers alone (its plan, its variant) is worked out once, and
// what follows from operands that do not change (packed weights) is kept. The steps of a program (program.h) are such.
#pragma once

#include <cstddef>

namespace fovea {

class Step {
 public:
  Step() = default;
  virtual ~Step();
  Step(const Step&) = delete;
  Step& operator=(const Step&) = delete;
  virtual void run() = 0;
  /** Operand 1, which was said not to change, did: what was kept of it is made anew. */
  virtual void forget() {}
};

/** Weights in the order in which a kernel reads them. */
class KeptWeights {
 public:
  KeptWeights() = default;
  ~KeptWeights();
  KeptWeights(const KeptWeights&) = delete;
  KeptWeights& operator=(const KeptWeights&) = delete;

  /** The `size` floats that pack(to) writes: at the first call, and at the first after forget(). */
  template <class Pack>
  float* get(size_t size, Pack pack) {
    if (!is_packed_) {
      reserve(size * sizeof(float));
      pack(data_);
      is_packed_ = true;
    }
    return data_;
  }
  void forget() { is_packed_ = false; }

 private:
  void reserve(size_t bytes);

  float* data_ = nullptr;  // 64-byte aligned
  size_t bytes_ = 0;
  bool is_packed_ = false;
};

}  // namespace fovea
