// One node at work: its inputs as values, its attributes, and the helpers that the operators share. What each operator makes of
// them is in operators/.

import { UserError } from "../../base/errors.js";
import { show, sizeOf } from "../../base/shape.js";
import { shaped } from "../../ops/reshape.js";
import type { Tensor } from "../../tensor/tensor.js";
import type { Attributes } from "./attributes.js";
import type { ElementType } from "./element-types.js";
import { identity, type Order, Value } from "./value.js";

/** More elements than a machine holds; what a lying file asks for ends here. */
const MOST_ELEMENTS = 2 ** 31;

export class Call {
  constructor(
    /** For messages. */
    readonly label: string,
    readonly inputs: readonly (Value | undefined)[],
    readonly attributes: Attributes,
    /** Of the operator set that the operator belongs to. */
    readonly opset: number,
    /** How many results are wanted. */
    readonly outputs: number,
  ) {}

  fail(what: string): never {
    throw new UserError(`${this.label}: ${what}`);
  }

  has(index: number): boolean {
    return this.inputs[index] !== undefined;
  }

  input(index = 0): Value {
    return this.inputs[index] ?? this.fail(`its input ${index} is missing.`);
  }

  /** Every input that is there. */
  get all(): Value[] {
    return this.inputs.map((_, i) => this.input(i));
  }

  /** The numbers of an input that is known before the graph runs, or undefined where it is left out. */
  numbers(index: number): number[] | undefined {
    const value = this.inputs[index];
    return value && Array.from(value.known ?? this.fail(`its input ${index} must be known before the graph runs.`)); // prettier-ignore
  }

  /** The same of an input that may not be left out. */
  needed(index: number): number[] {
    return this.numbers(index) ?? this.fail(`its input ${index} is missing.`);
  }

  /** A list of whole numbers: an attribute up to some opset, an input from then on. */
  list(attribute: string, index: number): readonly number[] | undefined {
    return this.attributes.ints(attribute) ?? this.numbers(index);
  }

  /** An axis that may count from the end. */
  axis(axis: number, rank = this.input().rank): number {
    if (!Number.isInteger(axis) || axis < -rank || axis >= rank)
      this.fail(`it has no axis ${axis} among ${rank}.`);
    return axis < 0 ? axis + rank : axis;
  }

  /** Several, each once. */
  axes(axes: readonly number[], rank = this.input().rank): number[] {
    const list = axes.map((axis) => this.axis(axis, rank));
    if (new Set(list).size < list.length) this.fail(`its axes ${show(axes)} name one twice.`);
    return list;
  }

  /** Refuses a shape that is none or that nothing could hold. */
  checked(shape: readonly number[]): readonly number[] {
    if (!shape.every((n) => Number.isSafeInteger(n) && n >= 0) || sizeOf(shape) > MOST_ELEMENTS)
      this.fail(`its result would have the shape ${show(shape)}.`);
    return shape;
  }
}

export interface Operator {
  /** The results. May be called on any backend. */
  run(call: Call): Value | readonly Value[];
  /** Inputs whose numbers must be known before the graph runs: shapes, axes, pads. */
  readonly numbers?: readonly number[];
  /** Looks at shapes alone, so that its results are known even where its inputs are not. */
  readonly shapesOnly?: boolean;
}

/** Operators by name, as in ONNX. */
export type Operators = Readonly<Record<string, Operator>>;

export const result = (type: ElementType, t: Tensor, order?: Order): Value => Value.of(type, t, order);

/** The order that an operator on single elements computes in: that of the largest value that is not known beforehand. */
export function commonOrder(values: readonly Value[], rank: number): Order {
  const candidates = values.filter((v) => v.rank === rank && !v.known);
  const largest = candidates.reduce<Value | undefined>((a, b) => (a && a.size >= b.size ? a : b), undefined);
  return largest?.order ?? identity(rank);
}

/** A value as an operand of rank `rank` in this order, leading axes of 1 added as broadcasting does. */
export function aligned(value: Value, order: Order): Tensor {
  const missing = order.length - value.rank;
  if (missing <= 0) return value.in(order);
  if (order.every((axis, i) => axis === i)) return value.tensor;
  const t = value.tensor;
  return Value.of(value.type, shaped(t, [...identity(missing).map(() => 1), ...value.shape])).in(order);
}
