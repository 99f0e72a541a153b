// Strided walks: axes that every operand walks alike are merged, so that kernels take few indices apart.

/** Axes that a kernel's uniform block has room for. */
export const MOST_AXES = 8;

export interface Axes {
  /** Innermost first. */
  sizes: number[];
  /** For each operand, a stride for each size. */
  strides: number[][];
}

/** The axes of `shape` without those of size 1, neighbours merged where all operands walk both with one stride. */
export function mergeAxes(shape: readonly number[], operands: readonly (readonly number[])[]): Axes {
  const sizes: number[] = [];
  const strides: number[][] = operands.map(() => []);
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] === 1) continue;
    const last = sizes.length - 1;
    const continues = last >= 0 && operands.every((own, k) => own[axis] === strides[k][last] * sizes[last]);
    if (continues) {
      sizes[last] *= shape[axis];
    } else {
      sizes.push(shape[axis]);
      operands.forEach((own, k) => strides[k].push(own[axis]));
    }
  }
  return { sizes, strides };
}

export function rowMajorStrides(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis];
  }
  return strides;
}

/** Strides that walk `shape` as if stretched to `target`: aligned at the last axis, 0 where it repeats. */
export function broadcastStrides(shape: readonly number[], target: readonly number[]): number[] {
  const own = rowMajorStrides(shape);
  const missing = target.length - shape.length;
  return target.map((_, axis) => (axis < missing || shape[axis - missing] === 1 ? 0 : own[axis - missing]));
}
