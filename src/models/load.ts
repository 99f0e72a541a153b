// Weights into models, from arrays by name: Fovea's own or a PyTorch state dict. Files are formats/'s.

import { UserError } from "../base/errors.js";
import { oihwToHwio, transposeLinear, type Weights } from "../formats/pytorch.js";
import { type NamedArray, weightsOf, writeTensors } from "../nn/weights.js";
import type { ImageModel } from "./image-model.js";
import { OnnxNetwork } from "./onnx-network.js";

type Arrays = ReadonlyMap<string, { readonly shape: readonly number[]; readonly data: ArrayLike<unknown> }>;

/**
 * Fills a built model. A state dict of PyTorch is known by names that end in ".weight", and is turned.
 * @param source the file's name, for messages
 * @throws UserError when the arrays do not fit the model, or hold NaN.
 */
export function loadWeights(model: ImageModel, arrays: Arrays, source: string): void {
  // A network of others keeps its own names, in this engine's layouts.
  const isPyTorch =
    !(model instanceof OnnxNetwork) && [...arrays.keys()].some((name) => name.endsWith(".weight"));
  if (isPyTorch && model.architecture === "unet" && model.channels !== 1)
    throw new UserError(
      `${source} orders the folded pixels of ${model.channels} channels as PyTorch does; only one channel is read.`,
    );
  writeTensors(weightsOf(model), isPyTorch ? fromPyTorch(arrays, source) : arrays, source);
}

const NORMALIZATION: Readonly<Record<string, string>> = {
  weight: "gamma",
  bias: "beta",
  running_mean: "movingMean",
  running_var: "movingVariance",
};

/**
 * A PyTorch state dict under Fovea's names and in its layouts. The rank of a module's weight tells what it is: 4 a convolution,
 * [out, in, kh, kw] (transposed or not), 2 a Linear, [out, in], 1 a normalisation.
 */
export function fromPyTorch(arrays: Arrays, source: string): Map<string, NamedArray> {
  const result = new Map<string, NamedArray>();
  for (const [name, { shape, data }] of arrays) {
    const dot = name.lastIndexOf(".");
    const [module, last] = [name.slice(0, dot), name.slice(dot + 1)];
    if (last === "num_batches_tracked") continue;
    if (!(data instanceof Float32Array))
      throw new UserError(`${source}: "${name}" does not hold floating-point numbers; convert it to F32.`);
    const array: Weights = { shape, data };
    const isNormalization = arrays.get(`${module}.weight`)?.shape.length === 1;
    if (isNormalization) result.set(`${module}.${NORMALIZATION[last] ?? last}`, array);
    else if (last !== "weight") result.set(name, array);
    else if (shape.length === 4) result.set(`${module}.kernel`, oihwToHwio(array));
    else if (shape.length === 2) result.set(`${module}.kernel`, transposeLinear(array));
    else
      throw new UserError(
        `${source}: "${name}" has ${shape.length} axes; weights of convolutions (4), Linear (2) and normalisations (1) are read.`,
      );
  }
  return result;
}
