// What a product does with a finished vector of sums before it is stored; the formula is in program/call.h.
#pragma once

#include "kernels/elements/functions.h"
#include "kernels/simd/lanes.h"
#include "program/call.h"

namespace fovea::FOVEA_ISA {

// The two that need an exponential stay out of line: they are rare, and every microkernel holds an epilogue.
__attribute__((noinline)) inline vf activate_slowly(Activation f, vf x) {
  return f == Activation::sigmoid ? functions::Sigmoid::value(x, x) : functions::Tanh::value(x, x);
}

inline vf activate(const Epilogue& e, vf x) {
  switch (e.activation) {
    case Activation::linear:
      return x;
    case Activation::relu:
      return functions::Relu::value(x, x);
    case Activation::leaky_relu:
      return functions::LeakyRelu::value(x, splat(e.alpha));
    default:
      return activate_slowly(e.activation, x);
  }
}

inline vf times_derivative(const Epilogue& e, vf saved, vf x) {
  switch (e.gradient_of) {
    case Activation::linear:
      return x;
    case Activation::relu:
      return functions::Relu::gradient(saved, x, x);
    case Activation::leaky_relu:
      return functions::LeakyRelu::gradient(saved, x, splat(e.alpha));
    case Activation::sigmoid:
      return functions::Sigmoid::gradient(saved, x, x);
    default:
      return functions::Tanh::gradient(saved, x, x);
  }
}

/** The value to store at element `at` of the output, in channel `channel`; `lanes` is a Whole or a Part. */
template <class Lanes>
inline vf finish(const Epilogue& e, vf sum, int64_t at, int channel, Lanes lanes) {
  if (e.bias) sum += lanes.get(e.bias + channel);
  if (e.residual) sum += lanes.get(e.residual + at);
  sum = activate(e, sum);
  if (e.saved) sum = times_derivative(e, lanes.get(e.saved + at), sum);
  return sum;
}

/** Does finish_all() serve this epilogue? The others need an exponential, and are rare. */
inline bool in_registers(const Epilogue& e) {
  return e.activation <= Activation::leaky_relu && e.gradient_of <= Activation::leaky_relu;
}

/**
 * The same as finish(), for many sums that stay in registers: map(function) makes each of them function(sum), add_bias() adds
 * its channel's, and each(operand, function) makes it function(sum, the numbers of `operand` in its place in the output).
 */
template <class Map, class AddBias, class Each>
inline __attribute__((always_inline)) void finish_all(const Epilogue& e, Map map, AddBias add_bias,
                                                      Each each) {
  if (e.bias) add_bias();
  if (e.residual) each(e.residual, [](vf x, vf residual) { return x + residual; });
  const vf alpha = splat(e.alpha);
  if (e.activation == Activation::relu) map([](vf x) { return functions::Relu::value(x, x); });
  if (e.activation == Activation::leaky_relu)
    map([alpha](vf x) { return functions::LeakyRelu::value(x, alpha); });
  if (!e.saved) return;
  if (e.gradient_of == Activation::relu)
    each(e.saved, [](vf x, vf saved) { return functions::Relu::gradient(saved, x, x); });
  if (e.gradient_of == Activation::leaky_relu)
    each(e.saved, [alpha](vf x, vf saved) { return functions::LeakyRelu::gradient(saved, x, alpha); });
}

}  // namespace fovea::FOVEA_ISA
