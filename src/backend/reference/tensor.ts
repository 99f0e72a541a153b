// What a reference kernel is given: the numbers of each operand with their shape. And how strided operands are walked.

import type { Attributes, KernelName } from "../kernels.js";

export type Numbers = Float32Array | Float64Array;

/** A dense, row-major operand. */
export interface Tensor {
  readonly data: Numbers;
  readonly shape: readonly number[];
}

/** Sums are kept in float64 and rounded only when they are stored in an output. */
export type KernelFunction<K extends KernelName> = (
  inputs: readonly Tensor[],
  outputs: readonly Tensor[],
  attributes: Attributes[K],
) => void;

/** Elements to step over for one step along each axis of a dense tensor. */
export function rowMajorStrides(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis];
  }
  return strides;
}

/** Strides that walk `shape` as if it had been stretched to `target`: aligned at the last axis, 0 where it repeats. */
export function broadcastStrides(shape: readonly number[], target: readonly number[]): number[] {
  const own = rowMajorStrides(shape);
  const missing = target.length - shape.length;
  return target.map((_, axis) => (axis < missing || shape[axis - missing] === 1 ? 0 : own[axis - missing]));
}

/**
 * Walks the indices of `shape` in row-major order by runs along the last axis. For each run, `body` gets its number of
 * elements, then for two operands the offset of its first element; within a run they advance by their last strides,
 * which `body` is given too. Axes that two operands both walk densely are merged, so that runs are long.
 */
export function forEachRun(
  shape: readonly number[],
  aStrides: readonly number[],
  bStrides: readonly number[],
  body: (count: number, a: number, b: number, aStep: number, bStep: number) => void,
): void {
  if (shape.includes(0)) return;
  // Merged axes, innermost first.
  const sizes: number[] = [];
  const aSteps: number[] = [];
  const bSteps: number[] = [];
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] === 1) continue;
    const last = sizes.length - 1;
    const continues =
      last >= 0 &&
      aStrides[axis] === aSteps[last] * sizes[last] &&
      bStrides[axis] === bSteps[last] * sizes[last];
    if (continues) {
      sizes[last] *= shape[axis];
    } else {
      sizes.push(shape[axis]);
      aSteps.push(aStrides[axis]);
      bSteps.push(bStrides[axis]);
    }
  }
  if (sizes.length === 0) return body(1, 0, 0, 0, 0);

  const index = new Array<number>(sizes.length).fill(0);
  let a = 0;
  let b = 0;
  for (;;) {
    body(sizes[0], a, b, aSteps[0], bSteps[0]);
    let axis = 1;
    for (; axis < sizes.length; axis++) {
      index[axis]++;
      a += aSteps[axis];
      b += bSteps[axis];
      if (index[axis] < sizes[axis]) break;
      a -= aSteps[axis] * sizes[axis];
      b -= bSteps[axis] * sizes[axis];
      index[axis] = 0;
    }
    if (axis === sizes.length) return;
  }
}
