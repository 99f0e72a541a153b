// What operations ask of shapes: that they are sound, how they broadcast, which axes are meant. No tensor is touched here.

import { describe } from "../base/arguments.js";
import { UserError } from "../base/errors.js";
import { type Shape, show } from "../base/shape.js";

export { sameShape, type Shape, show, sizeOf, stridesOf } from "../base/shape.js";

/** Refuses what is not a list of whole numbers of at least 0. */
export function checkShape(operation: string, shape: Shape): void {
  if (!Array.isArray(shape) || !shape.every((n) => Number.isSafeInteger(n) && n >= 0))
    throw new UserError(
      `${operation}: a shape is a list of whole numbers of at least 0, such as [2, 3], not ${describe(shape)}.`,
    );
}

/** The shape both broadcast to: aligned at the last axis, a 1 (or a missing axis) stretches. */
export function broadcastShape(operation: string, a: Shape, b: Shape): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const m = a[i - rank + a.length] ?? 1;
    const n = b[i - rank + b.length] ?? 1;
    if (m !== n && m !== 1 && n !== 1)
      throw new UserError(
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
  const list = [axes].flat().map((axis) => (axis < 0 ? axis + rank : axis));
  if (
    list.some((axis) => !Number.isInteger(axis) || axis < 0 || axis >= rank) ||
    new Set(list).size !== list.length
  )
    throw new UserError(
      `${operation}: the axis ${describe(axes)} does not name distinct axes of a tensor of rank ${rank}.`,
    );
  return list.sort((a, b) => a - b);
}
