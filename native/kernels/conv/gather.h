// A convolution forward or backward in its input, in one form: every output pixel gathers pixels of the input. What the
// algorithms for these two directions are given.
#pragma once

#include "kernels/conv/conv.h"
#include "kernels/simd/simd.h"

namespace fovea::FOVEA_ISA::conv {

/** out = epilogue(gather convolution of in), where channels lie in `groups` blocks that do not mix. */
struct Gather {
  Plan plan;
  int n, in_h, in_w, in_c, out_h, out_w, out_c, groups;
  const float* in;
  float* out;
  const Epilogue* epilogue;  // null: none

  /** Store `out` with non-temporal stores? Only what leaves the caches before it is read, and if `contiguous` channels, which are
   * stored at a time, fill whole cache lines. */
  bool stores_nontemporally(int contiguous) const;
  bool stores_nontemporally() const { return stores_nontemporally(out_c / groups); }
  /** Prefetch the output for writing? Only if it exceeds L3; not where stores are non-temporal. */
  bool prefetches_output() const;
  size_t written_bytes() const { return sizeof(float) * n * out_h * out_w * out_c; }
  size_t read_bytes() const { return sizeof(float) * n * in_h * in_w * in_c; }
  /** Products summed for an element of the output, on average. */
  double products() const;
  Epilogue ending() const { return epilogue ? *epilogue : Epilogue{}; }
};

/** Without their tensors. */
Gather gather_forward(const ConvShape& s);
Gather gather_input_grad(const ConvShape& s);

/** Of a forward call, or of an input gradient's, which outlives it; `shape`: the same elements in other axes. */
Gather gather_of(const ConvCall& c, const ConvShape& shape);
inline Gather gather_of(const ConvCall& c) { return gather_of(c, c.shape); }

/** Weights as a tensor [kh, kw, ci/groups, co]. */
struct WeightLayout {
  const ConvShape* shape;
  const float* weights;
  bool transposed;  // read [co -> ci], as the input's gradient does
};

/** Those of a call. */
inline WeightLayout weights_of(const ConvCall& c) {
  return {&c.shape, c.b, c.direction == Direction::input_grad};
}

}  // namespace fovea::FOVEA_ISA::conv
