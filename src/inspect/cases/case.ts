// What a conformance case is, and the few ways of making its numbers. The cases themselves are in the files beside this
// one; running them is conformance.ts's business.

import type { KernelCall, Operand } from "../../backend/backend.js";
import { sizeOf } from "../../backend/kernels.js";
import type { Attributes, KernelName } from "../../backend/kernels.js";
import { RandomStream } from "../../base/random-stream.js";

export type Shape = readonly number[];

/** Makes element `index` of an operand. */
export type Values = (random: RandomStream, index: number) => number;

export interface InputSpec {
  readonly shape: Shape;
  readonly values: Values;
}

export interface OutputSpec {
  readonly shape: Shape;
  /** The input whose storage this output shares: the kernel works in place. */
  readonly inPlaceOf?: number;
  /** What it holds before the call, where the kernel leaves some elements as they are; otherwise NaN. */
  readonly before?: Values;
}

/** One call of a kernel, with everything but storages, and how close its result must be. */
export interface ConformanceCase<K extends KernelName = KernelName> {
  readonly kernel: K;
  /** Says what is special here; unique within the kernel. */
  readonly name: string;
  readonly inputs: readonly InputSpec[];
  readonly outputs: readonly OutputSpec[];
  readonly attributes: Attributes[K];
  /** Largest normalised mean squared error of each output; 0 asks for the specification's value rounded to float32. */
  readonly tolerance: number;
  /** Many operations: a GPU made of software may leave it out. */
  readonly large?: boolean;
}

/** Loose enough for any order of summation, far too tight for a wrong element. */
export const DEFAULT_TOLERANCE = 1e-7;
/** A handful of roundings, in a fixed order. */
export const ROUNDING = 1e-12;
/** Functions that every machine approximates in its own way (exp, log, tanh, sin...). */
export const APPROXIMATION = 1e-10;
export const EXACT = 0;

/** A case whose first output is new and whose inputs are all normal numbers, unless `options` say otherwise. */
export function makeCase<K extends KernelName>(
  kernel: K,
  name: string,
  inputs: readonly (InputSpec | Shape)[],
  outputs: readonly (OutputSpec | Shape)[],
  attributes: Attributes[K],
  options: { tolerance?: number; large?: boolean } = {},
): ConformanceCase {
  return {
    kernel,
    name,
    inputs: inputs.map((input) => ("shape" in input ? input : { shape: input, values: normal })),
    outputs: outputs.map((output) => ("shape" in output ? output : { shape: output })),
    attributes,
    tolerance: options.tolerance ?? DEFAULT_TOLERANCE,
    ...(options.large ? { large: true } : {}),
  };
}

export const normal: Values = (random) => random.normal();
/** In [0, 1). */
export const uniform: Values = (random) => random.uniform();
/** In [0.25, 4). */
export const positive: Values = (random) => 4 ** (2 * random.uniform() - 1);
/** -2, -1, 0, 1, 2: many ties and zeros. */
export const fewIntegers: Values = (random) => random.integer(5) - 2;
export const scaled =
  (scale: number, offset = 0): Values =>
  (random) =>
    offset + scale * random.normal();
/** The list, over and over. */
export const listed =
  (values: readonly number[]): Values =>
  (_, index) =>
    values[index % values.length];
/** `values`, with element `at + k * every` replaced by the k-th special number, over and over. */
export const sprinkled =
  (values: Values, specials: readonly number[], every = 11, at = 3): Values =>
  (random, index) => {
    const value = values(random, index);
    return index >= at && (index - at) % every === 0
      ? specials[((index - at) / every) % specials.length]
      : value;
  };

/** The numbers of an operand, as float32 holds them. They depend on the case's and the operand's name only. */
export function makeNumbers(shape: Shape, values: Values, name: string): Float32Array {
  let hash = 2166136261; // FNV-1a
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 16777619) >>> 0;
  const random = new RandomStream(hash);
  return Float32Array.from({ length: sizeOf(shape) }, (_, index) => values(random, index));
}

/** The case as a call whose storages are empty: for supports(), flops() and other questions about shapes. */
export function callOf(testCase: ConformanceCase, variant?: string): KernelCall {
  const operand = ({ shape }: { shape: Shape }): Operand => ({ storage: { length: sizeOf(shape) }, shape });
  const { kernel, attributes } = testCase;
  return {
    kernel,
    inputs: testCase.inputs.map(operand),
    outputs: testCase.outputs.map(operand),
    attributes,
    variant,
  };
}
