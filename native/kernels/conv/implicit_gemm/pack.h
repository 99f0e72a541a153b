// How the weights of implicit GEMM are packed: in panels of output channels, each k-step after the other.
#pragma once

#include "kernels/conv/gather.h"

namespace fovea::FOVEA_ISA::conv::implicit_gemm {

/** Are a group's outputs beyond whole vectors, which fill half a one at most, a panel of their own, in whose weights two
 * steps share a vector? It takes half the time. `products`: of a number of the output, on average. */
bool has_half_panel(int channels, int outputs, double products);

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

size_t weights_size(const Gather& g);  // floats
void pack_weights(const Gather& g, const WeightLayout& w, float* packed);

}  // namespace fovea::FOVEA_ISA::conv::implicit_gemm
