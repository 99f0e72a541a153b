// Parts of a tensor: every so-manieth element, equal pieces, triangles, and padding other than with zeros.
//
//   stridedSlice: y_i = x_{begin + i stride}     dx = dy put back there, zeros between: a strided copy either way
// The others are made of operations that have their gradients.

import { checkCount, oneOf } from "../base/arguments.js";
import { UserError } from "../base/errors.js";
import { normalizeAxes, type Shape, show, stridesOf } from "../tensor/shape.js";
import { differentiable } from "../tensor/tape.js";
import { run, runInto, tensor, type Tensor } from "../tensor/tensor.js";
import { expectTensor } from "./expect.js";
import { concatenate, flip, pad as padWithZeros, slice } from "./move.js";
import { broadcastTo } from "./reduce.js";
import { full } from "./scalar.js";
import { where } from "./select.js";

/**
 * From `begin` on (negative: from the end) every stride-th element up to but without `end`, axis by axis; a negative stride goes
 * backwards. Ends may be left out: null is as far as it goes.
 */
export function stridedSlice(
  x: Tensor,
  begin: readonly (number | null)[],
  end: readonly (number | null)[],
  strides: readonly number[] = begin.map(() => 1),
): Tensor {
  expectTensor("stridedSlice", x);
  if (
    [begin, end, strides].some((list) => list.length !== x.rank) ||
    !strides.every((s) => Number.isInteger(s) && s !== 0)
  )
    // prettier-ignore
    throw new UserError(
      `stridedSlice: begin, end and strides must have ${x.rank} entries each for ${show(x.shape)}, the strides whole numbers but 0.`,
    );
  const starts = x.shape.map((n, a) => limit(begin[a], n, strides[a] > 0 ? 0 : n - 1, strides[a]));
  const ends = x.shape.map((n, a) => limit(end[a], n, strides[a] > 0 ? n : -1, strides[a]));
  const shape = x.shape.map((_, a) => Math.max(0, Math.ceil((ends[a] - starts[a]) / strides[a])));
  return take(x, starts, strides, shape);
}

/** An index that may count from the end, kept inside the axis. */
function limit(index: number | null | undefined, n: number, open: number, stride: number): number {
  if (index === null || index === undefined) return open;
  const at = index < 0 ? index + n : index;
  return stride > 0 ? Math.min(Math.max(at, 0), n) : Math.min(Math.max(at, -1), n - 1);
}

const placed = (shape: Shape, starts: readonly number[], strides: readonly number[]) => {
  const own = stridesOf(shape);
  return {
    strides: own.map((s, a) => s * strides[a]),
    offset: own.reduce((at, s, a) => at + s * starts[a], 0),
  };
};

function take(x: Tensor, starts: readonly number[], strides: readonly number[], shape: Shape): Tensor {
  if (shape.includes(0)) return full(shape, 0);
  const from = placed(x.shape, starts, strides);
  const y = run("copy", [x], shape, {
    ...{ shape, inputStrides: from.strides, inputOffset: from.offset },
    ...{ outputStrides: stridesOf(shape), outputOffset: 0 },
  });
  return differentiable("stridedSlice", [x], y, (dy) => [() => put(dy, starts, strides, x.shape)]);
}

/** take's adjoint: x's elements where take would read them, zeros elsewhere. */
function put(x: Tensor, starts: readonly number[], strides: readonly number[], shape: Shape): Tensor {
  const to = placed(shape, starts, strides);
  const y = full(shape, 0);
  runInto("copy", [x], [y], {
    ...{ shape: x.shape, inputStrides: stridesOf(x.shape), inputOffset: 0 },
    ...{ outputStrides: to.strides, outputOffset: to.offset },
  });
  return differentiable("stridedSliceGrad", [x], y, (dy) => [() => take(dy, starts, strides, x.shape)]);
}

