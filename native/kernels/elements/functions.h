// The functions that unary, unaryGrad and binary offer, on vectors, in the order of the lists in
// encode-elements.ts. The fused chain runs the same ones, so that fusing changes no bit. exp, tanh and the
// like themselves are in ../math.h.
#pragma once

#include "kernels/simd/math.h"
#include "kernels/simd/power.h"

namespace fovea::FOVEA_ISA::functions {

constexpr float kGeluScale = 0.79788456080286536f;  // sqrt(2/pi)
constexpr float kGeluCubic = 0.044715f;
constexpr float kErfSlope = 1.1283791670955126f;  // 2/sqrt(pi)

inline vf one_if(vi condition) { return (vf)(condition & (vi)splat(1.0f)); }
inline vf sign_of(vf x) { return x != 0.0f ? copy_sign(x != x ? x : splat(1.0f), x) : x; }

inline vf softplus(vf x) { return maximum(x, splat(0.0f)) + logarithm_of_1_plus(exponential(-absolute(x))); }

inline vf silu_derivative(vf x) {
  const Logistic s(x);
  return s.value * (1.0f + x * s.complement);
}

// 1 + tanh(u) is 2 logistic(2u), which keeps its digits where tanh(u) is near -1.
inline vf gelu_argument(vf x) { return 2.0f * kGeluScale * (x + kGeluCubic * x * x * x); }
inline vf gelu_derivative(vf x) {
  // Beyond +-100 the derivative is 1 or 0, and x^3 would overflow before that is seen.
  const vf bounded = x > 100.0f ? splat(100.0f) : x < -100.0f ? splat(-100.0f) : x;
  const Logistic s(gelu_argument(bounded));
  const vf slope = 2.0f * kGeluScale * (1.0f + 3.0f * kGeluCubic * bounded * bounded);
  return s.value + bounded * s.value * s.complement * slope;
}

// clang-format off
/**
 * One function of one variable. `value(x)`; `gradient(saved, dy)` is dy * f', where saved is f's output for
 * the functions in gradientFromOutput (kernels.ts) and its input for the others. `a` is alpha, in every lane.
 */
#define FOVEA_UNARY(Name, VALUE, GRADIENT)                                                       \
  struct Name {                                                                                  \
    static vf value(vf x, [[maybe_unused]] vf a) { return VALUE; }                               \
    static vf gradient([[maybe_unused]] vf s, vf dy, [[maybe_unused]] vf a) { return GRADIENT; } \
  };
FOVEA_UNARY(Linear, x, dy)
FOVEA_UNARY(Relu, x < 0.0f ? splat(0.0f) : x, dy * one_if(s > 0.0f))
FOVEA_UNARY(LeakyRelu, x > 0.0f ? x : a * x, dy * (s > 0.0f ? splat(1.0f) : a))
FOVEA_UNARY(Sigmoid, logistic(x), dy * (s * (1.0f - s)))
FOVEA_UNARY(Tanh, hyperbolic_tangent(x), dy * fma(-s, s, splat(1.0f)))
FOVEA_UNARY(Softplus, softplus(x), dy * (-exponential_minus_1(-s)))
FOVEA_UNARY(Silu, x * logistic(x), dy * silu_derivative(s))
FOVEA_UNARY(Gelu, x * logistic(gelu_argument(x)), dy * gelu_derivative(s))
FOVEA_UNARY(Exp, exponential(x), dy * s)
FOVEA_UNARY(Log, logarithm(x), dy * (1.0f / s))
FOVEA_UNARY(Sqrt, square_root(x), dy * (0.5f / s))
FOVEA_UNARY(Rsqrt, 1.0f / square_root(x), dy * (-0.5f * s * s * s))
FOVEA_UNARY(Square, x * x, dy * (2.0f * s))
FOVEA_UNARY(Abs, absolute(x), dy * sign_of(s))
FOVEA_UNARY(Sign, sign_of(x), dy * 0.0f)
FOVEA_UNARY(Neg, -x, -dy)
FOVEA_UNARY(Reciprocal, 1.0f / x, dy * (-s * s))
FOVEA_UNARY(Sin, sine(x), dy * cosine(s))
FOVEA_UNARY(Cos, cosine(x), dy * (-sine(s)))
FOVEA_UNARY(Floor, round_down(x), dy * 0.0f)
FOVEA_UNARY(Ceil, -round_down(-x), dy * 0.0f)
FOVEA_UNARY(Round, round_to_even(x), dy * 0.0f)
FOVEA_UNARY(Erf, error_function(x), dy * (kErfSlope * exponential(-s * s)))
#undef FOVEA_UNARY

#define FOVEA_UNARY_FUNCTIONS(DO)                                                                    \
  DO(Linear) DO(Relu) DO(LeakyRelu) DO(Sigmoid) DO(Tanh) DO(Softplus) DO(Silu) DO(Gelu) DO(Exp) DO(Log) \
  DO(Sqrt) DO(Rsqrt) DO(Square) DO(Abs) DO(Sign) DO(Neg) DO(Reciprocal) DO(Sin) DO(Cos) \
  DO(Floor) DO(Ceil) DO(Round) DO(Erf)

/** One function of two variables. Comparisons give 1 or 0. */
#define FOVEA_BINARY(Name, VALUE)                 \
  struct Name {                                   \
    static vf value(vf a, vf b) { return VALUE; } \
  };
FOVEA_BINARY(Add, a + b)
FOVEA_BINARY(Sub, a - b)
FOVEA_BINARY(Mul, a * b)
FOVEA_BINARY(Div, a / b)
FOVEA_BINARY(Max, maximum(a, b))
FOVEA_BINARY(Min, minimum(a, b))
FOVEA_BINARY(Pow, power(a, b))
FOVEA_BINARY(Greater, one_if(a > b))
FOVEA_BINARY(GreaterEqual, one_if(a >= b))
FOVEA_BINARY(Less, one_if(a < b))
FOVEA_BINARY(LessEqual, one_if(a <= b))
FOVEA_BINARY(Equal, one_if(a == b))
#undef FOVEA_BINARY

#define FOVEA_BINARY_FUNCTIONS(DO)                                                            \
  DO(Add) DO(Sub) DO(Mul) DO(Div) DO(Max) DO(Min) DO(Pow) DO(Greater) DO(GreaterEqual) DO(Less) \
  DO(LessEqual) DO(Equal)
// clang-format on

}  // namespace fovea::FOVEA_ISA::functions
