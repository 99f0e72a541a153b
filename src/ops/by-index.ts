// Choosing by numbers of rows or classes. Indices are whole numbers held as floats; where one lies outside, its row is zeros.
//
//   oneHot(i)[.., c] = 1[i = c]                  no gradient: it is a step function of i
//   gather(x, i) = the rows of x that i names    linear in x, so its gradient is the adjoint:
//                                                dx[r] = the sum of dy[k] over every k with i[k] = r;
//                                                and the gradient of that is gather
//   argMax(x) = the first c with x_c = max x     no gradient

import { UserError } from "../base/errors.js";
import { normalizeAxes, show, sizeOf } from "../tensor/shape.js";
import { differentiable, noGrad } from "../tensor/tape.js";
import { run, tensor, type Tensor } from "../tensor/tensor.js";
import { equal } from "./binary.js";
import { max, min } from "./reduce.js";
import { reshape, shaped } from "./reshape.js";
import { where } from "./select.js";

/** Numbers of rows are whole numbers held as float32. */
const MOST_ROWS = 2 ** 24;

const countUpTo = (n: number): Tensor => tensor(Float32Array.from({ length: n }, (_, i) => i));

/** [...] of class numbers to [..., depth] of 0 and 1. */
export function oneHot(indices: Tensor, depth: number): Tensor {
  if (!Number.isInteger(depth) || depth < 1)
    throw new UserError(`oneHot: the depth must be a whole number above 0, not ${depth}.`);
  return noGrad(() => equal(reshape(indices, [...indices.shape, 1]), countUpTo(depth)));
}

/** The rows of x, [n, ...rest], that the indices [...] name: [..., ...rest]. n is at most 2^24, the whole numbers of float32. */
export function gather(x: Tensor, indices: Tensor): Tensor {
  if (x.rank < 1) throw new UserError(`gather: expected at least one axis, got ${show(x.shape)}.`);
  const [n, ...rest] = x.shape;
  if (n > MOST_ROWS) throw new UserError(`gather: chooses among ${n} rows, more than ${MOST_ROWS}.`);
  const rows = forward(shaped(x, [n, sizeOf(rest)]), shaped(indices, [indices.size]));
  return shaped(rows, [...indices.shape, ...rest]);
}

/** x [n, c], indices [m]: [m, c] */
function forward(x: Tensor, indices: Tensor): Tensor {
  const y = run("gather", [x, indices], [indices.size, x.shape[1]], {});
  return differentiable("gather", [x], y, (dy) => [() => adjoint(dy, indices, x.shape)]);
}

/** dy [m, c], indices [m]: [n, c] */
function adjoint(dy: Tensor, indices: Tensor, shape: readonly number[]): Tensor {
  const dx = run("gatherGrad", [dy, indices], shape, {});
  return differentiable("gatherGrad", [dy], dx, (g) => [() => forward(g, indices)]);
}

/** The index of the largest element along an axis (default the last), the first of equal ones: x's shape without that axis. */
export function argMax(x: Tensor, axis = -1): Tensor {
  const [along] = normalizeAxes("argMax", axis, x.rank);
  return noGrad(() => {
    const n = x.shape[along];
    const isLargest = equal(x, max(x, { axis: along, keepDims: true }));
    const index = reshape(countUpTo(n), [n, ...x.shape.slice(along + 1).map(() => 1)]);
    return min(where(isLargest, index, n), { axis: along });
  });
}
