// Softmax over the last axis, its logarithm, and their gradients.
//
//   y_i = e^{x_i} / sum_j e^{x_j}       dy_i/dx_j = y_i (1[i=j] - y_j)    hence  dx = y (dy - sum(dy y))
//   z_i = log y_i                       dz_i/dx_j = 1[i=j] - y_j          hence  dx = dz - e^z sum(dz)

import { UserError } from "../base/errors.js";
import { sizeOf } from "../tensor/shape.js";
import { differentiable } from "../tensor/tape.js";
import { run, type Tensor } from "../tensor/tensor.js";
import { mul, sub } from "./binary.js";
import { expectTensor } from "./expect.js";
import { sum } from "./reduce.js";
import { shaped } from "./reshape.js";
import { exp } from "./unary.js";

const overRows = (dy: Tensor): Tensor => sum(dy, { axis: 1, keepDims: true });

function asRows(operation: string, x: Tensor): Tensor {
  expectTensor(operation, x);
  if (x.rank === 0)
    throw new UserError(`${operation}: expected a tensor of at least one axis, got a scalar.`);
  return shaped(x, [sizeOf(x.shape.slice(0, -1)), x.shape[x.rank - 1]]);
}

/** e^x / sum e^x over the last axis. */
export function softmax(x: Tensor): Tensor {
  const rows = asRows("softmax", x);
  const y = run("softmax", [rows], rows.shape, {});
  differentiable("softmax", [rows], y, (dy) => [() => mul(y, sub(dy, overRows(mul(dy, y))))]);
  return shaped(y, x.shape);
}

/** log softmax(x) over the last axis, without overflow or log 0. */
export function logSoftmax(x: Tensor): Tensor {
  const rows = asRows("logSoftmax", x);
  const z = run("softmax", [rows], rows.shape, { log: true });
  differentiable("logSoftmax", [rows], z, (dz) => [() => sub(dz, mul(exp(z), overRows(dz)))]);
  return shaped(z, x.shape);
}
