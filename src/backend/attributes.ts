// What kernels are told beside their operands: functions by name, geometry, epilogues. Where a backend writes a name as a number,
// it is the name's place in the list here; native/ and shaders/ count in the same order, and the addon's is checked at start.

/** Functions of one variable. `alpha` is leakyRelu's slope. */
export const unaryFunctions = [
  "linear", "relu", "leakyRelu", "sigmoid", "tanh", "softplus", "silu", "gelu",
  "exp", "log", "sqrt", "rsqrt", "square", "abs", "sign", "neg", "reciprocal", "sin", "cos",
  "floor", "ceil", "round", "erf",
] as const; // prettier-ignore
export type UnaryFunction = (typeof unaryFunctions)[number];

/** Activations whose gradient is a function of their output, so that the input need not be kept: these may be epilogues. */
export const epilogueActivations = ["linear", "relu", "leakyRelu", "sigmoid", "tanh"] as const;
export type EpilogueActivation = (typeof epilogueActivations)[number];

export const binaryFunctions = [
  "add", "sub", "mul", "div", "max", "min", "pow",
  "greater", "greaterEqual", "less", "lessEqual", "equal",
] as const; // prettier-ignore
export type BinaryFunction = (typeof binaryFunctions)[number];

export const reductions = ["sum", "mean", "max", "min"] as const;
export type Reduction = (typeof reductions)[number];

/** The operations that a fused chain's steps may be. */
export const stepOperations = ["unary", "unaryGrad", "binary", "select"] as const;

/** The slope of leakyRelu for negative inputs where a call does not give one. */
export const DEFAULT_ALPHA = 0.2;

/**
 * What a product does with its result before it is stored, in this order:
 * `y = activation(acc + bias + residual) * activation'(saved)`. Each part is there only when its flag is; the
 * optional operands follow the product's own two inputs in the order bias [channels], residual [like out], saved [like out].
 */
export interface Epilogue {
  readonly bias?: boolean;
  readonly residual?: boolean;
  readonly activation?: EpilogueActivation;
  /** Multiplies by the derivative of this activation, whose *output* is the operand `saved`. */
  readonly gradientOf?: EpilogueActivation;
  /** Slope of leakyRelu for negative inputs, in `activation` and `gradientOf`. */
  readonly alpha?: number;
}

export interface MatmulAttributes {
  /** a is [batch, k, m] instead of [batch, m, k]. */
  readonly transposeA?: boolean;
  /** b is [batch, n, k] instead of [batch, k, n]. */
  readonly transposeB?: boolean;
  readonly epilogue?: Epilogue;
}

/** Window geometry. Padding at the bottom and right follows from the output's shape. */
export interface ConvAttributes {
  readonly strides: readonly [y: number, x: number];
  readonly padding: readonly [top: number, left: number];
  readonly dilation: readonly [y: number, x: number];
  readonly groups: number;
  /** The convolution sees its input x repeated this many times in y and x (nearest-neighbour upsampling), without its being made. */
  readonly upsample?: number;
  readonly epilogue?: Epilogue;
}

export interface PoolAttributes {
  readonly kind: "max" | "average";
  readonly window: readonly [y: number, x: number];
  readonly strides: readonly [y: number, x: number];
  readonly padding: readonly [top: number, left: number];
}

/** One step of a fused chain: reads earlier registers (inputs come first, then results in order), writes the next. */
export type ElementwiseStep =
  | { readonly op: "unary"; readonly function: UnaryFunction; readonly alpha?: number; readonly a: number }
  | { readonly op: "unaryGrad"; readonly function: UnaryFunction; readonly alpha?: number; readonly a: number; readonly b: number }
  | { readonly op: "binary"; readonly function: BinaryFunction; readonly a: number; readonly b: number }
  | { readonly op: "select"; readonly a: number; readonly b: number; readonly c: number }; // prettier-ignore

export interface Attributes {
  matmul: MatmulAttributes;
  conv2d: ConvAttributes;
  conv2dInputGrad: ConvAttributes;
  conv2dWeightGrad: Omit<ConvAttributes, "epilogue">;
  pool2d: PoolAttributes;
  pool2dGrad: PoolAttributes;
  resize2d: { readonly mode: "nearest" | "bilinear" };
  resize2dGrad: { readonly mode: "nearest" | "bilinear" };
  depthToSpace: { readonly block: number };
  spaceToDepth: { readonly block: number };
  unary: { readonly function: UnaryFunction; readonly alpha?: number };
  unaryGrad: { readonly function: UnaryFunction; readonly alpha?: number };
  binary: { readonly function: BinaryFunction };
  select: Record<never, never>;
  elementwise: { readonly steps: readonly ElementwiseStep[]; readonly results: readonly number[] };
  reduce: { readonly function: Reduction; readonly axes: readonly number[] };
  softmax: { readonly log?: boolean };
  normalize: { readonly axis: 0 | 1; readonly epsilon: number };
  normalizeGrad: { readonly axis: 0 | 1 };
  copy: {
    readonly shape: readonly number[];
    readonly inputStrides: readonly number[];
    readonly inputOffset: number;
    readonly outputStrides: readonly number[];
    readonly outputOffset: number;
  };
  gather: Record<never, never>;
  gatherGrad: Record<never, never>;
  fill: { readonly value: number };
  random: { readonly distribution: "uniform" | "normal"; readonly seed: number };
  sgdStep: { readonly nesterov: boolean };
  adamStep: Record<never, never>;
}

export type KernelName = keyof Attributes;
