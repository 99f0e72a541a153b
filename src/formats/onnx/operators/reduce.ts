// Sums, means and extremes over axes, and softmax and its kin.

import * as ops from "../../../ops/index.js";
import type { Tensor } from "../../../tensor/tensor.js";
import { type Call, type Operator, type Operators, result } from "../call.js";
import { identity, type Order, type Value } from "../value.js";

const { abs, add, argMax, div, exp, log, max, mean, mul, neg, sqrt, square, sub, sum, where } = ops;

/** Over these tensor axes, which are kept as 1. */
type Reduction = (x: Tensor, axis: readonly number[]) => Tensor;

const over = (axis: readonly number[]) => ({ axis, keepDims: true });

/** What a reduction of nothing gives; only the extremes and the mean have no sum to begin with. */
function reduction(reduce: Reduction, ofNothing?: number): Operator {
  return { run: (call) => reduced(call, axesOf(call), reduce, ofNothing), numbers: [1] };
}

/** All axes where none are named, unless that is to mean none. */
function axesOf(call: Call): number[] {
  const axes = call.list("axes", 1);
  if (axes && axes.length > 0) return call.axes(axes);
  return call.attributes.flag("noop_with_empty_axes") ? [] : identity(call.input().rank);
}

function reduced(call: Call, axes: readonly number[], reduce: Reduction, ofNothing?: number): Value {
  const x = call.input();
  const tensorAxes = axes.map((axis) => x.order.indexOf(axis));
  const isEmpty = axes.some((axis) => x.shape[axis] === 0) && ofNothing !== undefined;
  const kept = x.order.map((axis) => (axes.includes(axis) ? 1 : x.shape[axis]));
  const y = isEmpty ? ops.full(kept, ofNothing) : reduce(x.in(x.order), tensorAxes);
  const value = result(x.type, y, x.order);
  return call.attributes.flag("keepdims", true) ? value : value.squeezed(axes);
}

const sumOf: Reduction = (x, axis) => sum(x, over(axis));

/** log sum e^x, without overflow. */
const logSumExp: Reduction = (x, axis) => {
  const top = max(x, over(axis)).detach();
  const finite = where(ops.less(abs(top), Infinity), top, 0);
  return add(log(sumOf(exp(sub(x, finite)), axis)), finite);
};

/** The product, by multiplying halves: log n steps, and signs and zeros are right. */
const product: Reduction = (x, axes) =>
  axes.reduce((y, axis) => {
    for (let n = y.shape[axis]; n !== 1; n = y.shape[axis]) {
      if (n === 0) return ops.ones(y.shape.map((m, a) => (a === axis ? 1 : m)));
      const half = Math.floor(n / 2);
      const [a, b, rest] = ops.split(y, [half, half, n - 2 * half], axis);
      const p = mul(a, b);
      y = n % 2 === 0 ? p : ops.concatenate([p, rest], axis);
    }
    return y;
  }, x);

/** The index of the largest along an axis; the first of equal ones, or the last. */
function indexOfExtreme(call: Call, sign: 1 | -1): Value {
  const x = call.input();
  const axis = call.axis(call.attributes.int("axis", 0));
  const t = sign === 1 ? x.tensor : neg(x.tensor);
  const last = call.attributes.flag("select_last_index");
  const found = argMax(last ? ops.flip(t, axis) : t, axis);
  const index = last ? sub(x.shape[axis] - 1, found) : found;
  const value = result("int64", index);
  return call.attributes.flag("keepdims", true) ? value.unsqueezed([axis]) : value;
}

/** The axis last, as the kernels of softmax have it; the order in which the result lies. */
const withLast = (x: Value, axis: number): Order =>
  x.order.at(-1) === axis ? x.order : [...identity(x.rank).filter((a) => a !== axis), axis];

/** Up to opset 12 all axes from `axis` on are one; from 13 on it is the axis alone. */
function rowwise(formula: (rows: Tensor) => Tensor): Operator {
  return {
    run: (call) => {
      const x = call.input();
      const axis = call.axis(call.attributes.int("axis", call.opset < 13 ? 1 : -1));
      if (x.size === 0) return x;
      if (call.opset >= 13) {
        const order = withLast(x, axis);
        return result(x.type, formula(x.in(order)), order);
      }
      const rows = x.shape.slice(0, axis).reduce((a, b) => a * b, 1);
      return result(x.type, ops.reshape(formula(ops.reshape(x.tensor, [rows, x.size / rows])), x.shape));
    },
  };
}

/** 1 at the first largest element of a row, 0 elsewhere. */
const hardmax = (x: Tensor): Tensor => {
  const n = x.shape[x.rank - 1];
  return ops.oneHot(argMax(x, -1), n);
};

/** x / (sum |x|^p)^(1/p) */
function lpNormalized(call: Call): Value {
  const x = call.input();
  const axis = [x.order.indexOf(call.axis(call.attributes.int("axis", -1)))];
  const t = x.in(x.order);
  const p = call.attributes.int("p", 2);
  const size = p === 1 ? sumOf(abs(t), axis) : sqrt(sumOf(square(t), axis));
  // A line of zeros stays one.
  return result(x.type, div(t, where(ops.equal(size, 0), 1, size)), x.order);
}

/** (x - mean) / standard deviation over some axes. */
function meanVarianceNormalized(call: Call): Value {
  const x = call.input();
  const axes = call.axes(call.attributes.ints("axes") ?? [0, 2, 3]).map((axis) => x.order.indexOf(axis));
  const t = x.in(x.order);
  const centred = sub(t, mean(t, over(axes)));
  return result(x.type, div(centred, add(sqrt(mean(square(centred), over(axes))), 1e-9)), x.order);
}

export const reduceOperators: Operators = {
  ReduceSum: reduction(sumOf),
  ReduceMean: reduction((x, axis) => mean(x, over(axis))),
  ReduceMax: reduction((x, axis) => max(x, over(axis)), -Infinity),
  ReduceMin: reduction((x, axis) => ops.min(x, over(axis)), Infinity),
  ReduceL1: reduction((x, axis) => sumOf(abs(x), axis)),
  ReduceL2: reduction((x, axis) => sqrt(sumOf(square(x), axis))),
  ReduceLogSum: reduction((x, axis) => log(sumOf(x, axis))),
  ReduceLogSumExp: reduction(logSumExp, -Infinity),
  ReduceSumSquare: reduction((x, axis) => sumOf(square(x), axis)),
  ReduceProd: reduction(product, 1),
  ArgMax: { run: (call) => indexOfExtreme(call, 1) },
  ArgMin: { run: (call) => indexOfExtreme(call, -1) },
  Softmax: rowwise(ops.softmax),
  LogSoftmax: rowwise(ops.logSoftmax),
  Hardmax: rowwise(hardmax),
  LpNormalization: { run: lpNormalized },
  MeanVarianceNormalization: { run: meanVarianceNormalized },
};
