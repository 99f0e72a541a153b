// Operations that move numbers without changing them: transpose, slice, pad, concatenate, flip. All are one strided copy;
// the gradient of each is the move that undoes it.

import { checkCount, describe, isList } from "../base/arguments.js";
import { UserError } from "../base/errors.js";
import { checkShape, normalizeAxes, type Shape, show, stridesOf } from "../tensor/shape.js";
import { differentiable } from "../tensor/tape.js";
import { empty, run, runInto, type Tensor } from "../tensor/tensor.js";
import { expectTensor } from "./expect.js";
import { full } from "./scalar.js";

const offsetOf = (index: readonly number[], strides: readonly number[]): number =>
  index.reduce((offset, n, axis) => offset + n * strides[axis], 0);

/** Reorders the axes: y's axis i is x's axis `order[i]`. By default the last two are exchanged. */
export function transpose(x: Tensor, order?: readonly number[]): Tensor {
  expectTensor("transpose", x);
  const lastTwo = [...Array(x.rank).keys()].map((i) => (i < x.rank - 2 ? i : 2 * x.rank - 3 - i));
  const axes = [order ?? lastTwo].flat().map((axis) => (axis < 0 ? axis + x.rank : axis));
  if (axes.length !== x.rank || x.rank < 2 || normalizeAxes("transpose", axes, x.rank).length !== x.rank)
    throw new UserError(`transpose: ${describe(order)} is not an order of the axes of ${show(x.shape)}.`);
  const own = stridesOf(x.shape);
  const shape = axes.map((axis) => x.shape[axis]);
  const y = run("copy", [x], shape, {
    shape,
    inputStrides: axes.map((axis) => own[axis]),
    inputOffset: 0,
    outputStrides: stridesOf(shape),
    outputOffset: 0,
  });
  const inverse = axes.map((_, axis) => axes.indexOf(axis));
  return differentiable("transpose", [x], y, (dy) => [() => transpose(dy, inverse)]);
}

/** The block of x that starts at `begin` and has the shape `size`. */
export function slice(x: Tensor, begin: readonly number[], size: Shape): Tensor {
  expectTensor("slice", x);
  for (const n of [begin].flat()) checkCount("slice", "every number of begin", n, 0);
  checkShape("slice", size);
  if (begin.length !== x.rank || size.length !== x.rank || begin.some((b, i) => b + size[i] > x.shape[i]))
    throw new UserError(
      `slice: begin ${show(begin)} and size ${show(size)} do not lie inside ${show(x.shape)}.`,
    );
  const own = stridesOf(x.shape);
  const y = run("copy", [x], size, {
    shape: size,
    inputStrides: own,
    inputOffset: offsetOf(begin, own),
    outputStrides: stridesOf(size),
    outputOffset: 0,
  });
  const after = x.shape.map((n, axis) => [begin[axis], n - begin[axis] - size[axis]] as const);
  return differentiable("slice", [x], y, (dy) => [() => pad(dy, after)]);
}

/** x with zeros around it: for each axis [how many before, how many after]. */
export function pad(x: Tensor, amounts: readonly (readonly [before: number, after: number])[]): Tensor {
  expectTensor("pad", x);
  if (!isList(amounts) || amounts.length !== x.rank || amounts.some((pair) => pair?.length !== 2))
    throw new UserError(
      `pad: expected ${x.rank} pairs [before, after] for a tensor of shape ${show(x.shape)}, not ${describe(amounts)}.`,
    );
  for (const amount of amounts.flat()) checkCount("pad", "every amount", amount, 0);
  const shape = x.shape.map((n, axis) => n + amounts[axis][0] + amounts[axis][1]);
  const begin = amounts.map(([before]) => before);
  const outputStrides = stridesOf(shape);
  const y = full(shape, 0);
  runInto("copy", [x], [y], {
    shape: x.shape,
    inputStrides: stridesOf(x.shape),
    inputOffset: 0,
    outputStrides,
    outputOffset: offsetOf(begin, outputStrides),
  });
  return differentiable("pad", [x], y, (dy) => [() => slice(dy, begin, x.shape)]);
}

/** The tensors side by side along an axis (the last by default); their other axes must agree. */
export function concatenate(xs: readonly Tensor[], axis = -1): Tensor {
  if (!isList(xs) || xs.length === 0)
    throw new UserError("concatenate: expected an array of at least one tensor.");
  for (const x of xs) expectTensor("concatenate", x);
  const [along] = normalizeAxes("concatenate", axis, xs[0].rank);
  for (const x of xs)
    if (x.rank !== xs[0].rank || x.shape.some((n, i) => i !== along && n !== xs[0].shape[i]))
      throw new UserError(
        `concatenate: ${xs.map((t) => show(t.shape)).join(" and ")} may differ along axis ${along} only.`,
      );
  const shape = xs[0].shape.map((n, i) => (i === along ? xs.reduce((total, x) => total + x.shape[i], 0) : n));
  const begins = xs.map((_, i) =>
    shape.map((_n, a) => (a === along ? xs.slice(0, i).reduce((total, x) => total + x.shape[a], 0) : 0)),
  );
  const outputStrides = stridesOf(shape);
  const y = empty(shape);
  xs.forEach((x, i) => {
    const outputOffset = offsetOf(begins[i], outputStrides);
    runInto("copy", [x], [y], {
      shape: x.shape,
      inputStrides: stridesOf(x.shape),
      inputOffset: 0,
      outputStrides,
      outputOffset,
    });
  });
  return differentiable("concatenate", xs, y, (dy) => xs.map((x, i) => () => slice(dy, begins[i], x.shape)));
}

/** x with the given axes reversed. */
export function flip(x: Tensor, axes: number | readonly number[]): Tensor {
  expectTensor("flip", x);
  const reversed = normalizeAxes("flip", axes, x.rank);
  const own = stridesOf(x.shape);
  const y = run("copy", [x], x.shape, {
    shape: x.shape,
    inputStrides: own.map((stride, axis) => (reversed.includes(axis) ? -stride : stride)),
    inputOffset:
      x.size === 0 ? 0 : reversed.reduce((offset, axis) => offset + (x.shape[axis] - 1) * own[axis], 0),
    outputStrides: own,
    outputOffset: 0,
  });
  return differentiable("flip", [x], y, (dy) => [() => flip(dy, reversed)]);
}
