// The convolution trio against its definition in double loops: every variant that supports a shape, on every
// instruction set.
#include "tests/conv_cases.h"

namespace fovea::testing {
namespace {

TEST(conv_forward) {
  for (const ConvCase& c : conv_cases()) check_conv(c, "conv2d");
}
TEST(conv_input_grad) {
  for (const ConvCase& c : conv_cases()) check_conv(c, "conv2d_input_grad");
}
TEST(conv_weight_grad) {
  for (const ConvCase& c : conv_cases()) check_conv(c, "conv2d_weight_grad");
}

}  // namespace
}  // namespace fovea::testing
