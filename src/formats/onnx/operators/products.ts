// Products of matrices: MatMul, Gemm, Einsum.

import * as ops from "../../../ops/index.js";
import { sameShape, sizeOf } from "../../../base/shape.js";
import { broadcastShape } from "../../../tensor/shape.js";
import type { Tensor } from "../../../tensor/tensor.js";
import { type Call, type Operators, result } from "../call.js";
import { identity, type Value } from "../value.js";

/** The last two axes exchanged. */
const swapped = (rank: number): number[] => [...identity(rank - 2), rank - 1, rank - 2];

/** A matrix as it lies: transposed if that is how it lies. */
function asStored(x: Value): { t: Tensor; transposed: boolean } {
  const transposed = x.rank >= 2 && !x.known && !x.liesIn(identity(x.rank)) && x.liesIn(swapped(x.rank));
  return { t: transposed ? x.in(swapped(x.rank)) : x.tensor, transposed };
}

function matMul(call: Call): Value {
  const [a, b] = [call.input(0), call.input(1)];
  if (a.rank === 0 || b.rank === 0) call.fail(`it multiplies matrices, not ${a} and ${b}.`);
  const left = a.rank === 1 ? a.unsqueezed([0]) : a;
  const right = b.rank === 1 ? b.unsqueezed([1]) : b;
  const [x, y] = [asStored(left), asStored(right)];
  const options = { transposeA: x.transposed, transposeB: y.transposed };
  const [s, t] = [left.shape.slice(0, -2), right.shape.slice(0, -2)];
  const plain = sameShape(s, t) || sizeOf(s) === 1 || sizeOf(t) === 1;
  const batches = broadcastShape(call.label, s, t);
  const stretch = (m: Tensor) => ops.broadcastTo(m, [...batches, ...m.shape.slice(-2)]);
  call.checked([...batches, left.shape.at(-2)!, right.shape.at(-1)!]);
  const product = plain ? ops.matMul(x.t, y.t, options) : ops.matMul(stretch(x.t), stretch(y.t), options);
  const [m, n] = [left.shape.at(-2)!, right.shape.at(-1)!];
  const shape = [...batches, ...(a.rank === 1 ? [] : [m]), ...(b.rank === 1 ? [] : [n])];
  return result(a.type, ops.reshape(product, shape));
}

/** alpha A B + beta C, either transposed. */
function gemm(call: Call): Value {
  const { attributes } = call;
  const [a, b] = [call.input(0), call.input(1)];
  if (a.rank !== 2 || b.rank !== 2) call.fail(`it multiplies matrices, not ${a} and ${b}.`);
  const [transposeA, transposeB] = [attributes.flag("transA"), attributes.flag("transB")];
  const product = ops.matMul(a.tensor, b.tensor, { transposeA, transposeB });
  const [alpha, beta] = [attributes.float("alpha", 1), attributes.float("beta", 1)];
  const scaled = alpha === 1 ? product : ops.mul(product, alpha);
  if (!call.has(2) || beta === 0) return result(a.type, scaled);
  const c = call.input(2).tensor;
  return result(a.type, ops.add(scaled, beta === 1 ? c : ops.mul(c, beta)));
}

/** A tensor whose axes are called by letters. */
interface Lettered {
  readonly letters: readonly string[];
  readonly t: Tensor;
}

