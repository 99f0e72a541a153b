// `implicit-gemm`, forward and backward in the input: each phase of a plan (conv_plan.h) is a matrix product
// of gathered pixels [places, taps * channels] and packed weights [taps * channels, outputs], made by the
// microkernel of conv_micro.h.
#pragma once

#include <functional>

#include "kernels/conv/plan.h"

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
  /** Where `out` is not streamed: is it so large that its lines are asked for before they are stored? */
  bool is_asked_for() const;
  size_t written_bytes() const { return sizeof(float) * n * out_h * out_w * out_c; }
  size_t read_bytes() const { return sizeof(float) * n * in_h * in_w * in_c; }
  /** Products of a number of the output, on average. */
  double products() const;
};

// Without their tensors.
Gather gather_forward(const ConvShape& s);
Gather gather_input_grad(const ConvShape& s);

/** The weights, for every phase and group, in the order in which the microkernel reads them. */
struct WeightLayout {
  const ConvShape* shape;
  const float* weights;  // [kh, kw, ci/groups, co]
  bool transposed;       // reads [co -> ci], as the input's gradient does
};

/** Are a group's outputs beyond whole vectors, which fill half a one at most, a panel of their own, in whose weights two
 * steps share a vector? It takes half the time. `products`: of a number of the output, on average. */
bool has_half(int channels, int outputs, double products);

/** The panels in which the outputs of a group are made, and their weights for one tap. Three vectors make one where its
 * weights stay in the second-level cache: its tiles have few rows, which read them often. */
class WeightPanels {
 public:
  explicit WeightPanels(const Gather& g);

  /** How many outputs are in the panel that begins with `output`. */
  int outputs(int output) const;
  /** Half a panel counts with the one before. */
  int count() const;
  bool ends_with_half() const { return half_; }
  /** Rows of the largest tile of any panel. */
  int most_rows() const;
  /** Numbers of a step's weights in a panel of so many outputs: whole vectors or half of one. */
  int width(int outputs) const;
  /** Numbers of all weights before `output`, where a panel begins or all end. */
  size_t size(int output) const;
  size_t size() const { return size(outputs_); }

 private:
  const int channels_, outputs_;
  const double steps_;  // of a sum, on average
  const bool half_, three_;
};

size_t packed_weights_size(const Gather& g);  // floats
void pack_weights(const Gather& g, const WeightLayout& w, float* packed);
/** `weights` gives a thread the packed weights that it shall read. */
void gather_conv(const Gather& g, const std::function<const float*(int thread)>& weights);

}  // namespace fovea::FOVEA_ISA
