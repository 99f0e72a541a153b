// The catalogue: every kernel a backend offers, with its operands, its attributes, its meaning and its cost.
// This file says WHAT is computed. backend/reference says it again in plain loops (the specification);
// backend/native and backend/webgpu make it fast. Nothing above this folder computes in any other way.
//
// Conventions: operands are dense and row-major; activations NHWC, weights HWIO; `[a?]` is an optional operand that is
// present when the attributes say so. Outputs never overlap inputs unless the entry says "in place".
// The domain: numbers below 1.2e-38 (denormals) may be taken for 0 by native and webgpu; sin and cos of webgpu are precise to
// float32 up to about |x| = 8000, and reduce larger arguments less exactly. A product or sum of nothing is 0.

import { sizeOf } from "../base/shape.js";
import type { KernelName, UnaryFunction } from "./attributes.js";
import type { KernelCall } from "./call.js";

export type * from "./attributes.js";
export { sizeOf } from "../base/shape.js";

export interface KernelEntry<K extends KernelName> {
  /** Operands in order, with shapes. */
  readonly inputs: string;
  readonly outputs: string;
  /** One line of mathematics. */
  readonly meaning: string;
  /** Floating-point operations of a direct evaluation, whatever the algorithm. */
  flops(call: KernelCall<K>): number;
}

const outputSize = (call: KernelCall): number => sizeOf(call.outputs[0].shape);
const inputSize = (call: KernelCall): number => sizeOf(call.inputs[0].shape);
const perOutput = (operations: number) => (call: KernelCall) => operations * outputSize(call);
const perInput = (operations: number) => (call: KernelCall) => operations * inputSize(call);
/** Multiply-adds of a convolution: every output element of the forward direction meets kh*kw*ciPerGroup weights. */
const convFlops = (forwardOutput: readonly number[], weights: readonly number[]): number =>
  2 * sizeOf(forwardOutput) * weights[0] * weights[1] * weights[2];

