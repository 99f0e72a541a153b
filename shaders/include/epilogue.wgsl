// What a product does with a sum before it is stored: y = activation(sum + bias + residual) activation'(saved). The
// activations by the numbers of backend/attributes.ts: linear, relu, leakyRelu, sigmoid, tanh.
#include "include/math.wgsl"

const NO_FUNCTION = 99u;
override HAS_BIAS = false;
override HAS_RESIDUAL = false;
override ACTIVATION = 0u;
override GRADIENT_OF = NO_FUNCTION;

fn activationOf(function: u32, x: f32, alpha: f32) -> f32 {
  switch (function) {
    case 1u: { return positivePart(x); }
    case 2u: { return select(alpha * x, x, x > 0.0); }
    case 3u: {
      let e = exp(-abs(x));
      return select(e, 1.0, x >= 0.0) / (1.0 + e);
    }
    case 4u: { return hyperbolicTangent(x); }
    default: { return x; }
  }
}

/** The derivative in terms of the activation's output. */
fn activationGradient(function: u32, y: f32, alpha: f32) -> f32 {
  switch (function) {
    case 1u: { return select(0.0, 1.0, y > 0.0); }
    case 2u: { return select(alpha, 1.0, y > 0.0); }
    case 3u: { return y * (1.0 - y); }
    case 4u: { return 1.0 - y * y; }
    default: { return 1.0; }
  }
}
