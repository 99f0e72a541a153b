// Weights of one network as a start for another of the same architecture that sees other channels: a U-net without its noise level, a grey
// one from a colour one. What does not fit then is refused by load.ts.

import type { NamedArray } from "../nn/weights.js";
import type { ImageModel } from "./image-model.js";
import type { ModelConfig } from "./model-config.js";

type Arrays = ReadonlyMap<string, NamedArray>;

/** What a network that took a noise level is told for good when it loses that input, as a share of white: 10 grey levels. */
const TOLD = 10 / 255;

/** Pixels that the U-net folds into channels, 2x2; see unet.ts. */
const FOLDED = 4;

/**
 * The weights of a network `from` as far as they have to be changed for `to`: the noise level's channel is dropped (the network begins
 * as if told 10 grey levels everywhere, by a bias), and red, green and blue are made one grey: their parts of the first kernel added up,
 * those of the last averaged, so that it begins as the colour network is on grey pictures. Other differences are left for loading to
 * refuse.
 */
export function adaptWeights(arrays: Arrays, from: ModelConfig, to: ImageModel): Arrays {
  if (from.architecture !== "unet" || to.architecture !== "unet") return arrays;
  const adapted = new Map(arrays);
  const change = (name: string, by: (kernel: NamedArray) => NamedArray) => {
    const kernel = adapted.get(name);
    if (kernel?.shape.length === 4) adapted.set(name, by(kernel));
  };
  if (from.options.sigma !== false && !to.takesSigma) {
    const kernel = adapted.get("head.kernel");
    if (kernel?.shape.length === 4) adapted.set("head.bias", lastInputAt(TOLD, kernel));
    change("head.kernel", dropLastInput);
  }
  if (from.options.channels === 3 && to.channels === 1) {
    change("head.kernel", sumInputs);
    change("tail.kernel", averageOutputs);
  }
  return adapted;
}

/** The bias that does what the last input does where it is `value` everywhere, borders apart. */
function lastInputAt(value: number, { shape, data }: NamedArray): NamedArray {
  const [kh, kw, inputs, outputs] = shape;
  const sums = new Float32Array(outputs);
  for (let tap = 0; tap < kh * kw; tap++)
    for (let o = 0; o < outputs; o++) sums[o] += value * data[((tap + 1) * inputs - 1) * outputs + o];
  return { shape: [outputs], data: sums };
}

/** [kh, kw, n, out] to [kh, kw, n - 1, out]. */
function dropLastInput({ shape, data }: NamedArray): NamedArray {
  const [kh, kw, inputs, outputs] = shape;
  const kept = new Float32Array(kh * kw * (inputs - 1) * outputs);
  for (let tap = 0; tap < kh * kw; tap++) {
    const from = tap * inputs * outputs;
    kept.set(data.subarray(from, from + (inputs - 1) * outputs), tap * (inputs - 1) * outputs);
  }
  return { shape: [kh, kw, inputs - 1, outputs], data: kept };
}

/** Inputs (pixel, colour), colour fastest, to (pixel); a noise level after them stays. */
function sumInputs({ shape, data }: NamedArray): NamedArray {
  const [kh, kw, inputs, outputs] = shape;
  const rest = inputs - 3 * FOLDED;
  const sums = new Float32Array(kh * kw * (FOLDED + rest) * outputs);
  for (let tap = 0; tap < kh * kw; tap++)
    for (let i = 0; i < inputs; i++) {
      const to = i < 3 * FOLDED ? Math.floor(i / 3) : i - 2 * FOLDED;
      for (let o = 0; o < outputs; o++)
        sums[(tap * (FOLDED + rest) + to) * outputs + o] += data[(tap * inputs + i) * outputs + o];
    }
  return { shape: [kh, kw, FOLDED + rest, outputs], data: sums };
}

/** Outputs (pixel, colour) to (pixel). */
function averageOutputs({ shape, data }: NamedArray): NamedArray {
  const [kh, kw, inputs, outputs] = shape;
  const means = new Float32Array((data.length * FOLDED) / outputs);
  for (let i = 0; i < data.length; i++) means[Math.floor(i / 3)] += data[i] / 3;
  return { shape: [kh, kw, inputs, FOLDED], data: means };
}
