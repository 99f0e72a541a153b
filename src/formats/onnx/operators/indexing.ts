// Choosing elements by numbers of rows. Everything is a gather of rows of a matrix [rows, columns]; an index is the row's number.

import * as ops from "../../../ops/index.js";
import { sizeOf, stridesOf } from "../../../base/shape.js";
import { tensor, type Tensor } from "../../../tensor/tensor.js";
import { type Call, type Operators, result } from "../call.js";
import { identity, type Value } from "../value.js";

const { add, mul, where, less } = ops;

/** Indices below 0 count from the end. */
const fromStart = (index: Tensor, n: number): Tensor => where(less(index, 0), add(index, n), index);

/** Known indices must lie inside; others give zeros where they do not. */
function checkIndices(call: Call, indices: Value, n: number): void {
  const outside = indices.known?.find((i) => i < -n || i >= n);
  if (outside !== undefined) call.fail(`the index ${outside} lies outside an axis of ${n}.`);
}

function gather(call: Call): Value {
  const [x, indices] = [call.input(0), call.input(1)];
  const axis = call.axis(call.attributes.int("axis", 0));
  const n = x.shape[axis];
  checkIndices(call, indices, n);
  const others = x.order.filter((a) => a !== axis);
  const rest = others.map((a) => x.shape[a]);
  const run = indices.known && runOf(indices.known, n);
  const rows = ops.reshape(x.in([axis, ...others]), [n, sizeOf(rest)]);
  const chosen = run
    ? ops.slice(rows, [run.from, 0], [indices.size, sizeOf(rest)])
    : ops.gather(rows, fromStart(ops.reshape(indices.tensor, [indices.size]), n));
  // The indices' axes stand where the axis stood.
  const k = indices.rank;
  const placed = (a: number) => (a < axis ? a : a - 1 + k);
  const order = [...identity(k).map((i) => axis + i), ...others.map(placed)];
  return result(x.type, ops.reshape(chosen, [...indices.shape, ...rest]), order);
}

/** Indices one after the other are a slice. */
function runOf(indices: ArrayLike<number>, n: number): { from: number } | undefined {
  if (indices.length === 0) return undefined;
  const from = indices[0] < 0 ? indices[0] + n : indices[0];
  for (let i = 0; i < indices.length; i++)
    if ((indices[i] < 0 ? indices[i] + n : indices[i]) !== from + i) return undefined;
  return { from };
}

/** y[i, j, k] = x[index[i, j, k], j, k], for the first axis. */
function gatherElements(call: Call): Value {
  const [x, indices] = [call.input(0), call.input(1)];
  const axis = call.axis(call.attributes.int("axis", 0));
  if (indices.rank !== x.rank) call.fail(`indices ${indices} for ${x}.`);
  checkIndices(call, indices, x.shape[axis]);
  const strides = stridesOf(x.shape);
  const along = mul(fromStart(indices.tensor, x.shape[axis]), strides[axis]);
  const flat = identity(x.rank)
    .filter((a) => a !== axis)
    .reduce((sum, a) => add(sum, mul(counting(indices.shape[a], a, x.rank), strides[a])), along);
  const chosen = ops.gather(ops.reshape(x.tensor, [x.size, 1]), ops.reshape(flat, [indices.size]));
  return result(x.type, ops.reshape(chosen, indices.shape));
}

/** 0, 1, 2, ... along one of so many axes. */
const counting = (n: number, axis: number, rank: number): Tensor =>
  tensor(Float32Array.from({ length: n }, (_, i) => i), identity(rank).map((a) => (a === axis ? n : 1))); // prettier-ignore

/** The last axis of the indices holds coordinates in the first axes after the batches. */
function gatherND(call: Call): Value {
  const [x, indices] = [call.input(0), call.input(1)];
  const batches = call.attributes.int("batch_dims", 0);
  const k = indices.shape.at(-1) ?? 0;
  if (batches < 0 || batches + k > x.rank || batches >= indices.rank)
    call.fail(`indices ${indices} for ${x}.`);
  const leading = x.shape.slice(0, batches + k);
  const strides = stridesOf(leading);
  const outer = indices.shape.slice(0, -1);
  const coordinates = ops.split(indices.tensor, k, -1);
  const own = coordinates.map((c, i) => mul(fromStart(ops.reshape(c, outer), leading[batches + i]), strides[batches + i])); // prettier-ignore
  const offsets = identity(batches).map((a) => mul(counting(outer[a], a, outer.length), strides[a]));
  const flat = [...own, ...offsets].reduce((a, b) => add(a, b));
  const rest = x.shape.slice(batches + k);
  const rows = ops.reshape(x.tensor, [sizeOf(leading), sizeOf(rest)]);
  const chosen = ops.gather(rows, ops.reshape(flat, [sizeOf(outer)]));
  return result(x.type, ops.reshape(chosen, [...outer, ...rest]));
}

/** values = [off, on] */
function oneHot(call: Call): Value {
  const indices = call.input(0);
  const depth = call.needed(1)[0];
  const axis = call.axis(call.attributes.int("axis", -1), indices.rank + 1);
  call.checked([...indices.shape, depth]);
  const values = call.input(2);
  const [off, on] = ops.split(ops.reshape(values.tensor, [2]), 2);
  const hot = ops.oneHot(fromStart(indices.tensor, depth), depth);
  const order = [...identity(indices.rank).map((a) => (a < axis ? a : a + 1)), axis];
  return result(values.type, where(hot, on, off), order);
}

export const indexingOperators: Operators = {
  Gather: { run: gather },
  GatherElements: { run: gatherElements },
  GatherND: { run: gatherND },
  OneHot: { run: oneHot, numbers: [1] },
};
