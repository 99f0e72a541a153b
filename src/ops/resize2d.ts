// Resizing images by nearest neighbour or bilinear interpolation, and its gradient. Both are linear maps, so the gradient is
// the adjoint: every dy is added where its y was read from, with the same weights; and the gradient of that is resizing.

import { show } from "../tensor/shape.js";
import { differentiable } from "../tensor/tape.js";
import { run, type Tensor } from "../tensor/tensor.js";
import { expectImages } from "./window.js";

export type Interpolation = "nearest" | "bilinear";

/**
 * x [batch, height, width, channels] resized to [batch, size[0], size[1], channels], with half-pixel centres (as PyTorch's
 * interpolate with align_corners=False, and TensorFlow 2).
 */
export function resize2d(
  x: Tensor,
  size: readonly [number, number],
  mode: Interpolation = "nearest",
): Tensor {
  expectImages("resize2d", x);
  if (size.some((n) => !Number.isInteger(n) || n < 1))
    throw new Error(`resize2d: the size must be two positive whole numbers, not ${show(size)}.`);
  return forward(x, [x.shape[0], size[0], size[1], x.shape[3]], mode);
}

/** x with height and width multiplied by whole factors (default 2). */
export function upsample2d(
  x: Tensor,
  factor: number | readonly [number, number] = 2,
  mode: Interpolation = "nearest",
): Tensor {
  const [fy, fx] = typeof factor === "number" ? [factor, factor] : factor;
  expectImages("upsample2d", x);
  return resize2d(x, [x.shape[1] * fy, x.shape[2] * fx], mode);
}

function forward(x: Tensor, shape: readonly number[], mode: Interpolation): Tensor {
  const y = run("resize2d", [x], shape, { mode });
  return differentiable("resize2d", [x], y, (dy) => [() => adjoint(dy, x.shape, mode)]);
}

function adjoint(dy: Tensor, shape: readonly number[], mode: Interpolation): Tensor {
  const dx = run("resize2dGrad", [dy], shape, { mode });
  return differentiable("resize2dGrad", [dy], dx, (g) => [() => forward(g, dy.shape, mode)]);
}
