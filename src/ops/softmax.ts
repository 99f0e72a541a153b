// Softmax over the last axis, its logarithm, and their gradients.
//
//   y_i = e^{x_i} / sum_j e^{x_j}       dy_i/dx_j = y_i (1[i=j] - y_j)    hence  dx = y (dy - sum(dy y))
//   z_i = log y_i                       dz_i/dx_j = 1[i=j] - y_j          hence  dx = dz - e^z sum(dz)

import { differentiable } from "../tensor/tape.js";
import { run, type Tensor } from "../tensor/tensor.js";
import { mul, sub } from "./binary.js";
import { sum } from "./reduce.js";
import { reshape } from "./reshape.js";
import { exp } from "./unary.js";

const overRows = (dy: Tensor): Tensor => sum(dy, { axes: 1, keepDims: true });
const asRows = (x: Tensor): Tensor => reshape(x, [-1, x.shape[x.rank - 1]]);

/** e^x / sum e^x over the last axis. */
export function softmax(x: Tensor): Tensor {
  const rows = asRows(x);
  const y = run("softmax", [rows], rows.shape, {});
  differentiable("softmax", [rows], y, (dy) => [() => mul(y, sub(dy, overRows(mul(dy, y))))]);
  return reshape(y, x.shape);
}

/** log softmax(x) over the last axis, without overflow or log 0. */
export function logSoftmax(x: Tensor): Tensor {
  const rows = asRows(x);
  const z = run("softmax", [rows], rows.shape, { log: true });
  differentiable("logSoftmax", [rows], z, (dz) => [() => sub(dz, mul(exp(z), overRows(dz)))]);
  return reshape(z, x.shape);
}
