// Shapes for the convolution trio's tests, its definition in plain double loops, and the check of one case.
#pragma once

#include <stdexcept>

#include "tests/testing.h"

namespace fovea::testing {

struct ConvCase {
  ConvShape s;
  int flags = 0;  // ProductFlags
  Activation activation = Activation::linear, gradient_of = Activation::linear;
};

/** Cases in which sizes are odd or prime, and every attribute takes unusual values. */
std::vector<ConvCase> conv_cases();

/** Compares a kernel of the trio ("conv2d", "conv2d_input_grad", "conv2d_weight_grad") with its definition,
 * by the normalised squared error. */
void check_conv(const ConvCase& c, const char* kernel, double tolerance = 1e-11);

}  // namespace fovea::testing
