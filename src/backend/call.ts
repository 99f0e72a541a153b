// A kernel call: which kernel, on which numbers, with which attributes. What the kernels mean is in kernels.ts.

import type { Attributes, KernelName } from "./attributes.js";

/** A block of numbers that a backend owns. Its element type is the backend's `precision`; `length` counts elements. */
export interface Storage {
  readonly length: number;
}

/** A dense, row-major tensor as a kernel sees it. A scalar has shape []. */
export interface Operand {
  readonly storage: Storage;
  readonly shape: readonly number[];
}

/** One kernel to run. `variant` forces a named implementation; without it the backend chooses. */
export interface KernelCall<K extends KernelName = KernelName> {
  readonly kernel: K;
  readonly inputs: readonly Operand[];
  readonly outputs: readonly Operand[];
  readonly attributes: Attributes[K];
  readonly variant?: string;
}
