// Operators that move numbers without changing them: parts, joins, padding, repetition, blocks of pixels.

import * as ops from "../../../ops/index.js";
import type { Tensor } from "../../../tensor/tensor.js";
import { broadcastShape } from "../../../tensor/shape.js";
import { aligned, type Call, commonOrder, type Operators, result } from "../call.js";
import { identity, Value } from "../value.js";

/** A value in the order it lies in, and one thing a tensor axis. */
const alongOrder = <T>(x: Value, perAxis: readonly T[]): T[] => x.order.map((axis) => perAxis[axis]);

function concatenated(call: Call): Value {
  const values = call.all;
  const axis = call.axis(call.attributes.int("axis", 1));
  const order = commonOrder(values, values[0].rank);
  const tensors = values.filter((v) => v.size > 0 || values.length === 1).map((v) => v.in(order));
  if (tensors.length === 0) return values[0];
  return result(values[0].type, ops.concatenate(tensors, order.indexOf(axis)), order);
}

function split(call: Call): readonly Value[] {
  const x = call.input();
  const axis = call.axis(call.attributes.int("axis", 0));
  const n = x.shape[axis];
  const parts = call.attributes.int("num_outputs", call.outputs);
  const even = Math.ceil(n / parts);
  const sizes =
    call.list("split", 1) ??
    Array.from({ length: parts }, (_, i) => Math.max(0, Math.min(even, n - i * even)));
  const along = x.order.indexOf(axis);
  return ops.split(x.in(x.order), sizes, along).map((part) => result(x.type, part, x.order));
}

function sliced(call: Call): Value {
  const x = call.input();
  const starts = call.list("starts", 1) ?? call.fail("its starts are missing.");
  const ends = call.list("ends", 2) ?? call.fail("its ends are missing.");
  const axes = call.axes(call.list("axes", 3) ?? starts.map((_, i) => i));
  const steps = call.numbers(4) ?? starts.map(() => 1);
  if ([ends, axes, steps].some((list) => list.length !== starts.length) || steps.includes(0))
    call.fail("its starts, ends, axes and steps do not go together.");
  const [begin, end] = [x.shape.map((): number | null => null), x.shape.map((): number | null => null)];
  const strides = x.shape.map(() => 1);
  for (const [i, axis] of axes.entries()) {
    const n = x.shape[axis];
    begin[axis] = starts[i];
    // Far below 0 with a step backwards means: to the first element and including it.
    end[axis] = ends[i] < -n ? (steps[i] < 0 ? null : 0) : ends[i];
    strides[axis] = steps[i];
  }
  const [b, e, s] = [alongOrder(x, begin), alongOrder(x, end), alongOrder(x, strides)];
  if (x.size === 0) return result(x.type, ops.full(alongOrder(x, x.shape.map((n, a) => lengthOf(n, begin[a], end[a], strides[a]))), 0), x.order); // prettier-ignore
  return result(x.type, ops.stridedSlice(x.in(x.order), b, e, s), x.order);
}

/** How many elements a slice of an axis has. */
function lengthOf(n: number, begin: number | null, end: number | null, stride: number): number {
  const at = (i: number | null, open: number) => (i === null ? open : i < 0 ? i + n : i);
  const [from, to] = [Math.min(Math.max(at(begin, 0), 0), n), Math.min(Math.max(at(end, n), 0), n)];
  return Math.max(0, Math.ceil((to - from) / stride));
}

