// Numbers in arrays in arrays: what shape they have, and the numbers in one row.

import { describe, isList } from "../base/arguments.js";
import { UserError } from "../base/errors.js";

export type NestedNumbers = number | readonly NestedNumbers[];

/** The shape that the nesting is. @throws UserError where it is ragged, or holds other things than numbers */
export function nestedShape(data: NestedNumbers): number[] {
  if (typeof data === "number") return [];
  if (!isList(data))
    throw new UserError(
      `tensor: expected numbers, in arrays in arrays or in one typed array, not ${describe(data)}.`,
    );
  if (data.length === 0) return [0];
  const inner = nestedShape(data[0]);
  for (const row of data)
    if (nestedShape(row).join() !== inner.join())
      throw new UserError("tensor: nested arrays must all have the same length.");
  return [data.length, ...inner];
}

/** Their numbers, row-major. */
export function flatten(data: NestedNumbers): number[] {
  return typeof data === "number" ? [data] : (data as readonly NestedNumbers[]).flatMap(flatten);
}
