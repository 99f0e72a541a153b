// Resize and Upsample: an axis after the other, each a product with a small matrix (resize-weights.ts); enlarging by whole factors
// and the usual bilinear resizing have kernels of their own.

import * as ops from "../../../ops/index.js";
import { tensor, type Tensor } from "../../../tensor/tensor.js";
import { type Call, type Operators, result } from "../call.js";
import { channelsLast, identity, type Value } from "../value.js";
import { along } from "./moving.js";
import { type AxisResize, type Coordinates, isOutside, nearestOf, resizeMatrix } from "./resize-weights.js";

const coordinates = [
  "half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners", "asymmetric", "tf_half_pixel_for_nn",
  "tf_crop_and_resize",
] as const satisfies readonly Coordinates[]; // prettier-ignore

type Sizes = { readonly scale: number; readonly outputs: number }[];

/** Scale and size of every axis, from whichever of the two is given. */
function sizesOf(
  call: Call,
  scales: readonly number[] | undefined,
  sizes: readonly number[] | undefined,
): Sizes {
  const x = call.input();
  const axes = call.axes(call.attributes.ints("axes") ?? identity(x.rank));
  const given = (sizes?.length ?? 0) > 0 ? sizes! : (scales ?? []);
  if (given.length !== axes.length) call.fail(`${given.length} scales or sizes for ${axes.length} axes.`);
  const policy = call.attributes.word("keep_aspect_ratio_policy", ["stretch", "not_larger", "not_smaller"]);
  const ratios = sizes?.length ? sizes.map((n, i) => n / x.shape[axes[i]]) : [];
  const common = policy === "not_larger" ? Math.min(...ratios) : Math.max(...ratios);
  return x.shape.map((n, axis) => {
    const i = axes.indexOf(axis);
    if (i < 0) return { scale: 1, outputs: n };
    if (!sizes?.length) {
      const scale = scales![i];
      if (!(scale > 0 && scale < 1e6)) call.fail(`the scale ${scale} is none.`);
      return { scale, outputs: Math.floor(n * scale) };
    }
    if (policy === "stretch") return { scale: sizes[i] / n, outputs: sizes[i] };
    return { scale: common, outputs: Math.floor(common * n + 0.5) };
  });
}

function resize(call: Call): Value {
  const x = call.input();
  const { attributes } = call;
  const old = call.opset < 11; // scales came second, and coordinates were asymmetric, rounded down
  const sizes = sizesOf(call, old ? call.numbers(1) : call.numbers(2), old ? undefined : call.numbers(3));
  const roi = old ? [] : (call.numbers(1) ?? []);
  const roiAxes = call.axes(attributes.ints("axes") ?? identity(x.rank));
  const common = {
    mode: attributes.word("mode", ["nearest", "linear", "cubic"]),
    coordinates: old ? "asymmetric" : attributes.word("coordinate_transformation_mode", coordinates),
    rounding: old
      ? "floor"
      : attributes.word("nearest_mode", ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"]),
    cubicCoefficient: attributes.float("cubic_coeff_a", -0.75),
    excludeOutside: attributes.flag("exclude_outside"),
    antialias: attributes.flag("antialias"),
  } as const;
  const axes = sizes.map((size, axis): AxisResize => {
    const i = roiAxes.indexOf(axis);
    const isCropped = common.coordinates === "tf_crop_and_resize" && i >= 0 && roi.length > 0;
    return {
      ...common,
      inputs: x.shape[axis],
      ...size,
      roi: isCropped ? [roi[i], roi[roiAxes.length + i]] : [0, 1],
    };
  });
  call.checked(axes.map(({ outputs }) => outputs));
  if (axes.some(({ inputs, outputs }) => inputs === 0 || outputs === 0))
    return result(x.type, ops.full(axes.map(({ outputs }) => outputs), 0)); // prettier-ignore
  return byKernel(x, axes) ?? byMatrices(x, axes, attributes.float("extrapolation_value", 0));
}

function byMatrices(x: Value, axes: readonly AxisResize[], extrapolation: number): Value {
  const { order } = x;
  let y: Tensor = x.in(order);
  for (const [at, axis] of order.entries()) {
    const resize = axes[axis];
    if (isUnchanged(resize)) continue;
    y = along(y, at, resizeMatrix(resize), resize.outputs);
    const outside = Float32Array.from({ length: resize.outputs }, (_, i) => Number(isOutside(i, resize)));
    if (!outside.includes(1)) continue;
    const shape = order.map((_, a) => (a === at ? resize.outputs : 1));
    y = ops.where(tensor(outside, shape), extrapolation, y);
  }
  return result(x.type, y, order);
}

const isUnchanged = ({ inputs, outputs, scale, coordinates: c }: AxisResize): boolean =>
  inputs === outputs && scale === 1 && c !== "tf_crop_and_resize";

/** The catalogue's resizing, where it computes the same: images, batch and channels as they are. */
function byKernel(x: Value, axes: readonly AxisResize[]): Value | undefined {
  if (x.rank !== 4 || !isUnchanged(axes[0]) || !isUnchanged(axes[1])) return undefined;
  const spatial = axes.slice(2);
  const isNearest = spatial.every(
    (a) =>
      a.mode === "nearest" &&
      identity(a.outputs).every((i) => nearestOf(i, a) === Math.floor(((i + 0.5) * a.inputs) / a.outputs)),
  );
  const isBilinear = spatial.every(
    (a) =>
      a.mode === "linear" &&
      (a.coordinates === "half_pixel" || (a.coordinates === "pytorch_half_pixel" && a.outputs > 1)) &&
      (!a.antialias || a.scale >= 1) &&
      !a.excludeOutside &&
      Math.abs(a.outputs / a.inputs - a.scale) < 1e-6,
  );
  if (!isNearest && !isBilinear) return undefined;
  const order = channelsLast(4);
  const size = [axes[2].outputs, axes[3].outputs] as const;
  return result(x.type, ops.resize2d(x.in(order), size, isNearest ? "nearest" : "bilinear"), order);
}

/** Resize as it was called up to opset 9: scales alone, asymmetric coordinates. */
function upsample(call: Call): Value {
  const x = call.input();
  const scales = call.attributes.floats("scales") ?? call.numbers(1);
  const sizes = sizesOf(call, scales, undefined);
  const mode = call.attributes.word("mode", ["nearest", "linear", "bilinear"]);
  const axes = sizes.map((size, axis): AxisResize => ({
    mode: mode === "nearest" ? "nearest" : "linear",
    coordinates: "asymmetric",
    rounding: "floor",
    cubicCoefficient: 0,
    excludeOutside: false,
    antialias: false,
    inputs: x.shape[axis],
    ...size,
    roi: [0, 1],
  }));
  call.checked(axes.map(({ outputs }) => outputs));
  return byKernel(x, axes) ?? byMatrices(x, axes, 0);
}

export const resizeOperators: Operators = {
  Resize: { run: resize, numbers: [1, 2, 3] },
  Upsample: { run: upsample, numbers: [1] },
};