/** Sums over the letters that the result lacks, of the product of all inputs: two inputs at a time. */
function einsum(call: Call): Value {
  const equation = (call.attributes.text("equation") ?? "").replaceAll(" ", "");
  const [left, right] = equation.split("->");
  const terms = left.split(",");
  const values = call.all;
  if (terms.length !== values.length || !/^[A-Za-z.]*(,[A-Za-z.]*)*(->[A-Za-z.]*)?$/.test(equation))
    call.fail(`the equation ${JSON.stringify(equation.slice(0, 60))} does not fit ${values.length} inputs.`);
  const dots = values.map((v, i) => v.rank - terms[i].replace("...", "").length);
  const most = Math.max(0, ...terms.map((term, i) => (term.includes("...") ? dots[i] : 0)));
  const names = identity(most).map((i) => `.${i}`);
  const lettersOf = (term: string, count: number): string[] => {
    const at = term.indexOf("...");
    if (at < 0) return [...term];
    return [...term.slice(0, at), ...names.slice(most - count), ...term.slice(at + 3)];
  };
  const operands = values.map((v, i): Lettered => {
    const letters = lettersOf(terms[i], dots[i]);
    if (letters.length !== v.rank) call.fail(`the term ${terms[i]} does not fit ${v}.`);
    return diagonals({ letters, t: v.tensor });
  });
  const all = operands.flatMap(({ letters }) => letters);
  const once = [...new Set(all)].filter((l) => !l.startsWith(".") && all.indexOf(l) === all.lastIndexOf(l));
  const wanted = right === undefined ? [...names, ...once.sort()] : lettersOf(right, most);
  if (wanted.some((l) => !all.includes(l))) call.fail(`no input has the axis that ${right} names.`);
  let [total, ...others] = operands;
  while (others.length > 0) {
    const [next, ...rest] = others;
    const needed = new Set([...wanted, ...rest.flatMap(({ letters }) => letters)]);
    total = contracted(total, next, needed);
    others = rest;
  }
  const summed = total.letters.flatMap((l, axis) => (wanted.includes(l) ? [] : [axis]));
  const t = summed.length > 0 ? ops.sum(total.t, { axis: summed }) : total.t;
  const letters = total.letters.filter((l) => wanted.includes(l));
  return result(values[0].type, inOrder({ letters, t }, wanted));
}

const inOrder = ({ letters, t }: Lettered, wanted: readonly string[]): Tensor =>
  t.rank < 2 ? t : ops.transpose(t, wanted.map((l) => letters.indexOf(l))); // prettier-ignore

/** A letter that stands twice takes the diagonal: ones there, summed over the second. */
function diagonals({ letters, t }: Lettered): Lettered {
  const second = letters.findIndex((l, i) => letters.indexOf(l) < i);
  if (second < 0) return { letters, t };
  const first = letters.indexOf(letters[second]);
  const n = t.shape[first];
  const shape = t.shape.map((_, a) => (a === first || a === second ? n : 1));
  const eye = ops.reshape(ops.oneHot(countTo(n), n), shape);
  const diagonal = ops.sum(ops.mul(t, eye), { axis: second });
  return diagonals({ letters: letters.filter((_, i) => i !== second), t: diagonal });
}

const countTo = (n: number): Tensor => ops.stridedSlice(ops.argMax(ops.triu(ops.ones([n, n]))), [0], [n]);

/** Two tensors multiplied, and summed over what is not needed any more: [batch, m, k] [batch, k, n]. */
function contracted(a: Lettered, b: Lettered, needed: ReadonlySet<string>): Lettered {
  const both = a.letters.filter((l) => b.letters.includes(l));
  const batch = both.filter((l) => needed.has(l));
  const k = both.filter((l) => !needed.has(l));
  const m = a.letters.filter((l) => !both.includes(l));
  const n = b.letters.filter((l) => !both.includes(l));
  const sizes = new Map<string, number>();
  for (const { letters, t } of [a, b])
    letters.forEach((l, axis) => sizes.set(l, Math.max(sizes.get(l) ?? 1, t.shape[axis])));
  const matrix = (x: Lettered, ...groups: string[][]): Tensor => {
    const order = groups.flat();
    const stretched = ops.broadcastTo(inOrder(x, order), order.map((l) => sizes.get(l)!)); // prettier-ignore
    return ops.reshape(stretched, groups.map((group) => sizeOf(group.map((l) => sizes.get(l)!)))); // prettier-ignore
  };
  const product = ops.matMul(matrix(a, batch, m, k), matrix(b, batch, k, n));
  const letters = [...batch, ...m, ...n];
  return { letters, t: ops.reshape(product, letters.map((l) => sizes.get(l)!)) }; // prettier-ignore
}

export const productOperators: Operators = {
  MatMul: { run: matMul },
  Gemm: { run: gemm },
  Einsum: { run: einsum },
};
