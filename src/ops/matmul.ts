// Matrix products and their gradients.
//
//   y = a b                a [m, k]   b [k, n]   y [m, n]
//   da = dy b^T            [m, n] [n, k] -> [m, k]
//   db = a^T dy            [k, m] [m, n] -> [k, n]
// With either side stored transposed (ta, tb) the same formulas hold for the stored matrices; the products below are written
// so that no transpose is ever copied. Leading axes are batches; a batch of one is repeated.

import { checkOptions } from "../base/arguments.js";
import { UserError } from "../base/errors.js";
import { sameShape, type Shape, show, sizeOf } from "../tensor/shape.js";
import { differentiable } from "../tensor/tape.js";
import type { Tensor } from "../tensor/tensor.js";
import { expectTensor } from "./expect.js";
import { runLinear } from "./linear.js";
import { sumTo } from "./reduce.js";
import { shaped } from "./reshape.js";

/** Which side is stored transposed. */
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
  const k = a.shape.at(transposeA ? -2 : -1)!;
  const kb = b.shape.at(transposeB ? -1 : -2)!;
  if (k !== kb) fail(`the inner sizes ${k} and ${kb} differ`);
  const batchesA = a.shape.slice(0, -2);
  const batchesB = b.shape.slice(0, -2);
  const [sa, sb] = [sizeOf(batchesA), sizeOf(batchesB)];
  if (!sameShape(batchesA, batchesB) && sa !== 1 && sb !== 1)
    fail(`the batches ${show(batchesA)} and ${show(batchesB)} are neither equal nor 1`);
  const batches = sa === 1 && batchesB.length >= batchesA.length ? batchesB : sb === 1 ? batchesA : batchesB;
  return product(a, b, transposeA, transposeB, batches);
}

/** [batches as one axis, rows, columns] */
const flatShape = ({ shape }: Tensor) => [sizeOf(shape.slice(0, -2)), ...shape.slice(-2)];

/** The kernel sees both operands with one axis of batches; the tape sees them as they are. */
function product(a: Tensor, b: Tensor, ta: boolean, tb: boolean, batches: Shape): Tensor {
  const [m, n] = [a.shape.at(ta ? -1 : -2)!, b.shape.at(tb ? -2 : -1)!];
  const operands = [a, b].map((x) => x.view(flatShape(x)));
  const flat = [sizeOf(batches), m, n];
  const y = runLinear("matmul", operands, flat, { transposeA: ta, transposeB: tb });
  return differentiable("matMul", [a, b], y.view([...batches, m, n]), (dy) => [
    // da = dy op(b)^T, stored as a is:  a^T = op(b) dy^T when a is transposed
    () => backTo(a, ta ? product(b, dy, tb, true, batches) : product(dy, b, false, !tb, batches)),
    () => backTo(b, tb ? product(dy, a, true, ta, batches) : product(a, dy, !ta, false, batches)),
  ]);
}

/** A gradient summed over the batches for which x was repeated. */
const backTo = (x: Tensor, dx: Tensor): Tensor =>
  shaped(sumTo(shaped(dx, flatShape(dx)), flatShape(x)), x.shape);
