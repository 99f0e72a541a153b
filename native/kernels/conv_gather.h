// `implicit-gemm`, forward and backward in the input: each phase of a plan (conv_plan.h) is a matrix product
// of gathered pixels [places, taps * channels] and packed weights [taps * channels, outputs], made by the
// microkernel of conv_micro.h.
#pragma once

#include "conv_plan.h"

namespace fovea::FOVEA_ISA {

/** y = epilogue(gather convolution of x), where channels lie in `groups` blocks that do not mix. */
struct Gather {
  Plan plan;
  int n, in_h, in_w, in_c, out_h, out_w, out_c, groups;
  const float* in;
  float* out;
  const Epilogue* epilogue;

  /** Is `out` so large that what is stored of it leaves the caches before it is read? Then it is streamed, if `together`
   * channels, which are stored at a time, are whole lines. */
  bool streams(int together) const;
  bool streams() const { return streams(out_c / groups); }

 private:
  double products() const;
};

/** The weights, for every phase and group, in the order in which the microkernel reads them. */
struct WeightLayout {
  const ConvShape* shape;
  const float* weights;  // [kh, kw, ci/groups, co]
  bool transposed;       // reads [co -> ci], as the input's gradient does
};

size_t packed_weights_size(const Gather& g);  // floats
void pack_weights(const Gather& g, const WeightLayout& w, float* packed);
void gather_conv(const Gather& g, const float* packed);

}  // namespace fovea::FOVEA_ISA
