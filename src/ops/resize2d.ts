// Resizing images by nearest neighbour or bilinear interpolation, and its gradient. Both are linear maps, so the gradient is
// the adjoint: every dy is added where its y was read from, with the same weights; and the gradient of that is resizing.

import { oneOf, pairOf } from "../base/arguments.js";
import { UserError } from "../base/errors.js";
import { show } from "../tensor/shape.js";
import { differentiable } from "../tensor/tape.js";
import { run, type Tensor } from "../tensor/tensor.js";
import { expectImages } from "./expect.js";

const interpolations = ["nearest", "bilinear"] as const;
/** How resize2d makes up pixels between pixels. */
export type Interpolation = (typeof interpolations)[number];

/**
 * x [batch, height, width, channels] resized to [batch, size[0], size[1], channels], with half-pixel centres, as TensorFlow 2
 * and Keras have it. PyTorch calls "bilinear" the same (align_corners=False), and this "nearest" its "nearest-exact": pixel i
 * is the one at floor((i + 1/2) h / size). PyTorch's own "nearest" takes that at floor(i h / size); where `size` is a whole
 * multiple of h the two agree.
 */
export function resize2d(
  x: Tensor,
  size: readonly [number, number],
  mode: Interpolation = "nearest",
): Tensor {
  expectImages("resize2d", x);
  const [height, width] = pairOf("resize2d", "size", size);
  oneOf("resize2d", "interpolation", mode, interpolations);
  if (x.shape[1] === 0 || x.shape[2] === 0)
    throw new UserError(`resize2d: images of ${show(x.shape)} have no pixels to be resized.`);
  return forward(x, [x.shape[0], height, width, x.shape[3]], mode);
}

/** [batch, height, width, channels] with height and width multiplied by whole factors (default 2). */
export function upsample2d(
  x: Tensor,
  factor: number | readonly [number, number] = 2,
  mode: Interpolation = "nearest",
): Tensor {
  expectImages("upsample2d", x);
  const [fy, fx] = pairOf("upsample2d", "factor", factor);
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
