// Functions of several values, element by element with broadcasting: arithmetic, comparisons, choices.

import { broadcastShape } from "../../../tensor/shape.js";
import * as ops from "../../../ops/index.js";
import type { TensorLike } from "../../../ops/index.js";
import type { Tensor } from "../../../tensor/tensor.js";
import { aligned, type Call, commonOrder, type Operator, type Operators, result } from "../call.js";
import { type ElementType, isInteger } from "../element-types.js";
import type { Value } from "../value.js";
import { towardsZero } from "./cast.js";

const { abs, add, div, equal, floor, greater, greaterEqual, less, lessEqual, maximum, minimum, mul, neg } = ops; // prettier-ignore
const { pow, reciprocal, sqrt, square, sub, where } = ops;

/** What stands in place of an operand: its number, where it is one known number; else its tensor. */
const operandOf = (value: Value, order: readonly number[]): TensorLike =>
  value.known && value.size === 1 && order.length > 0 ? value.known[0] : aligned(value, order);

/** All inputs broadcast together; the result has `type`, or that of the first input. */
function combined(
  call: Call,
  formula: (...operands: TensorLike[]) => Tensor,
  type: ElementType = call.input().type,
): Value {
  const values = call.all;
  const shape = values.map((v) => v.shape).reduce((a, b) => broadcastShape(call.label, a, b));
  call.checked(shape);
  const order = commonOrder(values, shape.length);
  const operands = values.map((value) => operandOf(value, order));
  const y = formula(...operands);
  // Where operands became plain numbers, axes of 1 are missing.
  const target = order.map((axis) => shape[axis]);
  return result(type, y.rank === shape.length ? y : ops.reshape(y, target), order);
}

const arithmetic = (formula: (a: TensorLike, b: TensorLike) => Tensor): Operator => ({
  run: (call) => combined(call, formula as (...operands: TensorLike[]) => Tensor),
});

const comparison = (formula: (a: TensorLike, b: TensorLike) => Tensor): Operator => ({
  run: (call) => combined(call, formula as (...operands: TensorLike[]) => Tensor, "bool"),
});

/** Of any number of inputs. */
const folded = (formula: (a: TensorLike, b: TensorLike) => Tensor, divide = false): Operator => ({
  run: (call) =>
    combined(call, (first, ...others) => {
      const total = others.reduce(formula, first);
      return divide ? div(total, others.length + 1) : ops.add(total, 0);
    }),
});

/** a^b for any a: for negative a, b must be whole, and an odd b keeps the sign. */
function anyPower(a: TensorLike, b: TensorLike): Tensor {
  if (typeof b === "number" && typeof a !== "number") {
    if (b === 2) return square(a);
    if (b === 3) return mul(square(a), a);
    if (b === 4) return square(square(a));
    if (b === 1) return mul(a, 1);
    if (b === 0.5) return sqrt(a);
    if (b === -1) return reciprocal(a);
    if (b === -0.5) return reciprocal(sqrt(a));
  }
  const base = typeof a === "number" ? ops.full([], a) : a;
  const exponent = typeof b === "number" ? ops.full([], b) : b;
  const size = pow(abs(base), exponent);
  const isOdd = equal(remainder(exponent, 2), 1);
  const isWhole = equal(floor(exponent), exponent);
  const ofNegative = where(isOdd, neg(size), where(isWhole, size, NaN));
  return where(less(base, 0), ofNegative, size);
}

/** The rest of a division that rounds down: of the divisor's sign. */
const remainder = (a: TensorLike, b: TensorLike): Tensor => sub(a, mul(floor(div(a, b)), b));

/** The rest of a division that rounds towards 0: of the dividend's sign. */
const fmod = (a: TensorLike, b: TensorLike): Tensor => sub(a, mul(towardsZero(div(a, b)), b));

/** Whole numbers are divided with the rest thrown away. */
const quotient = (call: Call): Value =>
  combined(call, (a, b) => (isInteger(call.input().type) ? towardsZero(div(a, b)) : div(a, b)));

const isTrue = (x: TensorLike): TensorLike => (typeof x === "number" ? Number(x !== 0) : sub(1, equal(x, 0)));

const xor = (a: TensorLike, b: TensorLike): Tensor => sub(1, equal(isTrue(a), isTrue(b)));

/** x for x >= 0, else slope x; the slope is aligned at the last axis, as everything is. */
const prelu = (x: TensorLike, slope: TensorLike): Tensor => add(maximum(x, 0), mul(slope, minimum(x, 0)));

export const binaryOperators: Operators = {
  Add: arithmetic(add),
  Sub: arithmetic(sub),
  Mul: arithmetic(mul),
  Div: { run: quotient },
  Pow: arithmetic(anyPower),
  Mod: {
    run: (call) => combined(call, (a, b) => (call.attributes.flag("fmod") ? fmod(a, b) : remainder(a, b))),
  },
  PRelu: arithmetic(prelu),
  Max: folded(maximum),
  Min: folded(minimum),
  Sum: folded(add),
  Mean: folded(add, true),
  Equal: comparison(equal),
  Greater: comparison(greater),
  GreaterOrEqual: comparison(greaterEqual),
  Less: comparison(less),
  LessOrEqual: comparison(lessEqual),
  And: comparison((a, b) => mul(isTrue(a), isTrue(b))),
  Or: comparison((a, b) => maximum(isTrue(a), isTrue(b))),
  Xor: comparison(xor),
  Clip: {
    run: (call) => {
      const { attributes } = call;
      // Up to opset 10 the bounds are attributes.
      const [low, high] = [attributes.has("min") ? attributes.float("min", 0) : undefined, attributes.has("max") ? attributes.float("max", 0) : undefined]; // prettier-ignore
      const x = call.input();
      const bound = (value: Value | undefined, otherwise: number | undefined): TensorLike | undefined =>
        value ? (value.known ? value.known[0] : ops.reshape(value.tensor, [])) : otherwise;
      const [least, most] = [bound(call.inputs[1], low), bound(call.inputs[2], high)];
      const t = x.in(x.order);
      const raised = least === undefined ? t : maximum(t, least);
      return result(x.type, most === undefined ? raised : minimum(raised, most), x.order);
    },
  },
  Where: {
    run: (call) =>
      combined(
        call,
        (condition, a, b) => where(typeof condition === "number" ? ops.full([], condition) : condition, a, b),
        call.input(1).type,
      ),
  },
};
