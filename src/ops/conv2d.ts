// Convolution and its two gradients: a closed trio, each differentiable by the other two.
//
//   y [n, oh, ow, co]  =  sum over p, q, c of  x [n, i*s + p*d - top, j*s + q*d - left, c]  w [p, q, c, co]
//
// y is linear in x for a fixed w, and linear in w for a fixed x. The gradient of a linear map is its adjoint:
//   dx [n, h, w, ci]      = inputGrad(dy, w)      "every x gets back dy times the weights it was multiplied by"
//   dw [kh, kw, ci, co]   = weightGrad(x, dy)     "every weight gets dy times the pixels it was multiplied by"
// All three are parts of the one trilinear form  <conv(x, w), dy> = <x, inputGrad(dy, w)> = <w, weightGrad(x, dy)>,
// so each one's gradients are read off it. conv2dTranspose is inputGrad used forwards.

import type { ConvAttributes } from "../backend/kernels.js";
import { checkCount, checkOptions, pairOf } from "../base/arguments.js";
import { UserError } from "../base/errors.js";
import { show } from "../tensor/shape.js";
import { differentiable } from "../tensor/tape.js";
import type { Tensor } from "../tensor/tensor.js";
import { expectImages, expectTensor } from "./expect.js";
import { runLinear } from "./linear.js";
import { checkPadding, type Padding, slidingWindow } from "./window.js";

/** The window's way over the image, for conv2d and its transpose. */
export interface Conv2DOptions {
  /** Step of the window, one number or [y, x] (default 1). */
  strides?: number | readonly [number, number];
  /** Default "valid". */
  padding?: Padding;
  /** Distance between the window's taps (default 1). */
  dilationRate?: number | readonly [number, number];
  /** Channels are split into this many groups that do not see each other (default 1). */
  groups?: number;
}

const optionNames = { strides: true, padding: true, dilationRate: true, groups: true } as const;

/**
 * Convolution (cross-correlation, as in every framework).
 * @param x [batch, height, width, channels]
 * @param w [kernelHeight, kernelWidth, channels / groups, filters]
 * @returns [batch, outHeight, outWidth, filters]
 */
export function conv2d(x: Tensor, w: Tensor, options: Conv2DOptions = {}): Tensor {
  checkOptions("conv2d", options, optionNames);
  const groups = expectOperands("conv2d", x, w, options);
  const [n, h, width, ci] = x.shape;
  if (w.rank !== 4 || w.shape[2] * groups !== ci || w.shape[3] % groups !== 0)
    throw new UserError(
      `conv2d: weights of shape ${show(w.shape)} do not fit input ${show(x.shape)} with ${groups} group(s); expected [kh, kw, ${ci / groups}, filters], filters a multiple of ${groups}.`,
    );
  const { output, ...geometry } = slidingWindow("conv2d", [h, width], [w.shape[0], w.shape[1]], options);
  return forward(x, w, [n, ...output, w.shape[3]], { ...geometry, groups });
}

/**
 * Transposed convolution: the adjoint of the convolution that maps an image of the result's size to x's.
 * @param x [batch, height, width, filters]
 * @param w [kernelHeight, kernelWidth, channels / groups, filters], the weights of that convolution
 * @param options as conv2d's; `outputSize` [h, w] picks among the sizes that the convolution maps to x's (default: the
 *   smallest for "valid" and explicit padding, stride times x's for "same")
 * @returns [batch, outHeight, outWidth, channels]
 */
export function conv2dTranspose(
  x: Tensor,
  w: Tensor,
  options: Conv2DOptions & { outputSize?: readonly [number, number] } = {},
): Tensor {
  checkOptions("conv2dTranspose", options, { ...optionNames, outputSize: true });
  const groups = expectOperands("conv2dTranspose", x, w, options);
  if (w.rank !== 4 || w.shape[3] !== x.shape[3] || w.shape[3] % groups !== 0)
    throw new UserError(
      `conv2dTranspose: weights of shape ${show(w.shape)} do not fit input ${show(x.shape)} with ${groups} group(s); expected [kh, kw, channels, ${x.shape[3]}].`,
    );
  const size = options.outputSize
    ? pairOf("conv2dTranspose", "outputSize", options.outputSize)
    : [0, 1].map((axis) => transposedSize(axis, x, w, options));
  const { output, ...geometry } = slidingWindow(
    "conv2dTranspose",
    [size[0], size[1]],
    [w.shape[0], w.shape[1]],
    options,
  );
  if (output[0] !== x.shape[1] || output[1] !== x.shape[2])
    throw new UserError(
      `conv2dTranspose: a convolution takes ${show(size)} to ${show(output)}, not to the input's ${show(x.shape.slice(1, 3))}.`,
    );
  return inputGrad(x, w, [x.shape[0], size[0], size[1], w.shape[2] * groups], { ...geometry, groups });
}

/** Checks the operands that both have; returns the number of groups. */
function expectOperands(operation: string, x: Tensor, w: Tensor, options: Conv2DOptions): number {
  expectImages(operation, x);
  expectTensor(operation, w);
  const { groups = 1 } = options;
  checkCount(operation, "groups", groups);
  return groups;
}

function transposedSize(axis: number, x: Tensor, w: Tensor, options: Conv2DOptions): number {
  const strides = pairOf("conv2dTranspose", "strides", options.strides ?? 1);
  const dilation = pairOf("conv2dTranspose", "dilationRate", options.dilationRate ?? 1);
  const padding = options.padding ?? "valid";
  checkPadding("conv2dTranspose", padding);
  if (padding === "same") return x.shape[1 + axis] * strides[axis];
  const [before, after] =
    padding === "valid" ? [0, 0] : typeof padding === "number" ? [padding, padding] : padding[axis];
  return (x.shape[1 + axis] - 1) * strides[axis] + (w.shape[axis] - 1) * dilation[axis] + 1 - before - after;
}

function forward(x: Tensor, w: Tensor, shape: readonly number[], geometry: ConvAttributes): Tensor {
  const y = runLinear("conv2d", [x, w], shape, geometry);
  return differentiable("conv2d", [x, w], y, (dy) => [
    () => inputGrad(dy, w, x.shape, geometry),
    () => weightGrad(x, dy, w.shape, geometry),
  ]);
}

function inputGrad(dy: Tensor, w: Tensor, shape: readonly number[], geometry: ConvAttributes): Tensor {
  const dx = runLinear("conv2dInputGrad", [dy, w], shape, geometry);
  return differentiable("conv2dInputGrad", [dy, w], dx, (g) => [
    () => forward(g, w, dy.shape, geometry),
    () => weightGrad(g, dy, w.shape, geometry),
  ]);
}

function weightGrad(x: Tensor, dy: Tensor, shape: readonly number[], geometry: ConvAttributes): Tensor {
  const dw = runLinear("conv2dWeightGrad", [x, dy], shape, geometry);
  return differentiable("conv2dWeightGrad", [x, dy], dw, (g) => [
    () => inputGrad(dy, g, x.shape, geometry),
    () => forward(x, g, dy.shape, geometry),
  ]);
}
