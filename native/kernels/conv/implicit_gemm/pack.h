// How the weights of implicit GEMM are packed: in panels of output channels, each k-step after the other.
#pragma once

#include "kernels/conv/gather.h"

namespace fovea::FOVEA_ISA::conv::implicit_gemm {

/**
 * If at most half a vector of a group's output channels is left over, give them a panel of their own that is k-interleaved by two
 * (lane 2j+i: channel j, k-step i)? That takes half the multiply-adds. `products`: summed for an element of the output, on average.
 */
bool has_half_panel(int channels, int outputs, double products);

/** The panels of a group's outputs, and their weights for one tap. A panel has three vectors only where its weights stay in L2, as
 * its tiles have few rows and read them often. */
class WeightPanels {
 public:
  explicit WeightPanels(const Gather& g);

  /** How many outputs are in the panel that begins with `output`. */
  int outputs(int output) const;
  /** Half a panel counts with the one before. */
  int count() const;
  bool ends_with_half() const { return half_; }
  /** Rows of the largest tile of any panel. */
  int max_rows() const;
  /** Floats of a k-step's weights in a panel of so many outputs: whole vectors or half of one. */
  int width(int outputs) const;
  /** Numbers of all weights before `output`, where a panel begins or all end. */
  size_t size(int output) const;
  size_t size() const { return size(outputs_); }

 private:
  const int channels_, outputs_;
  const double steps_;  // of a sum, on average
  const bool half_, three_;
};

size_t weights_size(const Gather& g);  // floats
void pack_weights(const Gather& g, const WeightLayout& w, float* packed);

}  // namespace fovea::FOVEA_ISA::conv::implicit_gemm