function padded(call: Call): Value {
  const x = call.input();
  const pads = call.list("pads", 1) ?? call.attributes.ints("paddings") ?? call.fail("its pads are missing.");
  const axes = call.axes(call.numbers(3) ?? identity(x.rank));
  if (pads.length !== 2 * axes.length) call.fail(`${pads.length} pads for ${axes.length} axes.`);
  const value = call.numbers(2)?.[0] ?? call.attributes.float("value", 0);
  const mode = call.attributes.word("mode", ["constant", "reflect", "edge", "wrap"]);
  const amounts = x.shape.map((_, axis): [number, number] => {
    const i = axes.indexOf(axis);
    return i < 0 ? [0, 0] : [pads[i], pads[axes.length + i]];
  });
  call.checked(x.shape.map((n, axis) => n + amounts[axis][0] + amounts[axis][1]));
  return result(x.type, pad(x.in(x.order), alongOrder(x, amounts), mode, value), x.order);
}

/** Padding, where negative amounts cut off, and more may be asked for than one reflection or turn has. */
function pad(x: Tensor, amounts: readonly [number, number][], mode: ops.PadMode, value: number): Tensor {
  const begin = amounts.map(([before]) => Math.max(0, -before));
  const size = x.shape.map((n, a) => n - begin[a] - Math.max(0, -amounts[a][1]));
  const cut = size.every((n, a) => n === x.shape[a]) ? x : ops.slice(x, begin, size.map((n) => Math.max(0, n))); // prettier-ignore
  let y = cut;
  let rest = amounts.map(([b, a]): [number, number] => [Math.max(0, b), Math.max(0, a)]);
  if (mode === "constant" || mode === "edge") return ops.pad(y, rest, mode, value);
  // A padded axis is longer, and may be padded by more.
  while (rest.some(([b, a]) => b + a > 0)) {
    const most = y.shape.map((n) => (mode === "reflect" ? n - 1 : n));
    const now = rest.map(([b, a], axis): [number, number] => [
      Math.min(b, most[axis]),
      Math.min(a, most[axis]),
    ]);
    if (now.every(([b, a]) => b + a === 0)) return ops.pad(y, rest, mode); // which says what is wrong
    y = ops.pad(y, now, mode);
    rest = rest.map(([b, a], axis) => [b - now[axis][0], a - now[axis][1]]);
  }
  return y;
}

function expanded(call: Call): Value {
  const x = call.input();
  const shape = call.checked(broadcastShape(call.label, x.shape, call.needed(1)));
  const order = x.rank === shape.length ? x.order : identity(shape.length);
  return result(x.type, ops.broadcastTo(aligned(x, order), order.map((axis) => shape[axis])), order); // prettier-ignore
}

function tiled(call: Call): Value {
  const x = call.input();
  const repeats = call.needed(1);
  if (repeats.length !== x.rank) call.fail(`${repeats.length} repeats for ${x}.`);
  call.checked(x.shape.map((n, axis) => n * repeats[axis]));
  // [2, 3] tiled [4, 5] times: [1, 2, 1, 3] stretched to [4, 2, 5, 3], then seen as [8, 15].
  const split = x.shape.flatMap((n) => [1, n]);
  const stretched = x.shape.flatMap((n, axis) => [repeats[axis], n]);
  const y = ops.broadcastTo(ops.reshape(x.tensor, split), stretched);
  return result(x.type, ops.reshape(y, x.shape.map((n, axis) => n * repeats[axis]))); // prettier-ignore
}

/** Channels to blocks of pixels. DCR: channel (p b + q) C + c, this engine's own order; CRD: channel c b b + p b + q. */
function depthToSpace(call: Call): Value {
  const x = call.input();
  const b = call.attributes.int("blocksize") ?? call.fail("its blocksize is missing.");
  const mode = call.attributes.word("mode", ["DCR", "CRD"]);
  if (x.rank !== 4 || b < 1 || x.shape[1] % (b * b) !== 0) call.fail(`${x} is not cut into blocks of ${b}.`);
  const [n, c, h, w] = x.shape;
  const images = x.in([0, 2, 3, 1]);
  const own = (): Tensor => {
    const split = ops.reshape(images, [n, h, w, c / (b * b), b * b]);
    return ops.reshape(ops.transpose(split, [0, 1, 2, 4, 3]), [n, h, w, c]);
  };
  const swaps = mode === "CRD" && c > b * b;
  return result(x.type, ops.depthToSpace(swaps ? own() : images, b), [0, 2, 3, 1]);
}

