// Matrix products and their gradients.
//
//   y = a b                a [m, k]   b [k, n]   y [m, n]
//   da = dy b^T            [m, n] [n, k] -> [m, k]
//   db = a^T dy            [k, m] [m, n] -> [k, n]
// With either side stored transposed (ta, tb) the same formulas hold for the stored matrices; the products below are written
// so that no transpose is ever copied. Leading axes are batches; a batch of one is repeated.

import { checkOptions } from "../base/arguments.js";
import { UserError } from "../base/errors.js";
import { sameShape, show, sizeOf } from "../tensor/shape.js";
import { differentiable } from "../tensor/tape.js";
import type { Tensor } from "../tensor/tensor.js";
import { expectTensor } from "./expect.js";
import { runLinear } from "./linear.js";
import { sumTo } from "./reduce.js";
import { reshape } from "./reshape.js";

export interface MatMulOptions {
  /** a is stored as [.., k, m]. */
  transposeA?: boolean;
  /** b is stored as [.., n, k]. */
  transposeB?: boolean;
}

/**
 * The product of matrices: a [..batch, m, k] and b [..batch, k, n] give [..batch, m, n]. Either batch may be missing or 1.
 * @throws when the inner sizes or the batches do not agree.
 */
export function matMul(a: Tensor, b: Tensor, options: MatMulOptions = {}): Tensor {
  checkOptions("matMul", options, { transposeA: true, transposeB: true });
  for (const operand of [a, b]) expectTensor("matMul", operand);
  const { transposeA = false, transposeB = false } = options;
  const fail = (why: string): never => {
    const mark = (t: Tensor, transposed: boolean) => show(t.shape) + (transposed ? " transposed" : "");
    throw new UserError(`matMul: ${mark(a, transposeA)} times ${mark(b, transposeB)}: ${why}.`);
  };
  if (a.rank < 2 || b.rank < 2) fail("both operands need at least two axes");
  const [m, k] = transposeA ? [a.shape.at(-1)!, a.shape.at(-2)!] : [a.shape.at(-2)!, a.shape.at(-1)!];
  const [kb, n] = transposeB ? [b.shape.at(-1)!, b.shape.at(-2)!] : [b.shape.at(-2)!, b.shape.at(-1)!];
  if (k !== kb) fail(`the inner sizes ${k} and ${kb} differ`);
  const batchesA = a.shape.slice(0, -2);
  const batchesB = b.shape.slice(0, -2);
  const [sa, sb] = [sizeOf(batchesA), sizeOf(batchesB)];
  if (!sameShape(batchesA, batchesB) && sa !== 1 && sb !== 1)
    fail(`the batches ${show(batchesA)} and ${show(batchesB)} are neither equal nor 1`);
  const batches = sa === 1 && batchesB.length >= batchesA.length ? batchesB : sb === 1 ? batchesA : batchesB;
  const y = product(flat(a), flat(b), transposeA, transposeB);
  return reshape(y, [...batches, m, n]);
}

const flat = (x: Tensor): Tensor => reshape(x, [sizeOf(x.shape.slice(0, -2)), ...x.shape.slice(-2)]);

function product(a: Tensor, b: Tensor, ta: boolean, tb: boolean): Tensor {
  const m = a.shape[ta ? 2 : 1];
  const n = b.shape[tb ? 1 : 2];
  const y = runLinear("matmul", [a, b], [a.shape[0] === 1 ? b.shape[0] : a.shape[0], m, n], {
    transposeA: ta,
    transposeB: tb,
  });
  return differentiable("matMul", [a, b], y, (dy) => [
    // da = dy op(b)^T, stored as a is:  a^T = op(b) dy^T when a is transposed
    () => sumTo(ta ? product(b, dy, tb, true) : product(dy, b, false, !tb), a.shape),
    () => sumTo(tb ? product(dy, a, true, ta) : product(a, dy, !ta, false), b.shape),
  ]);
}
