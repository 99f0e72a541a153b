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
import { reshape, shaped } from "./reshape.js";
import { full } from "./scalar.js";

/** Which axes a sum, mean or extreme goes over. */
export interface ReduceOptions {
  /** The axis or axes to reduce; all of them by default. Negative ones count from the end. */
  axis?: number | readonly number[];
  /** Keeps the reduced axes as 1 (default false). */
  keepDims?: boolean;
}

type Axes = readonly number[];

/**
 * Reduces with the axes kept as 1, and takes them away at the end unless they are wanted.
 * @param rule the gradient of x, from dy with the axes kept and the result y with the axes kept
 */
function reduced(
  name: string,
  x: Tensor,
  options: ReduceOptions,
  compute: (axes: Axes, shape: Shape) => Tensor,
  rule: (dy: Tensor, y: Tensor, axes: Axes) => Tensor,
): Tensor {
  checkOptions(name, options, { axis: true, keepDims: true });
  expectTensor(name, x);
  const axes = normalizeAxes(name, options.axis, x.rank);
  const kept = x.shape.map((n, axis) => (axes.includes(axis) ? 1 : n));
  const y = compute(axes, kept);
  const result = options.keepDims ? y : y.view(x.shape.filter((_, axis) => !axes.includes(axis)));
  return differentiable(name, [x], result, (dy) => [() => rule(shaped(dy, kept), y, axes)]);
}

/** The sum over the axes. */
export const sum = (x: Tensor, options: ReduceOptions = {}): Tensor =>
  reduced(
    "sum",
    x,
    options,
    (axes, shape) => runLinear("reduce", [x], shape, { function: "sum", axes }),
    (dy) => broadcastTo(dy, x.shape),
  );

/** The mean over the axes. */
export const mean = (x: Tensor, options: ReduceOptions = {}): Tensor => {
  const count = (axes: Axes) => axes.reduce((n, axis) => n * x.shape[axis], 1);
  return reduced(
    "mean",
    x,
    options,
    (axes, shape) =>
      count(axes) === 0 ? full(shape, NaN) : run("reduce", [x], shape, { function: "mean", axes }),
    (dy, _y, axes) => broadcastTo(div(dy, count(axes)), x.shape),
  );
};

const extreme = (name: "max" | "min", x: Tensor, options: ReduceOptions): Tensor =>
  reduced(
    name,
    x,
    options,
    (axes, shape) => {
      if (x.size === 0 && sizeOf(shape) > 0)
        throw new UserError(`${name}: a tensor of shape ${show(x.shape)} has no elements along the axes.`);
      return run("reduce", [x], shape, { function: name, axes });
    },
    (dy, y, axes) => {
      const hits = equal(x, y);
      return mul(hits, div(dy, sum(hits, { axis: axes, keepDims: true })));
    },
  );

/** The largest element over the axes. */
export const max = (x: Tensor, options: ReduceOptions = {}): Tensor => extreme("max", x, options);
/** The smallest element over the axes. */
export const min = (x: Tensor, options: ReduceOptions = {}): Tensor => extreme("min", x, options);

/** Stretches axes of 1 (and missing leading axes) to `shape`. Its gradient is sumTo. */
export function broadcastTo(x: Tensor, shape: Shape): Tensor {
  expectTensor("broadcastTo", x);
  checkShape("broadcastTo", shape);
  const lead = shape.length - x.rank;
  if (lead < 0 || x.shape.some((n, axis) => n !== 1 && n !== shape[axis + lead]))
    throw new UserError(
      `broadcastTo: a tensor of shape ${show(x.shape)} does not stretch to ${show(shape)}.`,
    );
  if (sameShape(x.shape, shape)) return reshape(x, shape);
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

/** broadcastTo for use inside operations: x itself where it has that shape already. */
export const stretched = (x: Tensor, shape: Shape): Tensor =>
  sameShape(x.shape, shape) ? x : broadcastTo(x, shape);

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
  return shaped(y, shape);
}