function spaceToDepth(call: Call): Value {
  const x = call.input();
  const b = call.attributes.int("blocksize") ?? call.fail("its blocksize is missing.");
  if (x.rank !== 4 || b < 1) call.fail(`${x} is not cut into blocks of ${b}.`);
  return result(x.type, ops.spaceToDepth(x.in([0, 2, 3, 1]), b), [0, 2, 3, 1]);
}

function triangle(call: Call): Value {
  const x = call.input();
  const k = call.numbers(1)?.[0] ?? 0;
  if (x.size === 0) return x;
  const of = call.attributes.flag("upper", true) ? ops.triu : ops.tril;
  return result(x.type, of(x.tensor, k));
}

/** Sums of all elements before each: a product with a triangle of ones. */
function cumulated(call: Call): Value {
  const x = call.input();
  const axis = call.axis(call.needed(1)[0]);
  const [exclusive, reverse] = [call.attributes.flag("exclusive"), call.attributes.flag("reverse")];
  const n = x.shape[axis];
  const counts = (i: number, j: number): boolean => {
    const [a, b] = reverse ? [j, i] : [i, j]; // output i sums the inputs j with j <= i
    return exclusive ? b < a : b <= a;
  };
  const matrix = Float32Array.from({ length: n * n }, (_, at) => Number(counts(Math.floor(at / n), at % n)));
  return result(x.type, along(x.tensor, axis, matrix, n));
}

/** Every line of x along an axis, multiplied by a matrix [rows, that axis]. */
export function along(x: Tensor, axis: number, matrix: Float32Array, rows: number): Tensor {
  const n = x.shape[axis];
  const before = x.shape.slice(0, axis).reduce((a, b) => a * b, 1);
  const after = x.shape.slice(axis + 1).reduce((a, b) => a * b, 1);
  const m = ops.reshape(tensorOf(matrix), [rows, n]);
  const shape = x.shape.map((size, a) => (a === axis ? rows : size));
  const y =
    after === 1
      ? ops.matMul(ops.reshape(x, [before, n]), m, { transposeB: true })
      : ops.matMul(m, ops.reshape(x, [before, n, after]));
  return ops.reshape(y, shape);
}

const tensorOf = (data: Float32Array): Tensor => Value.known({ type: "float", shape: [data.length], data }).tensor; // prettier-ignore

/** Cut or padded with zeros in the middle. */
function centred(call: Call): Value {
  const x = call.input();
  const wanted = call.needed(1);
  const axes = call.axes(call.attributes.ints("axes") ?? identity(x.rank));
  const amounts = x.shape.map((n, axis): [number, number] => {
    const i = axes.indexOf(axis);
    const more = i < 0 ? 0 : wanted[i] - n;
    const before = more < 0 ? -Math.floor(-more / 2) : Math.floor(more / 2);
    return [before, more - before];
  });
  call.checked(x.shape.map((n, axis) => n + amounts[axis][0] + amounts[axis][1]));
  return result(x.type, pad(x.tensor, amounts, "constant", 0));
}

export const movingOperators: Operators = {
  Concat: { run: concatenated },
  Split: { run: split, numbers: [1] },
  Slice: { run: sliced, numbers: [1, 2, 3, 4] },
  Pad: { run: padded, numbers: [1, 2, 3] },
  Expand: { run: expanded, numbers: [1] },
  Tile: { run: tiled, numbers: [1] },
  DepthToSpace: { run: depthToSpace },
  SpaceToDepth: { run: spaceToDepth },
  Trilu: { run: triangle, numbers: [1] },
  CumSum: { run: cumulated, numbers: [1] },
  CenterCropPad: { run: centred, numbers: [1] },
};