/** The catalogue: for each kernel its operands with shapes, its meaning in one line of mathematics, and its floating-point operations. */
export const kernels: { readonly [K in KernelName]: KernelEntry<K> } = {
  // --- products -------------------------------------------------------------------------------------------------
  matmul: {
    inputs: "a [batch|1, m, k], b [batch|1, k, n], epilogue operands (bias is [n])",
    outputs: "y [batch, m, n]",
    meaning: "y[s,i,j] = epilogue( sum_p a[s,i,p] * b[s,p,j] ); a batch of 1 is repeated",
    flops: (call) => {
      const k = call.inputs[0].shape[call.attributes.transposeA ? 1 : 2];
      return 2 * k * outputSize(call);
    },
  },
  conv2d: {
    inputs: "x [n, h, w, ci], w [kh, kw, ci/groups, co], epilogue operands (bias is [co])",
    outputs: "y [n, oh, ow, co]",
    meaning:
      "y[n,i,j,o] = epilogue( sum_{p,q,c} x[n, i*sy + p*dy - top, j*sx + q*dx - left, c] * w[p,q,c,o] ), 0 outside x",
    flops: (call) => convFlops(call.outputs[0].shape, call.inputs[1].shape),
  },
  conv2dInputGrad: {
    inputs: "dy [n, oh, ow, co], w [kh, kw, ci/groups, co], epilogue operands (bias is [ci])",
    outputs: "dx [n, h, w, ci]",
    meaning:
      "the adjoint of conv2d in x: dx = epilogue( sum of dy[n,i,j,o] * w[p,q,c,o] over all (i,j,p,q,o) that read x[n,.,.,c] )",
    flops: (call) => convFlops(call.inputs[0].shape, call.inputs[1].shape),
  },
  conv2dWeightGrad: {
    inputs: "x [n, h, w, ci], dy [n, oh, ow, co]",
    outputs: "dw [kh, kw, ci/groups, co]",
    meaning:
      "the adjoint of conv2d in w: dw[p,q,c,o] = sum_{n,i,j} x[n, i*sy + p*dy - top, j*sx + q*dx - left, c] * dy[n,i,j,o]",
    flops: (call) => convFlops(call.inputs[1].shape, call.outputs[0].shape),
  },
  // --- pooling, resizing, folding -------------------------------------------------------------------------------
  pool2d: {
    inputs: "x [n, h, w, c], v? [n, h, w, c] (max only)",
    outputs: "y [n, oh, ow, c]",
    meaning:
      "average: mean of the window's elements that lie inside x; max: v (or x) at the window's first maximum of x",
    flops: (call) => outputSize(call) * call.attributes.window[0] * call.attributes.window[1],
  },
  pool2dGrad: {
    inputs: "x [n, h, w, c], dy [n, oh, ow, c]",
    outputs: "dx [n, h, w, c]",
    meaning:
      "the adjoint of pool2d: average spreads dy evenly over the window's elements inside x, max adds it at the window's first maximum of x",
    flops: (call) => sizeOf(call.inputs[1].shape) * call.attributes.window[0] * call.attributes.window[1],
  },
  resize2d: {
    inputs: "x [n, h, w, c]",
    outputs: "y [n, oh, ow, c]",
    meaning:
      "nearest: y[i] = x[floor((i + 1/2) h/oh)]; bilinear: at (i + 1/2) h/oh - 1/2, clamped to x (half-pixel centres); likewise in w",
    flops: (call) => outputSize(call) * (call.attributes.mode === "bilinear" ? 8 : 0),
  },
  resize2dGrad: {
    inputs: "dy [n, oh, ow, c]",
    outputs: "dx [n, h, w, c]",
    meaning: "the adjoint of resize2d: every dy is added where its y was read from, with the same weights",
    flops: (call) => inputSize(call) * (call.attributes.mode === "bilinear" ? 8 : 1),
  },
  depthToSpace: {
    inputs: "x [n, h, w, block*block*c]",
    outputs: "y [n, h*block, w*block, c]",
    meaning: "y[n, i*block+p, j*block+q, c] = x[n, i, j, (p*block+q)*C + c]",
    flops: () => 0,
  },
  spaceToDepth: {
    inputs: "x [n, h*block, w*block, c]",
    outputs: "y [n, h, w, block*block*c]",
    meaning: "the inverse of depthToSpace",
    flops: () => 0,
  },
  // --- element by element ---------------------------------------------------------------------------------------
  unary: {
    inputs: "x",
    outputs: "y like x",
    meaning:
      "y = f(x); gelu is x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))), round takes halves to the even number",
    flops: perOutput(1),
  },
  unaryGrad: {
    inputs: "saved, dy like saved",
    outputs: "dx like saved",
    meaning:
      "dx = dy * f'(.), where saved is f's output for the functions in `gradientFromOutput` and its input for the others",
    flops: perOutput(2),
  },
  binary: {
    inputs: "a, b: shapes that broadcast together (aligned at the last axis, 1 stretches)",
    outputs: "y of the broadcast shape",
    meaning: "y = a f b; comparisons give 1 or 0",
    flops: perOutput(1),
  },
  select: {
    inputs: "condition, a, b: three equal shapes",
    outputs: "y like a",
    meaning: "y = condition != 0 ? a : b",
    flops: perOutput(1),
  },
  elementwise: {
    inputs: "x0, x1, ...: each of y's shape, or [c] for y's last axis, or a single element",
    outputs: "y0, y1, ...: all of one shape",
    meaning:
      "runs the steps on every element; the outputs are the registers named in `results` (made by program/, see its fusion pass)",
    flops: (call) => outputSize(call) * call.attributes.steps.length,
  },
  // --- over axes ------------------------------------------------------------------------------------------------
  reduce: {
    inputs: "x",
    outputs: "y: x's shape with the reduced axes set to 1",
    meaning: "sum, mean, max or min over the axes",
    flops: perInput(1),
  },
  softmax: {
    inputs: "x [rows, columns]",
    outputs: "y like x",
    meaning:
      "y = exp(x - max x) / sum exp(x - max x) a row; with log: y = x - max x - log sum exp(x - max x)",
    flops: perOutput(4),
  },
  normalize: {
    inputs: "x [rows, columns]",
    outputs: "y like x, mean, inverseStd, variance: [rows] for axis 1, [columns] for axis 0",
    meaning:
      "y = (x - mean) * inverseStd, inverseStd = 1/sqrt(variance + epsilon), moments over the axis (0: a column, 1: a row)",
    flops: perOutput(6),
  },
  normalizeGrad: {
    inputs: "y [rows, columns] (normalize's output), inverseStd, dy like y",
    outputs: "dx like y",
    meaning: "dx = inverseStd * (dy - mean(dy) - y * mean(dy * y)), means over the axis",
    flops: perOutput(7),
  },
  // --- moving and making ----------------------------------------------------------------------------------------
  copy: {
    inputs: "x",
    outputs: "y (elements that no index reaches keep their value)",
    meaning:
      "y[outputOffset + i·outputStrides] = x[inputOffset + i·inputStrides] for every index i of `shape`; strides may be 0 (input) or negative",
    flops: () => 0,
  },
  gather: {
    inputs: "x [n, c], indices [m]: whole numbers held as floats",
    outputs: "y [m, c]",
    meaning: "y[i] = x[indices[i]]; a row of zeros where that is none of the numbers 0 to n - 1",
    flops: () => 0,
  },
  gatherGrad: {
    inputs: "dy [m, c], indices [m]",
    outputs: "dx [n, c]",
    meaning:
      "the adjoint of gather: dx[r] = sum of dy[i] over every i with indices[i] = r, in the order of i",
    flops: inputSize,
  },
  fill: { inputs: "nothing", outputs: "y", meaning: "y = value", flops: () => 0 },
  random: {
    inputs: "counter [4]: a 64-bit counter in 16-bit limbs, lowest first, each a whole number below 65536",
    outputs: "y",
    meaning:
      "Philox4x32-10: element i is word i%4 of block counter + floor(i/4) under key (seed low, seed high); uniform = (word >> 8) 2^-24 in [0, 1); normal: Box-Muller on words (0,1) and (2,3)",
    flops: perOutput(10),
  },
  // --- optimisers (in place, any number of parameters in one call) ------------------------------------------------
  sgdStep: {
    inputs: "hyper [4] = learningRate, momentum, weightDecay, gradientScale; then per parameter: p, g, v",
    outputs: "per parameter: p, v (the same storages)",
    meaning:
      "g' = gradientScale g + weightDecay p; v = momentum v + g'; p -= learningRate (nesterov ? g' + momentum v : v)",
    flops: (call) => 6 * call.outputs.reduce((n, o, i) => (i % 2 === 0 ? n + sizeOf(o.shape) : n), 0),
  },
  adamStep: {
    inputs:
      "hyper [8] = learningRate, beta1, beta2, epsilon, weightDecay, 1 - beta1^t, 1 - beta2^t, gradientScale; then per parameter: p, g, m, v",
    outputs: "per parameter: p, m, v (the same storages)",
    meaning:
      "g' = gradientScale g; m = beta1 m + (1-beta1) g'; v = beta2 v + (1-beta2) g'^2; p -= learningRate ((m/(1-beta1^t)) / (sqrt(v/(1-beta2^t)) + epsilon) + weightDecay p)",
    flops: (call) => 13 * call.outputs.reduce((n, o, i) => (i % 3 === 0 ? n + sizeOf(o.shape) : n), 0),
  },
};

/** Functions whose derivative is written in terms of their output; unaryGrad is then given the output. */
export const gradientFromOutput: ReadonlySet<UnaryFunction> = new Set([
  "relu", "leakyRelu", "sigmoid", "tanh", "softplus", "exp", "sqrt", "rsqrt", "reciprocal", "linear", "neg",
]); // prettier-ignore

/** Bytes that a call must move at least: every operand once. */
export function bytesMoved(call: KernelCall, bytesPerElement = 4): number {
  const elements = (operands: KernelCall["inputs"]) => operands.reduce((n, o) => n + sizeOf(o.shape), 0);
  const moved =
    call.kernel === "copy"
      ? 2 * sizeOf((call as KernelCall<"copy">).attributes.shape)
      : elements(call.inputs) + elements(call.outputs);
  return moved * bytesPerElement;
}

/** The epilogue's operands of a product call, by name. */
export function epilogueOperands(call: KernelCall<"matmul" | "conv2d" | "conv2dInputGrad">) {
  const e = call.attributes.epilogue ?? {};
  let next = 2;
  const take = (present: boolean | undefined) => (present ? call.inputs[next++] : undefined);
  return { bias: take(e.bias), residual: take(e.residual), saved: take(e.gradientOf !== undefined) };
}
