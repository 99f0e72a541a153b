// Shapes: lists of sizes, the first axis first. Elements are row-major everywhere.

export type Shape = readonly number[];

/** How many elements a tensor of this shape has. */
export const sizeOf = (shape: Shape): number => shape.reduce((product, n) => product * n, 1);

/** Row-major strides in elements: the last axis is contiguous. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  for (let axis = shape.length - 1, stride = 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis];
  }
  return strides;
}

export const sameShape = (a: Shape, b: Shape): boolean =>
  a.length === b.length && a.every((n, i) => n === b[i]);

export const show = (shape: Shape): string => `[${shape.join(", ")}]`;
