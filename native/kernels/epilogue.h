// What a product does with a finished vector of sums before it is stored; the formula is in ../call.h.
#pragma once

#include "call.h"
#include "kernels/functions.h"
#include "lanes.h"

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

/** The same as finish(), for many sums that stay in registers: each(body) calls body(sum, its place in the output, its
 * channel, lanes) for all of them. */
template <class Each>
inline __attribute__((always_inline)) void finish_all(const Epilogue& e, const float* output, Each each) {
  if (e.bias)
    each([&](vf & sum, const float*, int channel, auto lanes)
             __attribute__((always_inline)) { sum += lanes.get(e.bias + channel); });
  if (e.residual)
    each([&](vf & sum, const float* y, int, auto lanes)
             __attribute__((always_inline)) { sum += lanes.get(e.residual + (y - output)); });
  const auto map = [&](auto function) __attribute__((always_inline)) {
    each([&](vf & sum, const float*, int, auto) __attribute__((always_inline)) { sum = function(sum); });
  };
  const vf alpha = splat(e.alpha);
  if (e.activation == Activation::relu) map([](vf x) { return functions::Relu::value(x, x); });
  if (e.activation == Activation::leaky_relu)
    map([alpha](vf x) { return functions::LeakyRelu::value(x, alpha); });
  if (!e.saved) return;
  const auto times = [&](auto gradient) __attribute__((always_inline)) {
    each([&](vf & sum, const float* y, int, auto lanes)
             __attribute__((always_inline)) { sum = gradient(lanes.get(e.saved + (y - output)), sum); });
  };
  if (e.gradient_of == Activation::relu)
    times([](vf saved, vf x) { return functions::Relu::gradient(saved, x, x); });
  if (e.gradient_of == Activation::leaky_relu)
    times([alpha](vf saved, vf x) { return functions::LeakyRelu::gradient(saved, x, alpha); });
}

}  // namespace fovea::FOVEA_ISA
