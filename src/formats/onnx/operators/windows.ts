// What Conv, ConvTranspose and the pools have in common: kernel, strides, dilations and pads of one or two axes. One axis is
// computed as an image of height 1; three are refused.

import { reshape } from "../../../ops/index.js";
import type { Tensor } from "../../../tensor/tensor.js";
import { type Call, result } from "../call.js";
import { channelsLast, type Value } from "../value.js";

export type Pair = readonly [y: number, x: number];

export interface Geometry {
  /** One spatial axis, as an image of height 1. */
  readonly isLine: boolean;
  readonly size: Pair;
  readonly kernel: Pair;
  readonly strides: Pair;
  readonly dilations: Pair;
  /** [before, after] of y and of x. Under auto_pad they are worked out. */
  readonly pads: readonly [Pair, Pair];
  readonly autoPad: "NOTSET" | "SAME_UPPER" | "SAME_LOWER" | "VALID";
}

/** Elements that a kernel spans. */
export const spanOf = ({ kernel, dilations }: Geometry, axis: 0 | 1): number =>
  (kernel[axis] - 1) * dilations[axis] + 1;

/** Reads the attributes. @param kernelShape of the weights, or undefined where an attribute says it */
export function geometryOf(call: Call, kernelShape?: readonly number[]): Geometry {
  const x = call.input();
  const axes = x.rank - 2;
  if (axes !== 1 && axes !== 2)
    call.fail(`it works on images [batch, channels, height, width] and lines [batch, channels, length], not on ${x}.`); // prettier-ignore
  const { attributes } = call;
  const kernel = attributes.ints("kernel_shape") ?? kernelShape ?? call.fail("its kernel_shape is missing.");
  const list = (name: string, otherwise: number, length = axes): number[] => {
    const given = attributes.ints(name) ?? Array.from({ length }, () => otherwise);
    if (given.length !== length) call.fail(`its ${name} has ${given.length} entries for ${axes} axes.`);
    return [...given];
  };
  if (kernel.length !== axes) call.fail(`its kernel_shape has ${kernel.length} entries for ${axes} axes.`);
  const pair = (given: readonly number[], missing: number): Pair =>
    axes === 1 ? [missing, given[0]] : [given[0], given[1]];
  const pads = list("pads", 0, 2 * axes);
  const geometry: Geometry = {
    isLine: axes === 1,
    size: pair(x.shape.slice(2), 1),
    kernel: pair(kernel, 1),
    strides: pair(list("strides", 1), 1),
    dilations: pair(list("dilations", 1), 1),
    pads: axes === 1 ? [[0, 0], [pads[0], pads[1]]] : [[pads[0], pads[2]], [pads[1], pads[3]]], // prettier-ignore
    autoPad: attributes.word("auto_pad", ["NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"]),
  };
  const all = [geometry.kernel, geometry.strides, geometry.dilations].flat();
  if (
    !all.every((n) => Number.isSafeInteger(n) && n >= 1 && n <= 2 ** 20) ||
    !pads.every((n) => Math.abs(n) <= 2 ** 20)
  )
    // prettier-ignore
    call.fail("its kernel, strides, dilations or pads are no sound numbers.");
  return withAutoPads(geometry);
}

/** SAME: ceil(size / stride) outputs; the odd element of padding comes after (UPPER) or before (LOWER). */
function withAutoPads(geometry: Geometry): Geometry {
  const { autoPad, size, strides } = geometry;
  if (autoPad === "NOTSET") return geometry;
  const along = (axis: 0 | 1): Pair => {
    if (autoPad === "VALID") return [0, 0];
    const outputs = Math.ceil(size[axis] / strides[axis]);
    const total = Math.max(0, (outputs - 1) * strides[axis] + spanOf(geometry, axis) - size[axis]);
    const [less, more] = [Math.floor(total / 2), Math.ceil(total / 2)];
    return autoPad === "SAME_UPPER" ? [less, more] : [more, less];
  };
  return { ...geometry, pads: [along(0), along(1)] };
}

/** A value's images, channels last, as the kernels of images take them. */
export function imagesOf(x: Value): Tensor {
  const t = x.in(channelsLast(x.rank));
  return x.rank === 3 ? reshape(t, [x.shape[0], 1, x.shape[2], x.shape[1]]) : t;
}

/** Images as a value of the rank that the input had. */
export function valueOfImages(type: Value["type"], y: Tensor, isLine: boolean): Value {
  const [n, , w, c] = y.shape;
  return isLine ? result(type, reshape(y, [n, w, c]), channelsLast(3)) : result(type, y, channelsLast(4));
}
