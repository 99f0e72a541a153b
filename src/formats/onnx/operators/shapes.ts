// What is known from shapes alone, constants, and operators that only rename axes or types.

import { sizeOf } from "../../../base/shape.js";
import { full, reshape } from "../../../ops/index.js";
import { cast } from "./cast.js";
import type { Call, Operators } from "../call.js";
import { result } from "../call.js";
import { type ElementType, elementType } from "../element-types.js";
import { Value } from "../value.js";

const known = (type: ElementType, shape: readonly number[], numbers: readonly number[]): Value =>
  Value.known({ type, shape, data: Float64Array.from(numbers) });

function constant({ attributes, fail, label }: Call): Value {
  const tensor = attributes.tensor("value");
  if (tensor) return Value.known(tensor);
  if (attributes.has("value_float")) return known("float", [], [attributes.float("value_float", 0)]);
  if (attributes.has("value_int")) return known("int64", [], [attributes.int("value_int", 0)]);
  const [floats, ints] = [attributes.floats("value_floats"), attributes.ints("value_ints")];
  if (floats) return known("float", [floats.length], floats);
  if (ints) return known("int64", [ints.length], ints);
  return fail.call({ label } as Call, `it holds ${attributes.names().join(", ") || "nothing"}, which is not read.`); // prettier-ignore
}

/** 0 keeps the input's size (unless allowzero), -1 is worked out. */
function reshaped(call: Call): Value {
  const x = call.input();
  const asked = call.list("shape", 1) ?? call.fail("its shape is missing.");
  const keepsZero = call.attributes.flag("allowzero");
  const shape = asked.map((n, axis) => (n === 0 && !keepsZero ? (x.shape[axis] ?? 0) : n));
  const others = sizeOf(shape.filter((n) => n !== -1));
  const filled = shape.map((n) => (n === -1 ? x.size / others : n));
  if (sizeOf(call.checked(filled)) !== x.size)
    call.fail(`${x.size} elements do not fill [${asked.join(", ")}].`);
  return underShape(x, filled);
}

/** The same numbers, row-major, under another shape. */
export const underShape = (x: Value, shape: readonly number[]): Value =>
  x.known ? Value.known({ type: x.type, shape, data: x.known }) : result(x.type, reshape(x.tensor, shape));

function squeezed(call: Call): Value {
  const x = call.input();
  const axes = call.list("axes", 1);
  const chosen = axes ? call.axes(axes) : x.shape.flatMap((n, axis) => (n === 1 ? [axis] : []));
  if (chosen.some((axis) => x.shape[axis] !== 1)) call.fail(`an axis of ${x} that it takes away is not 1.`);
  return x.squeezed(chosen);
}

function unsqueezed(call: Call): Value {
  const axes = call.list("axes", 1) ?? call.fail("its axes are missing.");
  const rank = call.input().rank + axes.length;
  return call.input().unsqueezed(call.axes(axes, rank).sort((a, b) => a - b));
}

function flattened(call: Call): Value {
  const x = call.input();
  const axis = call.attributes.int("axis", 1);
  const at = axis < 0 ? axis + x.rank : axis;
  if (at < 0 || at > x.rank) call.fail(`it has no axis ${axis} among ${x.rank}.`);
  return underShape(x, [sizeOf(x.shape.slice(0, at)), sizeOf(x.shape.slice(at))]);
}

/** The part [start, end) of the shape. */
function shapeOf(call: Call): Value {
  const { shape, rank } = call.input();
  const clamp = (n: number) => Math.min(Math.max(n < 0 ? n + rank : n, 0), rank);
  const [start, end] = [clamp(call.attributes.int("start", 0)), clamp(call.attributes.int("end", rank))];
  const part = shape.slice(start, end);
  return known("int64", [part.length], part);
}

function range(call: Call): Value {
  const [start, limit, delta] = [0, 1, 2].map((i) => call.needed(i)[0]);
  const count = Math.max(0, Math.ceil((limit - start) / delta));
  call.checked([count]);
  return known(call.input().type, [count], Array.from({ length: count }, (_, i) => start + i * delta)); // prettier-ignore
}

function constantOfShape(call: Call): Value {
  const shape = call.checked(call.needed(0));
  const fill = call.attributes.tensor("value");
  return result(fill?.type ?? "float", full(shape, fill?.data[0] ?? 0));
}

/** Ones on a diagonal. */
function eyeLike(call: Call): Value {
  const x = call.input();
  const [rows, columns] = x.rank === 2 ? x.shape : call.fail(`it takes a matrix, not ${x}.`);
  const k = call.attributes.int("k", 0);
  const dtype = call.attributes.int("dtype");
  const data = Array.from({ length: rows * columns }, (_, at) =>
    Number((at % columns) - Math.floor(at / columns) === k),
  );
  return known(dtype === undefined ? x.type : elementType(dtype, call.label), x.shape, data);
}

/** In training it drops, which a graph that runs does not; the mask is of ones. */
function dropout(call: Call): readonly Value[] {
  const x = call.input();
  const [ratio, training] = [call.numbers(1)?.[0] ?? 0.5, call.numbers(2)?.[0] ?? 0];
  if (training !== 0 && ratio !== 0) call.fail("it drops at random, as in training; export the network for inference."); // prettier-ignore
  const mask = call.outputs > 1 ? [result("bool", full(x.shape, 1))] : [];
  return [x, ...mask];
}

export const shapeOperators: Operators = {
  Constant: { run: constant },
  ConstantOfShape: { run: constantOfShape, numbers: [0] },
  EyeLike: { run: eyeLike, shapesOnly: true },
  Range: { run: range, numbers: [0, 1, 2] },
  Shape: { run: shapeOf, shapesOnly: true },
  Size: { run: (call) => known("int64", [], [call.input().size]), shapesOnly: true },
  Reshape: { run: reshaped, numbers: [1] },
  Flatten: { run: flattened },
  Squeeze: { run: squeezed, numbers: [1] },
  Unsqueeze: { run: unsqueezed, numbers: [1] },
  Transpose: {
    run: (call) => {
      const x = call.input();
      const perm = call.attributes.ints("perm") ?? x.shape.map((_, i) => x.rank - 1 - i);
      if (call.axes(perm).length !== x.rank)
        call.fail(`[${perm.join(", ")}] is no order of the axes of ${x}.`);
      return x.transposed(call.axes(perm));
    },
  },
  Cast: {
    run: (call) =>
      cast(
        call.input(),
        elementType(call.attributes.int("to"), call.label),
        call.attributes.flag("saturate", true),
      ),
  },
  CastLike: { run: (call) => cast(call.input(), call.input(1).type, call.attributes.flag("saturate", true)) },
  Dropout: { run: dropout, numbers: [1, 2] },
};
