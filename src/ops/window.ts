// Sliding windows: what "same", "valid", a number or explicit amounts of padding mean, and the output's size.

import { show } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";

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

const pair = (n: number | readonly [number, number]): readonly [number, number] =>
  typeof n === "number" ? [n, n] : n;

/** The geometry of a window of `kernel` sliding over an [h, w] image. Throws when no window fits. */
export function slidingWindow(
  operation: string,
  image: readonly [number, number],
  kernel: readonly [number, number],
  options: {
    stride?: number | readonly [number, number];
    dilation?: number | readonly [number, number];
    padding?: Padding;
  },
): Window {
  const strides = pair(options.stride ?? 1);
  const dilation = pair(options.dilation ?? 1);
  const amounts = [0, 1].map((axis) => {
    const span = (kernel[axis] - 1) * dilation[axis] + 1;
    const padding = options.padding ?? "valid";
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
  const whole = [...strides, ...dilation, ...kernel].every((n) => Number.isInteger(n) && n > 0);
  if (!whole || amounts.flat().some((n) => !Number.isInteger(n) || n < 0) || output.some((n) => n < 1))
    throw new Error(
      `${operation}: a ${show(kernel)} window with stride ${show(strides)}, dilation ${show(dilation)} and padding ${show(amounts.map(show) as never)} does not fit an image of ${show(image)}.`,
    );
  return { strides, dilation, padding: [amounts[0][0], amounts[1][0]], output: [output[0], output[1]] };
}

/** Throws unless x is [batch, height, width, channels]. */
export function expectImages(operation: string, x: Tensor): void {
  if (x.rank !== 4)
    throw new Error(
      `${operation}: expected a tensor [batch, height, width, channels], got ${show(x.shape)}.`,
    );
}
