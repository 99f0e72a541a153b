// Batch, instance, group, layer and root-mean-square normalisation: (x - mean) / sqrt(variance + epsilon), scaled and shifted.

import * as ops from "../../../ops/index.js";
import type { Tensor } from "../../../tensor/tensor.js";
import { aligned, type Call, type Operators, result } from "../call.js";
import { channelsLast, identity, type Order, type Value } from "../value.js";

const { add, mean, mul, rsqrt, square, sub } = ops;

/** One number a channel, as an operand beside values of this rank in this order. */
function perChannel(call: Call, index: number, x: Value): Tensor {
  const v = call.input(index);
  if (v.rank !== 1 || v.shape[0] !== x.shape[1]) call.fail(`its input ${index} is ${v} for ${x}.`);
  return aligned(v.unsqueezed(identity(x.rank - 2).map((i) => i + 1)), x.order);
}

interface Moments {
  readonly centred: Tensor;
  readonly mean: Tensor;
  readonly variance: Tensor;
}

/** Over tensor axes, which are kept as 1; the variance is divided by n. */
function momentsOf(x: Tensor, axis: readonly number[]): Moments {
  const average = mean(x, { axis, keepDims: true });
  const centred = sub(x, average);
  return { centred, mean: average, variance: mean(square(centred), { axis, keepDims: true }) };
}

function batchNormalization(call: Call): readonly Value[] {
  const x = call.input();
  if (x.rank < 2) call.fail(`it normalises channels, which ${x} has not.`);
  const epsilon = call.attributes.float("epsilon", 1e-5);
  const [scale, bias, runningMean, runningVariance] = [1, 2, 3, 4].map((i) => perChannel(call, i, x));
  const t = x.in(x.order);
  if (!call.attributes.flag("training_mode")) {
    const factor = mul(scale, rsqrt(add(runningVariance, epsilon)));
    return [result(x.type, add(mul(t, factor), sub(bias, mul(runningMean, factor))), x.order)];
  }
  const axes = x.order.flatMap((axis, at) => (axis === 1 ? [] : [at]));
  const { centred, mean: average, variance } = momentsOf(t, axes);
  const y = add(mul(centred, mul(scale, rsqrt(add(variance, epsilon)))), bias);
  const momentum = call.attributes.float("momentum", 0.9);
  const moved = (old: Tensor, now: Tensor) =>
    result(x.type, ops.reshape(add(mul(old, momentum), mul(now, 1 - momentum)), [x.shape[1]]));
  return [result(x.type, y, x.order), moved(runningMean, average), moved(runningVariance, variance)];
}

function instanceNormalization(call: Call): Value {
  const x = call.input();
  const epsilon = call.attributes.float("epsilon", 1e-5);
  const axes = x.order.flatMap((axis, at) => (axis < 2 ? [] : [at]));
  const { centred, variance } = momentsOf(x.in(x.order), axes);
  const factor = mul(rsqrt(add(variance, epsilon)), perChannel(call, 1, x));
  return result(x.type, add(mul(centred, factor), perChannel(call, 2, x)), x.order);
}

/** Channels in groups that are normalised together; up to opset 20 scale and bias were one a group. */
function groupNormalization(call: Call): Value {
  const x = call.input();
  const { attributes } = call;
  const groups = attributes.int("num_groups") ?? call.fail("its num_groups is missing.");
  const channels = x.shape[1] ?? 0;
  if (groups < 1 || channels % groups !== 0) call.fail(`${channels} channels make no ${groups} groups.`);
  const order = channelsLast(x.rank);
  const t = x.in(order);
  const [n, c] = [x.shape[0], channels / groups];
  const split = ops.reshape(t, [n, x.size / (n * channels), groups, c]);
  const { centred, variance } = momentsOf(split, [1, 3]);
  const normalized = ops.reshape(mul(centred, rsqrt(add(variance, attributes.float("epsilon", 1e-5)))), t.shape); // prettier-ignore
  const each = (index: number): Tensor => {
    const v = call.input(index);
    if (v.size === channels) return v.tensor;
    if (v.size !== groups)
      call.fail(`its input ${index} is ${v} for ${channels} channels in ${groups} groups.`);
    return ops.reshape(ops.broadcastTo(ops.reshape(v.tensor, [groups, 1]), [groups, c]), [channels]);
  };
  return result(x.type, add(mul(normalized, each(1)), each(2)), order);
}

/** The axes from `axis` on, normalised together. */
function trailingAxes(call: Call, x: Value): number[] {
  const axis = call.axis(call.attributes.int("axis", -1));
  return identity(x.rank).slice(axis);
}

/** Scale and bias are aligned at the last axis, so an order is good that keeps the normalised axes last and as they are. */
function layerNormalization(call: Call): readonly Value[] {
  const x = call.input();
  const axes = trailingAxes(call, x);
  const order = orderWithLast(x, axes);
  const at = axes.map((axis) => order.indexOf(axis));
  const { centred, mean: average, variance } = momentsOf(x.in(order), at);
  const inverse = rsqrt(add(variance, call.attributes.float("epsilon", 1e-5)));
  const scaled = mul(mul(centred, inverse), aligned(call.input(1), order));
  const y = call.has(2) ? add(scaled, aligned(call.input(2), order)) : scaled;
  return [result(x.type, y, order), result("float", average, order), result("float", inverse, order)];
}

function rmsNormalization(call: Call): Value {
  const x = call.input();
  const axes = trailingAxes(call, x);
  const order = orderWithLast(x, axes);
  const t = x.in(order);
  const axis = axes.map((a) => order.indexOf(a));
  const size = mean(square(t), { axis, keepDims: true });
  const normalized = mul(t, rsqrt(add(size, call.attributes.float("epsilon", 1e-5))));
  return result(x.type, mul(normalized, aligned(call.input(1), order)), order);
}

/** The order in which x lies, if these axes are its last; else ONNX's. */
const orderWithLast = (x: Value, axes: readonly number[]): Order =>
  axes.every((axis, i) => x.order[x.rank - axes.length + i] === axis) ? x.order : identity(x.rank);

export const normalizationOperators: Operators = {
  BatchNormalization: { run: batchNormalization },
  InstanceNormalization: { run: instanceNormalization },
  GroupNormalization: { run: groupNormalization },
  LayerNormalization: { run: layerNormalization },
  RMSNormalization: { run: rmsNormalization },
};
