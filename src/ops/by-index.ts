// Choosing by numbers of rows or classes. Indices are whole numbers held as floats; where one lies outside, its row is zeros.
//
//   oneHot(i)[.., c] = 1[i = c]                  no gradient: it is a step function of i
//   gather(x, i) = oneHot(i) x                   a product, so its gradient is one, too: dx = oneHot(i)^T dy, the rows of dy added up
//   argMax(x) = the first c with x_c = max x     no gradient

import { UserError } from "../base/errors.js";
import { normalizeAxes, show } from "../tensor/shape.js";
import { noGrad } from "../tensor/tape.js";
import { tensor, type Tensor } from "../tensor/tensor.js";
import { equal } from "./binary.js";
import { matMul } from "./matmul.js";
import { max, min } from "./reduce.js";
import { reshape, shaped } from "./reshape.js";
import { where } from "./select.js";

const countUpTo = (n: number): Tensor => tensor(Float32Array.from({ length: n }, (_, i) => i));

/** [...] of class numbers to [..., depth] of 0 and 1. */
export function oneHot(indices: Tensor, depth: number): Tensor {
  if (!Number.isInteger(depth) || depth < 1)
    throw new UserError(`oneHot: the depth must be a whole number above 0, not ${depth}.`);
  return noGrad(() => equal(reshape(indices, [...indices.shape, 1]), countUpTo(depth)));
}

/**
 * The rows of x, [n, ...rest], that the indices [...] name: [..., ...rest].
 * It is a product with a one-hot matrix, so it costs n times a copy, and x must be finite.
 */
export function gather(x: Tensor, indices: Tensor): Tensor {
  if (x.rank < 1) throw new UserError(`gather: expected at least one axis, got ${show(x.shape)}.`);
  const [n, ...rest] = x.shape;
  const rows = matMul(shaped(oneHot(indices, n), [indices.size, n]), shaped(x, [n, x.size / n]));
  return shaped(rows, [...indices.shape, ...rest]);
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
