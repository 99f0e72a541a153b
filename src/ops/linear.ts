// Kernels that are linear in each operand, such as products and convolutions, where an operand may be empty.

import type { Attributes, KernelName } from "../backend/kernels.js";
import { run, type Tensor } from "../tensor/tensor.js";
import { zeros } from "./scalar.js";

/** As run(). Where an operand has no elements every sum has no terms: the result is 0, and no kernel need foresee it. */
export function runLinear<K extends KernelName>(
  kernel: K,
  inputs: readonly Tensor[],
  shape: readonly number[],
  attributes: Attributes[K],
): Tensor {
  return inputs.some((x) => x.size === 0) ? zeros(shape) : run(kernel, inputs, shape, attributes);
}
