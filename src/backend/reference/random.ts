// random: uniform and normal numbers by counter, so that element i depends on nothing but seed, counter and i.

import { sizeOf } from "../kernels.js";
import { normalPair, philox4x32, uniformFrom } from "../../base/philox.js";
import type { KernelFunction } from "./tensor.js";

/** Element i is made of word i%4 of the block whose 64-bit counter is `counter + floor(i/4)`, modulo 2^64. */
export const random: KernelFunction<"random"> = ([counter], [y], { distribution, seed }) => {
  const limbs = counter.data;
  let low = limbs[0] + limbs[1] * 2 ** 16;
  let high = limbs[2] + limbs[3] * 2 ** 16;
  const key = [seed >>> 0, Math.floor(seed / 2 ** 32)] as const;
  const words = new Uint32Array(4);
  const numbers = new Float64Array(4);
  const size = sizeOf(y.shape);

  for (let i = 0; i < size; i += 4) {
    philox4x32([low, high, 0, 0], key, words);
    for (let k = 0; k < 4; k++) numbers[k] = uniformFrom(words[k]);
    if (distribution === "normal")
      for (let k = 0; k < 4; k += 2) numbers.set(normalPair(numbers[k], numbers[k + 1]), k);
    for (let k = 0; k < 4 && i + k < size; k++) y.data[i + k] = numbers[k];
    low = (low + 1) % 2 ** 32;
    if (low === 0) high = (high + 1) % 2 ** 32;
  }
};
