// The convolution trio against its definition in double loops, every variant that supports a shape, on every instruction set: on
// chosen shapes, and on some that nobody chose. SEED=n COUNT=n fovea_native_tests random_convolutions: others, and more of them.
#include <random>

#include "tests/conv_cases.h"

namespace fovea::testing {
namespace {

class Shapes {
 public:
  explicit Shapes(uint32_t seed) : random_(seed) {}

  /** The next one whose window fits the image. */
  ConvCase next() {
    ConvCase c;
    do c.s = any();
    while (c.s.oh <= 0 || c.s.ow <= 0);
    c.flags = between(0, 7);
    c.activation = (Activation)between(0, 4);
    if (c.flags & kHasSaved) c.gradient_of = (Activation)between(0, 4);
    return c;
  }

 private:
  int between(int least, int most) { return least + (int)(random_() % (uint32_t)(most - least + 1)); }
  /** 1 as a rule. */
  int seldom(int most) { return between(1, 3) == 1 ? between(1, most) : 1; }

  ConvShape any() {
    ConvShape s{};
    const bool heavy = between(1, 8) == 1;  // weights that leave the caches, over a few places
    s.n = between(1, 3), s.h = between(1, heavy ? 7 : 24), s.w = between(1, heavy ? 9 : 60);
    s.kh = between(1, heavy ? 3 : 7), s.kw = between(1, heavy ? 3 : 7);
    s.stride_y = seldom(4), s.stride_x = seldom(4), s.dilation_y = seldom(3), s.dilation_x = seldom(3);
    s.pad_top = between(0, 4), s.pad_left = between(0, 4), s.up = between(1, 6) == 1 ? 2 : 1;
    const int kind = heavy ? 3 : between(0, 3);
    s.groups = kind == 0 ? between(1, 70) : kind == 1 ? between(1, 4) : 1;
    const auto channels = [&](int few) {
      return kind == 0   ? s.groups
             : kind == 1 ? s.groups * between(1, few / 3)
                         : between(1, heavy ? 340 : few);
    };
    s.ci = channels(40), s.co = channels(70);
    s.oh = places(s.h * s.up + s.pad_top + between(0, 4), s.kh, s.stride_y, s.dilation_y);
    s.ow = places(s.w * s.up + s.pad_left + between(0, 4), s.kw, s.stride_x, s.dilation_x);
    return s;
  }

  static int places(int size, int taps, int stride, int dilation) {
    const int rest = size - dilation * (taps - 1) - 1;
    return rest < 0 ? 0 : rest / stride + 1;
  }

  std::mt19937 random_;
};

/** That of the conformance suite: Winograd's transforms cost a digit or two over direct summation. */
constexpr double kTolerance = 1e-9;

TEST(conv_forward) {
  for (const ConvCase& c : conv_cases()) check_conv(c, "conv2d");
}
TEST(conv_input_grad) {
  for (const ConvCase& c : conv_cases()) check_conv(c, "conv2d_input_grad");
}
TEST(conv_weight_grad) {
  for (const ConvCase& c : conv_cases()) check_conv(c, "conv2d_weight_grad");
}

TEST(random_convolutions) {
  Shapes shapes(number("SEED", 3));
  for (int i = number("COUNT", 30); i > 0; i--) {
    const ConvCase c = shapes.next();
    check_conv(c, "conv2d", kTolerance);
    check_conv(c, "conv2d_input_grad", kTolerance);
    ConvCase plain;
    plain.s = c.s;
    check_conv(plain, "conv2d_weight_grad", kTolerance);
  }
}

}  // namespace
}  // namespace fovea::testing
