// Sliding windows: what "same", "valid", a number or explicit amounts of padding mean, and the output's size.

import { checkCount, describe, oneOf, pairOf } from "../base/arguments.js";
import { UserError } from "../base/errors.js";
import { show } from "../tensor/shape.js";

/**
 * "valid": none. "same": output size = ceil(input / stride), the odd one at the bottom and right, as TensorFlow has it.
 * A number: that many on all four sides. [[top, bottom], [left, right]]: as said.
 */
export type Padding =
  | "same"
  | "valid"
  | number
  | readonly [readonly [top: number, bottom: number], readonly [left: number, right: number]];

export interface Window {
  readonly strides: readonly [number, number];
  readonly dilation: readonly [number, number];
  readonly padding: readonly [top: number, left: number];
  /** Output size [oh, ow]. */
  readonly output: readonly [number, number];
}

/** The geometry of a window of `kernel` sliding over an [h, w] image. Throws when no window fits. */
export function slidingWindow(
  operation: string,
  image: readonly [number, number],
  kernel: readonly [number, number],
  options: {
    strides?: number | readonly [number, number];
    dilationRate?: number | readonly [number, number];
    padding?: Padding;
  },
): Window {
  const strides = pairOf(operation, "strides", options.strides ?? 1);
  const dilation = pairOf(operation, "dilationRate", options.dilationRate ?? 1);
  const padding = options.padding ?? "valid";
  checkPadding(operation, padding);
  const amounts = [0, 1].map((axis) => {
    const span = (kernel[axis] - 1) * dilation[axis] + 1;
    if (padding === "valid") return [0, 0];
    if (typeof padding === "number") return [padding, padding];
    if (padding !== "same") return padding[axis];
    const total = Math.max(
      0,
      (Math.ceil(image[axis] / strides[axis]) - 1) * strides[axis] + span - image[axis],
    );
    return [Math.floor(total / 2), Math.ceil(total / 2)];
  });
  const output = [0, 1].map((axis) => {
    const span = (kernel[axis] - 1) * dilation[axis] + 1;
    return Math.floor((image[axis] + amounts[axis][0] + amounts[axis][1] - span) / strides[axis]) + 1;
  });
  if ([...image, ...kernel, ...output].some((n) => n < 1))
    throw new UserError(
      `${operation}: a ${show(kernel)} window with strides ${show(strides)}, dilationRate ${show(dilation)} and padding ${describe(amounts)} does not fit an image of ${show(image)}.`,
    );
  return { strides, dilation, padding: [amounts[0][0], amounts[1][0]], output: [output[0], output[1]] };
}

/** Throws unless it is a known word, or whole numbers of at least 0. */
export function checkPadding(operation: string, padding: Padding): void {
  if (typeof padding === "string") oneOf(operation, "padding", padding, ["same", "valid"]);
  else if (typeof padding === "number") checkCount(operation, "padding", padding, 0);
  else {
    const sides = [padding].flat(2);
    if (!Array.isArray(padding) || padding.length !== 2 || sides.length !== 4)
      throw new UserError(
        `${operation}: padding must be "same", "valid", a number or [[top, bottom], [left, right]], not ${describe(padding)}.`,
      );
    for (const side of sides) checkCount(operation, "padding", side, 0);
  }
}
