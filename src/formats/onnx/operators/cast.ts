// Numbers as another type. Known ones become exactly what the type can hold; those on a backend are float32 whatever they are called,
// and are cut off, wrapped round or rounded where the type has fewer digits. Halves stay float32: what is computed is the better for it.

import * as ops from "../../../ops/index.js";
import type { Tensor } from "../../../tensor/tensor.js";
import { result } from "../call.js";
import { castNumber, type ElementType, isInteger, isSmall, rangeOf } from "../element-types.js";
import { smallFloats, type SmallFloat, type SmallFloatType } from "../small-floats.js";
import type { HostArray } from "../tensors.js";
import { Value } from "../value.js";

const { abs, div, equal, exp, floor, log, maximum, minimum, mul, round, sign, sub, where } = ops;

/** @param saturate numbers too large for a type of eight bits or less become its largest, not infinity or NaN */
export function cast(x: Value, type: ElementType, saturate = true): Value {
  if (x.known)
    return Value.known({ type, shape: x.shape, data: x.known.map((n) => castNumber(n, type, saturate)) as HostArray["data"] }); // prettier-ignore
  const t = x.in(x.order);
  if (type === "bool" && x.type !== "bool") return result(type, sub(1, equal(t, 0)), x.order);
  if (isInteger(type) && x.type !== "bool") return result(type, wrapped(towardsZero(t), type), x.order);
  if (isSmall(type) && x.type !== type) return result(type, rounded(t, type, saturate), x.order);
  return x.as(type);
}

export const towardsZero = (x: Tensor): Tensor => mul(sign(x), floor(abs(x)));

/** Whole numbers modulo the size of a type of up to 16 bits; of wider types a float32 does not hold every number. */
function wrapped(x: Tensor, type: ElementType): Tensor {
  const [least, most] = rangeOf(type);
  const span = most - least + 1;
  return span > 65536 ? x : sub(x, mul(floor(div(sub(x, least), span)), span));
}

/** To the nearest multiple of the step that the exponent gives, 2^(exponent - mantissa bits), not below the smallest step there is. */
function rounded(x: Tensor, type: SmallFloatType, saturate: boolean): Tensor {
  const { bias, mantissaBits, signed, ...format }: SmallFloat = smallFloats[type];
  const most = castNumber(1e30, type);
  const given = minimum(abs(x), most * 4);
  const exponent = maximum(floor(mul(log(given), Math.LOG2E)), signed ? 1 - bias : -bias);
  const step = exp(mul(sub(exponent, mantissaBits), Math.LN2));
  const size = mul(signed ? round(div(given, step)) : ops.ceil(sub(div(given, step), 1e-6)), step);
  const beyond = format.infinity !== undefined ? Infinity : NaN;
  const bounded = saturate ? minimum(size, most) : where(ops.greater(size, most * 1.0001), beyond, size);
  const y = mul(sign(x), bounded);
  return format.nan.length > 0 ? y : where(equal(x, x), y, 0);
}
