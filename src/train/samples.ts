// What fit, evaluate and predict take as samples, brought to one form: numbers with a shape whose first axis counts samples.

import { UserError } from "../base/errors.js";
import { type Shape, show, sizeOf } from "../tensor/shape.js";
import { nestedShape } from "../tensor/nested.js";
import { Tensor, type TensorData } from "../tensor/tensor.js";
import type { ArraySamples } from "./data.js";

/** One input's or output's samples: nested arrays, a typed array (samples one after the other), a tensor, or { data, shape }. */
export type Samples = TensorData | Tensor | { readonly data: ArrayLike<number>; readonly shape: Shape };

/** Samples of one input or output, or a list of them for several. */
export type ModelSamples = Samples | readonly Samples[];

/**
 * @param rowShape what one sample looks like, where that is known: needed for typed arrays, and checked otherwise
 * @param what "x" or "y", for messages
 */
export async function samplesOf(
  given: Samples,
  rowShape: Shape | undefined,
  what: string,
): Promise<ArraySamples> {
  const { data, shape } = await numbersOf(given, rowShape, what);
  const count = shape[0];
  if (!rowShape || count === undefined || shape.slice(1).join() === rowShape.join()) return { data, shape };
  // Another shape of as many numbers a sample: [count] for [count, 1], [count, 28, 28] for [count, 784].
  if (sizeOf(shape) === count * sizeOf(rowShape)) return { data, shape: [count, ...rowShape] };
  if (what.startsWith("y")) return { data, shape }; // class numbers: the loss knows
  throw new UserError(
    `fit: each sample of ${what} has the shape ${show(shape.slice(1))}, and the model takes ${show(rowShape)}.`,
  );
}

async function numbersOf(given: Samples, rowShape: Shape | undefined, what: string): Promise<ArraySamples> {
  if (given instanceof Tensor) return { data: floats(await given.data()), shape: given.shape };
  if (ArrayBuffer.isView(given)) {
    if (!rowShape)
      throw new UserError(
        `fit: ${what} is a typed array, and this model does not say its shape; give { data, shape } or a tensor.`,
      );
    const row = sizeOf(rowShape);
    if (given.length % row === 0) return { data: floats(given), shape: [given.length / row, ...rowShape] };
    throw new UserError(
      `fit: ${given.length} numbers of ${what} are no whole number of samples of shape ${show(rowShape)}, ${row} numbers each.`,
    );
  }
  if (Array.isArray(given)) {
    const shape = nestedShape(given);
    return { data: Float32Array.from(given.flat(Infinity) as number[]), shape };
  }
  if (typeof given === "object" && given !== null && "data" in given && "shape" in given)
    return { data: floats(given.data), shape: given.shape };
  throw new UserError(
    `fit: ${what} must be nested arrays, a typed array, a tensor or { data, shape }, not ${given === null ? "null" : typeof given}.`,
  );
}

const floats = (numbers: ArrayLike<number>): Float32Array =>
  numbers instanceof Float32Array ? numbers : Float32Array.from(numbers);

/** The first and the last part of samples. */
export function splitSamples({ data, shape }: ArraySamples, at: number): [ArraySamples, ArraySamples] {
  const row = sizeOf(shape.slice(1));
  const [count, ...rest] = shape;
  return [
    { data: data.subarray(0, at * row), shape: [at, ...rest] },
    { data: data.subarray(at * row), shape: [count - at, ...rest] },
  ];
}

/** A typed array of one number a sample holds class numbers, where the output has more than one number. */
export function targetsOf(
  given: Samples,
  rowShape: Shape,
  count: number,
  what: string,
): Promise<ArraySamples> {
  const areClasses = ArrayBuffer.isView(given) && given.length === count && sizeOf(rowShape) > 1;
  return samplesOf(given, areClasses ? [] : rowShape, what);
}

/** Samples of each input: a list of tensors, typed arrays or { data, shape } is one of several inputs. */
export function separate(
  given: ModelSamples,
  expected: number | undefined,
  what: string,
): readonly Samples[] {
  const isPart = (part: unknown) => typeof part === "object" && part !== null && !Array.isArray(part);
  const isList = Array.isArray(given) && (expected === undefined ? given.every(isPart) : expected > 1);
  const list = isList ? (given as readonly Samples[]) : [given as Samples];
  if (expected !== undefined && list.length !== expected)
    throw new UserError(
      `fit: the model has ${expected} ${what === "x" ? "inputs" : "outputs"}; give ${what} as a list of ${expected}.`,
    );
  return list;
}