/** x cut along an axis (default the last) into so many equal parts, or into parts of these sizes. */
export function split(x: Tensor, parts: number | readonly number[], axis = -1): Tensor[] {
  expectTensor("split", x);
  const [along] = normalizeAxes("split", axis, x.rank);
  if (typeof parts === "number") checkCount("split", "the number of parts", parts);
  const n = x.shape[along];
  const sizes = typeof parts === "number" ? Array.from({ length: parts }, () => n / parts) : parts;
  if (!sizes.every(Number.isInteger) || sizes.reduce((a, b) => a + b, 0) !== n)
    throw new UserError(`split: axis ${along} of ${show(x.shape)} is not cut into ${typeof parts === "number" ? `${parts} equal parts` : show(parts)}.`); // prettier-ignore
  let at = 0;
  return sizes.map((size) => {
    const begin = x.shape.map((_, a) => (a === along ? at : 0));
    at += size;
    return slice(x, begin, x.shape.map((length, a) => (a === along ? size : length))); // prettier-ignore
  });
}

/** The lower triangle of the last two axes, zeros above; `diagonal` moves it up (default 0). */
export const tril = (x: Tensor, diagonal = 0): Tensor => triangle("tril", x, (i, j) => j - i <= diagonal);
/** The upper triangle of the last two axes, zeros below; `diagonal` moves it up (default 0). */
export const triu = (x: Tensor, diagonal = 0): Tensor => triangle("triu", x, (i, j) => j - i >= diagonal);

function triangle(operation: string, x: Tensor, isKept: (i: number, j: number) => boolean): Tensor {
  expectTensor(operation, x);
  if (x.rank < 2) throw new UserError(`${operation}: expected at least two axes, got ${show(x.shape)}.`);
  const [rows, columns] = x.shape.slice(-2);
  const mask = Float32Array.from({ length: rows * columns }, (_, at) =>
    Number(isKept(Math.floor(at / columns), at % columns)),
  );
  return where(tensor(mask, [rows, columns]), x, 0);
}

const modes = ["constant", "reflect", "symmetric", "edge", "wrap"] as const;
/** NumPy's: "reflect" mirrors without the border, "symmetric" with it, "edge" repeats it, "wrap" goes on at the other side. */
export type PadMode = (typeof modes)[number];

/**
 * x with more around it: for each axis [how many before, how many after].
 * @param mode what with (default "constant")
 * @param value for "constant" (default 0)
 */
export function pad(
  x: Tensor,
  amounts: readonly (readonly [before: number, after: number])[],
  mode: PadMode = "constant",
  value = 0,
): Tensor {
  oneOf("pad", "mode", mode, modes);
  const zeros = padWithZeros(x, amounts);
  if (mode === "constant" && value === 0) return zeros;
  if (mode === "constant") {
    const isInside = padWithZeros(full(x.shape, 1), amounts);
    return where(isInside, zeros, value);
  }
  return amounts.reduce<Tensor>((y, amount, axis) => extend(y, axis, amount, mode), x);
}

/** One axis made longer on both sides. */
function extend(x: Tensor, axis: number, [before, after]: readonly [number, number], mode: PadMode): Tensor {
  const n = x.shape[axis];
  const most = mode === "edge" ? Infinity : mode === "reflect" ? n - 1 : n;
  if (Math.max(before, after) > most || (n === 0 && before + after > 0))
    throw new UserError(
      `pad: axis ${axis} of ${show(x.shape)} can be padded by ${Math.max(0, Math.min(most, n))} at most with mode "${mode}".`,
    );
  const part = (from: number, size: number) =>
    slice(x, x.shape.map((_, a) => (a === axis ? from : 0)), x.shape.map((m, a) => (a === axis ? size : m))); // prettier-ignore
  const side = (count: number, isBefore: boolean): Tensor => {
    if (mode === "edge")
      return broadcastTo(part(isBefore ? 0 : n - 1, 1), x.shape.map((m, a) => (a === axis ? count : m))); // prettier-ignore
    if (mode === "wrap") return part(isBefore ? n - count : 0, count);
    const skipped = mode === "reflect" ? 1 : 0;
    return flip(part(isBefore ? skipped : n - skipped - count, count), axis);
  };
  return concatenate(
    [before > 0 ? [side(before, true)] : [], x, after > 0 ? [side(after, false)] : []].flat(),
    axis,
  );
}
