// Sums, means and extremes over axes, their gradients, and the two moves that undo broadcasting: sumTo and broadcastTo.
//
//   y = sum of x over the axes       dx = dy stretched back to x's shape
//   mean = sum / count
//   max, min                         dy goes to the elements that equal the extreme, shared evenly among ties

import { checkOptions } from "../base/arguments.js";
import { UserError } from "../base/errors.js";
import {
  checkShape,
  normalizeAxes,
  sameShape,
  type Shape,
  show,
  sizeOf,
  stridesOf,
} from "../tensor/shape.js";
import { differentiable } from "../tensor/tape.js";
import { run, type Tensor } from "../tensor/tensor.js";
import { div, equal, mul } from "./binary.js";
import { expectTensor } from "./expect.js";
import { runLinear } from "./linear.js";
import { reshape } from "./reshape.js";
import { full } from "./scalar.js";

export interface ReduceOptions {
  /** The axis or axes to reduce; all of them by default. Negative ones count from the end. */
  axis?: number | readonly number[];
  /** Keeps the reduced axes as 1 (default false). */
  keepDims?: boolean;
}

/** Reduces with the axes kept as 1, and takes them away at the end unless they are wanted. */
function reduced(
  name: string,
  x: Tensor,
  options: ReduceOptions,
  kept: (axes: number[], shape: number[]) => Tensor,
): Tensor {
  checkOptions(name, options, { axis: true, keepDims: true });
  expectTensor(name, x);
  const axes = normalizeAxes(name, options.axis, x.rank);
  const y = kept(axes, x.shape.map((n, axis) => (axes.includes(axis) ? 1 : n))); // prettier-ignore
  return options.keepDims ? y : reshape(y, x.shape.filter((_, axis) => !axes.includes(axis))); // prettier-ignore
}

/** The sum over the axes. */
export const sum = (x: Tensor, options: ReduceOptions = {}): Tensor =>
  reduced("sum", x, options, (axes, shape) =>
    differentiable("sum", [x], runLinear("reduce", [x], shape, { function: "sum", axes }), (dy) => [
      () => broadcastTo(dy, x.shape),
    ]),
  );

/** The mean over the axes. */
export const mean = (x: Tensor, options: ReduceOptions = {}): Tensor =>
  reduced("mean", x, options, (axes, shape) => {
    const count = axes.reduce((n, axis) => n * x.shape[axis], 1);
    const y = count === 0 ? full(shape, NaN) : run("reduce", [x], shape, { function: "mean", axes });
    return differentiable("mean", [x], y, (dy) => [() => broadcastTo(div(dy, count), x.shape)]);
  });

const extreme = (name: "max" | "min", x: Tensor, options: ReduceOptions): Tensor =>
  reduced(name, x, options, (axes, shape) => {
    if (x.size === 0 && sizeOf(shape) > 0)
      throw new UserError(`${name}: a tensor of shape ${show(x.shape)} has no elements along the axes.`);
    const y = run("reduce", [x], shape, { function: name, axes });
    return differentiable(name, [x], y, (dy) => [
      () => {
        const hits = equal(x, y);
        return mul(hits, div(dy, sum(hits, { axis: axes, keepDims: true })));
      },
    ]);
  });

/** The largest element over the axes. */
export const max = (x: Tensor, options: ReduceOptions = {}): Tensor => extreme("max", x, options);
/** The smallest element over the axes. */
export const min = (x: Tensor, options: ReduceOptions = {}): Tensor => extreme("min", x, options);

/** Stretches axes of 1 (and missing leading axes) to `shape`. Its gradient is sumTo. */
export function broadcastTo(x: Tensor, shape: Shape): Tensor {
  expectTensor("broadcastTo", x);
  checkShape("broadcastTo", shape);
  if (sameShape(x.shape, shape)) return x;
  const lead = shape.length - x.rank;
  if (lead < 0 || x.shape.some((n, axis) => n !== 1 && n !== shape[axis + lead]))
    throw new UserError(
      `broadcastTo: a tensor of shape ${show(x.shape)} does not stretch to ${show(shape)}.`,
    );
  const own = stridesOf(x.shape);
  const inputStrides = shape.map((_, axis) =>
    axis < lead || x.shape[axis - lead] === 1 ? 0 : own[axis - lead],
  );
  const y = run("copy", [x], shape, {
    shape,
    inputStrides,
    inputOffset: 0,
    outputStrides: stridesOf(shape),
    outputOffset: 0,
  });
  return differentiable("broadcastTo", [x], y, (dy) => [() => sumTo(dy, x.shape)]);
}

/** Sums over the axes in which x is larger than `shape`: the adjoint of broadcasting. */
export function sumTo(x: Tensor, shape: Shape): Tensor {
  expectTensor("sumTo", x);
  checkShape("sumTo", shape);
  if (sameShape(x.shape, shape)) return x;
  const lead = x.rank - shape.length;
  const axes = x.shape.flatMap((n, axis) =>
    axis < lead || (shape[axis - lead] === 1 && n !== 1) ? [axis] : [],
  );
  const y = axes.length > 0 ? sum(x, { axis: axes, keepDims: true }) : x;
  if (sizeOf(y.shape) !== sizeOf(shape))
    throw new UserError(`sumTo: ${show(x.shape)} does not sum to ${show(shape)}.`);
  return reshape(y, shape);
}
