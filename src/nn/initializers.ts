// Initial values of weights. Each is a function of the shape and of random numbers, so that a seed and a name fix every weight.
//
// A layer's output should vary about as much as its input. With n inputs of variance v each, sum_n w x has variance n v Var(w),
// hence Var(w) = 1/n; a relu halves the power, hence 2/n (He et al., ICCV 2015); the way back has the outputs for n, and
// the mean of both is Glorot and Bengio's 2/(in + out) (AISTATS 2010).

import { oneOf } from "../base/arguments.js";
import { RandomStream } from "../base/random-stream.js";
import { type Shape, sizeOf } from "../tensor/shape.js";

/** Makes a weight's first values, as many as the shape says, from random numbers. */
export type Initializer = (shape: Shape, random: RandomStream) => Float32Array;

/** How many inputs an output sees, and the reverse: [..window, inputs, outputs]. A vector counts as both. */
function fans(shape: Shape): { inputs: number; outputs: number } {
  const window = sizeOf(shape.slice(0, -2));
  const outputs = shape.at(-1) ?? 1;
  return { inputs: window * (shape.at(-2) ?? outputs), outputs: window * outputs };
}

const constant =
  (value: number): Initializer =>
  (shape) =>
    new Float32Array(sizeOf(shape)).fill(value);

/** Uniform in [-limit, limit]: its variance is limit^2 / 3. */
const uniform =
  (limit: (fan: ReturnType<typeof fans>) => number): Initializer =>
  (shape, random) => {
    const bound = limit(fans(shape));
    return Float32Array.from({ length: sizeOf(shape) }, () => bound * (2 * random.uniform() - 1));
  };

/** Standard deviation of a standard normal number that is drawn again until it lies within 2. */
const TRUNCATED_STD = 0.8796256610342398;

/** Normal, drawn again beyond two standard deviations, with the variance that is asked for. */
const normal =
  (variance: (fan: ReturnType<typeof fans>) => number): Initializer =>
  (shape, random) => {
    const scale = Math.sqrt(variance(fans(shape))) / TRUNCATED_STD;
    const draw = () => {
      let z = random.normal();
      while (Math.abs(z) > 2) z = random.normal();
      return scale * z;
    };
    return Float32Array.from({ length: sizeOf(shape) }, draw);
  };

/** Initialisers by name; variances are 1/inputs (fanIn), 2/inputs (he), 2/(inputs + outputs) (glorot). */
export const initializers = {
  zeros: constant(0),
  ones: constant(1),
  glorotUniform: uniform((fan) => Math.sqrt(6 / (fan.inputs + fan.outputs))),
  glorotNormal: normal((fan) => 2 / (fan.inputs + fan.outputs)),
  heUniform: uniform((fan) => Math.sqrt(6 / fan.inputs)),
  heNormal: normal((fan) => 2 / fan.inputs),
  lecunUniform: uniform((fan) => Math.sqrt(3 / fan.inputs)),
  lecunNormal: normal((fan) => 1 / fan.inputs),
  /** Within 1/sqrt(inputs), variance 1/(3 inputs): what PyTorch's layers start from. */
  fanInUniform: uniform((fan) => Math.sqrt(1 / fan.inputs)),
} satisfies Record<string, Initializer>;

/** What layers take as `kernelInitializer` and `biasInitializer`. */
export type InitializerName = keyof typeof initializers;

/** The initialiser of that name, or the given one. Throws UserError, which names the layer, when there is none. */
export function initializerOf(layer: string, given: InitializerName | Initializer): Initializer {
  if (typeof given === "function") return given;
  return initializers[oneOf(layer, "initializer", given, Object.keys(initializers) as InitializerName[])];
}

/** The random numbers that belong to a name under a seed, whatever else has been drawn. */
export const randomFor = (seed: number, name: string): RandomStream => new RandomStream(seed, hash(name));

/** FNV-1a, 32 bits: spreads names over the streams of a seed. */
function hash(name: string): number {
  let h = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(name)) h = Math.imul(h ^ byte, 0x01000193);
  return h >>> 0;
}
