// A model's tensors as plain arrays by name, and back: what checkpoints hold. Files are formats/'s and train/'s.

import { UserError } from "../base/errors.js";
import { sameShape, show } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import type { AnyLayer } from "./layer.js";

/** A plain array with its shape. */
export interface NamedArray {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** All tensors of a layer or model that a checkpoint must hold: its parameters and its state. */
export const weightsOf = (model: AnyLayer): Map<string, Tensor> =>
  new Map([...model.parameters(), ...model.state()]);

/** The values of named tensors (a layer's parameters() or state(), an optimiser's state()) in float32. */
export async function readTensors(tensors: ReadonlyMap<string, Tensor>): Promise<Map<string, NamedArray>> {
  const arrays = new Map<string, NamedArray>();
  for (const [name, t] of tensors)
    arrays.set(name, { shape: t.shape, data: Float32Array.from(await t.data()) });
  return arrays;
}

/**
 * Writes arrays into the named tensors, all or none.
 * @param source the file's name, for messages
 * @throws UserError when a name is missing or too many, a shape differs, or a value is not finite.
 */
export function writeTensors(
  tensors: ReadonlyMap<string, Tensor>,
  arrays: ReadonlyMap<string, { readonly shape: readonly number[]; readonly data: ArrayLike<unknown> }>,
  source: string,
): void {
  const fail = (what: string): never => {
    throw new UserError(
      `${source} does not fit this model: ${what}; check that it was made for the same architecture and options.`,
    );
  };
  for (const name of arrays.keys())
    if (!tensors.has(name)) fail(`the model has no tensor ${JSON.stringify(name)}`);
  for (const [name, t] of tensors) {
    const array = arrays.get(name) ?? fail(`it has no tensor "${name}"`);
    if (!sameShape(array.shape, t.shape))
      fail(`"${name}" has the shape ${show(array.shape)} and the model needs ${show(t.shape)}`);
    if (!(array.data instanceof Float32Array)) fail(`"${name}" does not hold floating-point numbers`);
    if (!(array.data as Float32Array).every(Number.isFinite))
      throw new UserError(`${source} holds NaN or an infinity in "${name}"; use an earlier checkpoint.`);
  }
  for (const [name, t] of tensors) t.write(arrays.get(name)!.data as Float32Array);
}
