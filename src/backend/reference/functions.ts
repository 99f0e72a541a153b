// The scalar functions behind unary, unaryGrad and binary: their values and their derivatives.

import type { BinaryFunction, UnaryFunction } from "../kernels.js";

export interface ScalarFunction {
  /** f(x). NaN gives NaN. */
  value(x: number, alpha: number): number;
  /** f', in terms of f's output for the functions of `gradientFromOutput` (kernels.ts) and of its input for the others. */
  derivative(saved: number, alpha: number): number;
}

const sigmoid = (x: number): number => {
  if (x >= 0) return 1 / (1 + Math.exp(-x));
  const e = Math.exp(x);
  return e / (1 + e);
};

/** 2/sqrt(pi) e^(-x^2) (x + 2 x^3/3 + 4 x^5/15 + ...): no term is negative, so none cancels; beyond 6 it is 1 in float64. */
function erf(x: number): number {
  if (!(Math.abs(x) < 6)) return Math.sign(x);
  let [term, sum] = [x, x];
  for (let n = 1; Math.abs(term) > Math.abs(sum) * 1e-17; n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return ERF_SLOPE * Math.exp(-x * x) * sum;
}
const ERF_SLOPE = 2 / Math.sqrt(Math.PI);

function roundHalfToEven(x: number): number {
  const below = Math.floor(x);
  const over = x - below;
  return over > 0.5 || (over === 0.5 && below % 2 !== 0) ? below + 1 : below;
}

const GELU_SCALE = Math.sqrt(2 / Math.PI);
const GELU_CUBIC = 0.044715;

export const unaryFunctions: { readonly [F in UnaryFunction]: ScalarFunction } = {
  linear: { value: (x) => x, derivative: () => 1 },
  // At 0, where relu has no derivative, 0 is taken.
  relu: { value: (x) => Math.max(x, 0), derivative: (y) => (y > 0 ? 1 : 0) },
  leakyRelu: { value: (x, alpha) => (x > 0 ? x : alpha * x), derivative: (y, alpha) => (y > 0 ? 1 : alpha) },
  sigmoid: { value: sigmoid, derivative: (y) => y * (1 - y) },
  tanh: { value: Math.tanh, derivative: (y) => 1 - y * y },
  // log(1 + e^x), without overflow; its derivative sigmoid(x) is 1 - e^-y.
  softplus: {
    value: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
    derivative: (y) => -Math.expm1(-y),
  },
  silu: {
    value: (x) => x * sigmoid(x),
    derivative: (x) => {
      const s = sigmoid(x);
      return s * (1 + x * (1 - s));
    },
  },
  // x/2 (1 + tanh u), u = sqrt(2/pi) (x + 0.044715 x^3): Hendrycks and Gimpel's approximation.
  gelu: {
    value: (x) => 0.5 * x * (1 + Math.tanh(GELU_SCALE * (x + GELU_CUBIC * x * x * x))),
    derivative: (x) => {
      const t = Math.tanh(GELU_SCALE * (x + GELU_CUBIC * x * x * x));
      return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * GELU_SCALE * (1 + 3 * GELU_CUBIC * x * x);
    },
  },
  exp: { value: Math.exp, derivative: (y) => y },
  log: { value: Math.log, derivative: (x) => 1 / x },
  sqrt: { value: Math.sqrt, derivative: (y) => 0.5 / y },
  rsqrt: { value: (x) => 1 / Math.sqrt(x), derivative: (y) => -0.5 * y * y * y },
  square: { value: (x) => x * x, derivative: (x) => 2 * x },
  abs: { value: Math.abs, derivative: Math.sign },
  sign: { value: Math.sign, derivative: () => 0 },
  neg: { value: (x) => -x, derivative: () => -1 },
  reciprocal: { value: (x) => 1 / x, derivative: (y) => -y * y },
  sin: { value: Math.sin, derivative: Math.cos },
  cos: { value: Math.cos, derivative: (x) => -Math.sin(x) },
  floor: { value: Math.floor, derivative: () => 0 },
  ceil: { value: Math.ceil, derivative: () => 0 },
  round: { value: roundHalfToEven, derivative: () => 0 },
  erf: { value: erf, derivative: (x) => ERF_SLOPE * Math.exp(-x * x) },
};

/** A NaN on either side gives NaN, except that comparisons give 0. */
export const binaryFunctions: { readonly [F in BinaryFunction]: (a: number, b: number) => number } = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  max: Math.max,
  min: Math.min,
  pow: Math.pow,
  greater: (a, b) => (a > b ? 1 : 0),
  greaterEqual: (a, b) => (a >= b ? 1 : 0),
  less: (a, b) => (a < b ? 1 : 0),
  lessEqual: (a, b) => (a <= b ? 1 : 0),
  equal: (a, b) => (a === b ? 1 : 0),
};
