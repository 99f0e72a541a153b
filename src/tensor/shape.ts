// Arithmetic on shapes: sizes, strides, broadcasting, axes. No tensor is touched here.

export type Shape = readonly number[];

export { sizeOf } from "../backend/kernels.js";

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

/** The shape both broadcast to: aligned at the last axis, a 1 (or a missing axis) stretches. */
export function broadcastShape(operation: string, a: Shape, b: Shape): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const m = a[i - rank + a.length] ?? 1;
    const n = b[i - rank + b.length] ?? 1;
    if (m !== n && m !== 1 && n !== 1)
      throw new Error(
        `${operation}: shapes ${show(a)} and ${show(b)} do not broadcast; each axis must be equal or 1.`,
      );
    return m === 1 ? n : m;
  });
}

/** Axes as non-negative, sorted numbers; `undefined` means all of them. */
export function normalizeAxes(
  operation: string,
  axes: number | readonly number[] | undefined,
  rank: number,
): number[] {
  if (axes === undefined) return Array.from({ length: rank }, (_, i) => i);
  const list = (typeof axes === "number" ? [axes] : axes).map((axis) => (axis < 0 ? axis + rank : axis));
  if (
    list.some((axis) => !Number.isInteger(axis) || axis < 0 || axis >= rank) ||
    new Set(list).size !== list.length
  )
    throw new Error(
      `${operation}: axes ${show([axes].flat())} do not name distinct axes of a tensor of rank ${rank}.`,
    );
  return list.sort((a, b) => a - b);
}

export const show = (shape: Shape): string => `[${shape.join(", ")}]`;
