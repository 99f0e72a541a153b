// Max and average pooling and their gradients.
//
//   average: y = mean of the window's pixels that lie inside x     dx = dy spread evenly over them (the adjoint)
//   max:     y = x at the window's first maximum                   dx = dy put there
// Where the maximum lies does not change under a small change of x, so max pooling is locally a selection, linear in what is
// selected; "select from g where x has its maxima" is the gradient's gradient.

import type { PoolAttributes } from "../backend/kernels.js";
import { checkOptions, describe, pairOf } from "../base/arguments.js";
import { UserError } from "../base/errors.js";
import { show } from "../tensor/shape.js";
import { differentiable } from "../tensor/tape.js";
import { run, type Tensor } from "../tensor/tensor.js";
import { expectImages } from "./expect.js";
import { type Padding, slidingWindow } from "./window.js";

/** The window of a pooling. */
export interface Pool2DOptions {
  /** Size of the window, one number or [y, x] (default 2). */
  poolSize?: number | readonly [number, number];
  /** Step of the window (default: its size). */
  strides?: number | readonly [number, number];
  /** Default "valid". Padding never wins a maximum and never counts in a mean. */
  padding?: Padding;
}

/** The maximum of every window: [batch, height, width, channels] to [batch, outHeight, outWidth, channels]. */
export const maxPool2d = (x: Tensor, options: Pool2DOptions = {}): Tensor => {
  const { shape, attributes } = geometry("maxPool2d", "max", x, options);
  return select(x, x, shape, attributes);
};

/** The mean of every window: [batch, height, width, channels] to [batch, outHeight, outWidth, channels]. */
export const averagePool2d = (x: Tensor, options: Pool2DOptions = {}): Tensor => {
  const { shape, attributes } = geometry("averagePool2d", "average", x, options);
  return average(x, shape, attributes);
};

function geometry(operation: string, kind: "max" | "average", x: Tensor, options: Pool2DOptions) {
  checkOptions(operation, options, { poolSize: true, strides: true, padding: true });
  expectImages(operation, x);
  const window = pairOf(operation, "poolSize", options.poolSize ?? 2);
  const { output, strides, padding } = slidingWindow(operation, [x.shape[1], x.shape[2]], window, {
    strides: options.strides ?? window,
    padding: options.padding,
  });
  for (const axis of [0, 1]) {
    const last = (output[axis] - 1) * strides[axis] - padding[axis];
    if (padding[axis] >= window[axis] || last >= x.shape[axis + 1])
      throw new UserError(
        `${operation}: with padding ${describe(options.padding)} some windows of ${show(window)} lie outside ${show(x.shape)}; pad by less than the window.`,
      );
  }
  const attributes: PoolAttributes = { kind, window, strides, padding };
  return { shape: [x.shape[0], ...output, x.shape[3]], attributes };
}

function average(x: Tensor, shape: readonly number[], attributes: PoolAttributes): Tensor {
  const y = run("pool2d", [x], shape, attributes);
  return differentiable("averagePool2d", [x], y, (dy) => [() => spread(x, dy, attributes)]);
}

/** Linear in dy alone: x gives only the shape. */
function spread(x: Tensor, dy: Tensor, attributes: PoolAttributes): Tensor {
  const dx = run("pool2dGrad", [x, dy], x.shape, attributes);
  return differentiable("averagePool2dGrad", [x, dy], dx, (g) => [
    null,
    () => average(g, dy.shape, attributes),
  ]);
}

/** v at the maxima of x. With v = x that is max pooling, and all the gradient goes to v's place. */
function select(x: Tensor, v: Tensor, shape: readonly number[], attributes: PoolAttributes): Tensor {
  const y = run("pool2d", x === v ? [x] : [x, v], shape, attributes);
  return differentiable("maxPool2d", [v], y, (dy) => [() => scatter(x, dy, attributes)]);
}

function scatter(x: Tensor, dy: Tensor, attributes: PoolAttributes): Tensor {
  const dx = run("pool2dGrad", [x, dy], x.shape, attributes);
  return differentiable("maxPool2dGrad", [dy], dx, (g) => [() => select(x, g, dy.shape, attributes)]);
}
