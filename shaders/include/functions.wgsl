// The functions of unary, unaryGrad and binary by number; the numbers are those of backend/attributes.ts. Called with a
// constant number, all but one case fall away when the pipeline is made.
#include "include/math.wgsl"

fn sigmoidOf(x: f32) -> f32 {
  if (x >= 0.0) {
    return 1.0 / (1.0 + exp(-x));
  }
  let e = exp(x);
  return e / (1.0 + e);
}

const GELU_SCALE = 0.7978845608028654; // sqrt(2/pi)
const GELU_CUBIC = 0.044715;

/** 1 + tanh(u) is 2 sigmoid(2u), which keeps its digits where tanh(u) is near -1. */
fn geluArgument(x: f32) -> f32 {
  return 2.0 * GELU_SCALE * (x + GELU_CUBIC * x * x * x);
}

fn geluDerivative(x: f32) -> f32 {
  // Beyond +-100 the derivative is 1 or 0, and x^3 would overflow before that is seen.
  let bounded = select(clamp(x, -100.0, 100.0), x, isNan(x));
  let u = geluArgument(bounded);
  let s = sigmoidOf(u);
  return s + bounded * s * sigmoidOf(-u) * 2.0 * GELU_SCALE * (1.0 + 3.0 * GELU_CUBIC * bounded * bounded);
}

const ERF_SLOPE = 1.1283791670955126; // 2/sqrt(pi)

/** As error_function of native/kernels/simd/math.h. */
fn errorFunction(x: f32) -> f32 {
  if (isNan(x)) {
    return x;
  }
  let z = x * x;
  if (z < 1.0) {
    var near = 7.853861353153693e-5;
    near = near * z - 8.010193625184903e-4;
    near = near * z + 5.188327685732524e-3;
    near = near * z - 2.685381193529856e-2;
    near = near * z + 1.128358514861418e-1;
    near = near * z - 3.761262582423300e-1;
    near = near * z + 1.128379165726710;
    return x * near;
  }
  let size = min(abs(x), 8.0);
  let q = 1.0 / size;
  let y = q * q;
  var p = 2.326819970068386e-2;
  p = p * y - 1.387039388740657e-1;
  p = p * y + 3.687424674597105e-1;
  p = p * y - 5.824733027278666e-1;
  p = p * y + 6.210004621745983e-1;
  p = p * y - 4.944515323274145e-1;
  p = p * y + 3.404879937665872e-1;
  p = p * y - 2.741127028184656e-1;
  p = p * y + 5.638259427386472e-1;
  return sign(x) * (1.0 - exp(-size * size) * q * p);
}

fn unaryValue(function: u32, x: f32, alpha: f32) -> f32 {
  switch (function) {
    case 1u: { return positivePart(x); } // relu
    case 2u: { return select(alpha * x, x, x > 0.0); } // leakyRelu
    case 3u: { return sigmoidOf(x); }
    case 4u: { return hyperbolicTangent(x); }
    case 5u: { return positivePart(x) + logOnePlus(exp(-abs(x))); } // softplus
    case 6u: { return x * sigmoidOf(x); } // silu
    case 7u: { return x * sigmoidOf(geluArgument(x)); }
    case 8u: { return select(exp(x), x, isNan(x)); }
    case 9u: { return logarithm(x); }
    case 10u: { return sqrt(x); }
    case 11u: { return inverseSqrt(x); }
    case 12u: { return x * x; }
    case 13u: { return abs(x); }
    case 14u: { return select(sign(x), x, isNan(x)); }
    case 15u: { return -x; }
    case 16u: { return 1.0 / x; }
    case 17u: { return sinCos(x).x; }
    case 18u: { return sinCos(x).y; }
    case 19u: { return select(floor(x), x, isNan(x)); }
    case 20u: { return select(ceil(x), x, isNan(x)); }
    case 21u: { return select(round(x), x, isNan(x)); }
    case 22u: { return errorFunction(x); }
    default: { return x; } // linear
  }
}

/** f' in terms of `saved`: f's output for the functions of `gradientFromOutput` (kernels.ts), else its input. */
fn unaryDerivative(function: u32, saved: f32, alpha: f32) -> f32 {
  switch (function) {
    case 1u: { return select(0.0, 1.0, saved > 0.0); }
    case 2u: { return select(alpha, 1.0, saved > 0.0); }
    case 3u: { return saved * (1.0 - saved); }
    case 4u: { return 1.0 - saved * saved; }
    case 5u: { return -expMinusOne(-saved); }
    case 6u: {
      let s = sigmoidOf(saved);
      return s * (1.0 + saved * (1.0 - s));
    }
    case 7u: { return geluDerivative(saved); }
    case 8u: { return saved; }
    case 9u: { return 1.0 / saved; }
    case 10u: { return 0.5 / saved; }
    case 11u: { return -0.5 * saved * saved * saved; }
    case 12u: { return 2.0 * saved; }
    case 13u: { return select(sign(saved), saved, isNan(saved)); }
    case 14u: { return 0.0; }
    case 15u: { return -1.0; }
    case 16u: { return -saved * saved; }
    case 17u: { return sinCos(saved).y; }
    case 18u: { return -sinCos(saved).x; }
    case 19u: { return 0.0; }
    case 20u: { return 0.0; }
    case 21u: { return 0.0; }
    case 22u: { return ERF_SLOPE * exp(-saved * saved); }
    default: { return 1.0; }
  }
}

fn binaryValue(function: u32, a: f32, b: f32) -> f32 {
  switch (function) {
    case 1u: { return a - b; }
    case 2u: { return a * b; }
    case 3u: { return a / b; }
    case 4u: { return largerOf(a, b); }
    case 5u: { return smallerOf(a, b); }
    case 6u: { return power(a, b); }
    case 7u: { return select(0.0, 1.0, a > b); }
    case 8u: { return select(0.0, 1.0, a >= b); }
    case 9u: { return select(0.0, 1.0, a < b); }
    case 10u: { return select(0.0, 1.0, a <= b); }
    case 11u: { return select(0.0, 1.0, a == b); }
    default: { return a + b; }
  }
}

/** The maximum; NaN if either is. */
fn largerOf(a: f32, b: f32) -> f32 {
  return select(select(b, a, a > b), a, isNan(a));
}

fn smallerOf(a: f32, b: f32) -> f32 {
  return select(select(b, a, a < b), a, isNan(a));
}
