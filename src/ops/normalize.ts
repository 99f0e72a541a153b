// Normalising to mean 0 and variance 1, over a row (layer normalisation) or a column (batch normalisation), and its gradient.
//
//   x [rows, columns]; over the axis with n elements:  mean, variance;  s = 1/sqrt(variance + epsilon);  y = (x - mean) s
//   ds/dx_i = -s^2 y_i / n
//   dx = s (dy - mean(dy) - y mean(dy y))          = F(y, s, dy), self-adjoint and linear in dy; its own gradients for g:
//   d/d(dy) = F(y, s, g)      d/ds = sum(g F)/s      d/dy = -s (g mean(dy y) + dy mean(g y))

import { describe } from "../base/arguments.js";
import { UserError } from "../base/errors.js";
import { show, sizeOf } from "../tensor/shape.js";
import { differentiable } from "../tensor/tape.js";
import { empty, run, runInto, type Tensor } from "../tensor/tensor.js";
import { add, div, mul } from "./binary.js";
import { expectTensor } from "./expect.js";
import { mean, sum } from "./reduce.js";
import { shaped } from "./reshape.js";
import { neg, square } from "./unary.js";

/** What normalize gives: the normalised tensor, and the moments it was normalised by. */
export interface Normalized {
  /** x with mean 0 and variance 1 over the axis. */
  readonly y: Tensor;
  /** Moments of x, without a gradient: for running averages. */
  readonly mean: Tensor;
  readonly variance: Tensor;
}

/**
 * Normalises x, seen as [rows, last axis], over a row (axis 1) or over all rows of a column (axis 0).
 * The variance is the biased one (divided by n).
 */
export function normalize(x: Tensor, axis: 0 | 1, epsilon = 1e-5): Normalized {
  expectTensor("normalize", x);
  if (x.rank < 2) throw new UserError(`normalize: expected at least two axes, got ${show(x.shape)}.`);
  if (axis !== 0 && axis !== 1)
    throw new UserError(`normalize: the axis is 0 (columns) or 1 (rows), not ${describe(axis)}.`);
  const columns = x.shape[x.rank - 1];
  const rows = shaped(x, [sizeOf(x.shape.slice(0, -1)), columns]);
  const groups = [rows.shape[1 - axis]];
  if (rows.shape[axis] === 0 && groups[0] > 0)
    throw new UserError(`normalize: a tensor of shape ${show(x.shape)} has no elements along the axis.`);
  const y = empty(rows.shape);
  const [average, s, variance] = [empty(groups), empty(groups), empty(groups)];
  runInto("normalize", [rows], [y, average, s, variance], { axis, epsilon });
  const stretched = (t: Tensor) => shaped(t, axis === 1 ? [groups[0], 1] : [1, groups[0]]);
  differentiable("inverseStd", [rows], s, (ds) => [
    () => neg(div(mul(stretched(mul(ds, square(s))), y), rows.shape[axis])),
  ]);
  differentiable("normalize", [rows], y, (dy) => [() => normalizeGrad(y, s, dy, axis)]);
  return { y: shaped(y, x.shape), mean: average, variance };
}

function normalizeGrad(y: Tensor, s: Tensor, dy: Tensor, axis: 0 | 1): Tensor {
  const dx = run("normalizeGrad", [y, s, dy], y.shape, { axis });
  const over = { axis, keepDims: true };
  const stretched = (t: Tensor) => shaped(t, axis === 1 ? [t.size, 1] : [1, t.size]);
  return differentiable("normalizeGrad", [y, s, dy], dx, (g) => [
    () => neg(mul(stretched(s), add(mul(g, mean(mul(dy, y), over)), mul(dy, mean(mul(g, y), over))))),
    () => div(sum(mul(g, dx), { axis }), s),
    () => normalizeGrad(y, s, g, axis),
  ]);
}
