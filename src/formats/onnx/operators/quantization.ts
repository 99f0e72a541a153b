// Numbers on a grid, x = scale (q - zero point), computed in floating point: the same results, without the small integers' speed.

import * as ops from "../../../ops/index.js";
import type { Tensor } from "../../../tensor/tensor.js";
import { aligned, type Call, type Operators, result } from "../call.js";
import { type ElementType, elementType, isInteger, rangeOf } from "../element-types.js";
import { identity, type Value } from "../value.js";
import { cast } from "./cast.js";
import { underShape } from "./shapes.js";

/** A scale or zero point beside x: one number, one for each place of an axis, or one a block along it. */
function beside(call: Call, v: Value, x: Value): Tensor {
  if (v.size === 1) return aligned(underShape(v, []), x.order);
  const axis = call.axis(call.attributes.int("axis", 1));
  const block = call.attributes.int("block_size", 0);
  if (v.rank === 1) {
    if (v.shape[0] !== x.shape[axis]) call.fail(`a scale ${v} for ${x} along axis ${axis}.`);
    const shape = x.shape.map((n, a) => (a === axis ? n : 1));
    return underShape(v, shape).in(x.order);
  }
  if (v.rank !== x.rank || block < 1) call.fail(`a scale ${v} for ${x}.`);
  // Repeated `block` times along the axis, and cut where the last block is not whole.
  const before = v.shape.slice(0, axis);
  const after = v.shape.slice(axis + 1);
  const longer = ops.reshape(v.tensor, [...before, v.shape[axis], 1, ...after]);
  const repeated = ops.broadcastTo(longer, [...before, v.shape[axis], block, ...after]);
  const whole = ops.reshape(repeated, [...before, v.shape[axis] * block, ...after]);
  const cut = ops.slice(whole, identity(x.rank).map(() => 0), x.shape); // prettier-ignore
  return result(v.type, cut).in(x.order);
}

function quantize(call: Call): Value {
  const x = call.input();
  const dtype = call.attributes.int("output_dtype", 0);
  const type: ElementType = call.has(2)
    ? call.input(2).type
    : dtype
      ? elementType(dtype, call.label)
      : "uint8";
  if (!isInteger(type)) {
    const scaled = ops.div(x.in(x.order), beside(call, call.input(1), x));
    const moved = call.has(2) ? ops.add(scaled, beside(call, call.input(2), x)) : scaled;
    return cast(result(x.type, moved, x.order), type, call.attributes.flag("saturate", true));
  }
  const steps = ops.round(ops.div(x.in(x.order), beside(call, call.input(1), x)));
  const moved = call.has(2) ? ops.add(steps, beside(call, call.input(2), x)) : steps;
  return result(type, ops.clip(moved, ...rangeOf(type)), x.order);
}

function dequantize(call: Call): Value {
  const x = call.input();
  const scale = call.input(1);
  const q = x.in(x.order);
  const centred = call.has(2) ? ops.sub(q, beside(call, call.input(2), x)) : q;
  return result(scale.type, ops.mul(centred, beside(call, scale, x)), x.order);
}

/** The range of the numbers on 256 steps of which one is 0. */
function dynamicQuantize(call: Call): readonly Value[] {
  const x = call.input();
  const [low, high] = [ops.minimum(ops.min(x.tensor), 0), ops.maximum(ops.max(x.tensor), 0)];
  const scale = ops.div(ops.sub(high, low), 255);
  const zero = ops.clip(ops.round(ops.neg(ops.div(low, scale))), 0, 255);
  const y = ops.clip(ops.add(ops.round(ops.div(x.tensor, scale)), zero), 0, 255);
  return [result("uint8", y), result("float", scale), result("uint8", zero)];
}

export const quantizationOperators: Operators = {
  QuantizeLinear: { run: quantize },
  DequantizeLinear: { run: dequantize },
  DynamicQuantizeLinear: { run: dynamicQuantize },
};
