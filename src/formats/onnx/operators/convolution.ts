// Conv and ConvTranspose, on ONNX's weights [outputs, inputs / groups, kh, kw] or [inputs, outputs / groups, kh, kw].

import * as ops from "../../../ops/index.js";
import type { Tensor } from "../../../tensor/tensor.js";
import { type Call, type Operators } from "../call.js";
import type { Value } from "../value.js";
import { geometryOf, imagesOf, type Pair, spanOf, valueOfImages } from "./windows.js";

/** [a, b, kh, kw] to [kh, kw, b, a]: for both operators what the engine's convolution takes. */
function weightsOf(call: Call, w: Value): Tensor {
  if (w.rank === 4) return w.in([2, 3, 1, 0]);
  const [a, b, k] = w.rank === 3 ? w.shape : call.fail(`its weights are ${w}.`);
  return ops.reshape(w.in([2, 1, 0]), [1, k, b, a]);
}

const withBias = (call: Call, y: Tensor): Tensor => {
  const bias = call.inputs[2];
  if (!bias) return y;
  if (bias.rank !== 1 || bias.shape[0] !== y.shape[3])
    call.fail(`its bias is ${bias} for ${y.shape[3]} channels.`);
  return ops.add(y, bias.tensor);
};

function conv(call: Call): Value {
  const [x, w] = [call.input(0), call.input(1)];
  if (w.rank !== x.rank) call.fail(`its weights are ${w} for an input ${x}.`);
  const geometry = geometryOf(call, w.shape.slice(2));
  const groups = call.attributes.int("group", 1);
  const { images, padding } = withoutCutting(imagesOf(x), geometry.pads);
  const { strides, dilations: dilationRate } = geometry;
  const y = ops.conv2d(images, weightsOf(call, w), { strides, dilationRate, padding, groups });
  return valueOfImages(x.type, withBias(call, y), geometry.isLine);
}

/** Negative pads cut the image. */
function withoutCutting(images: Tensor, pads: readonly [Pair, Pair]) {
  const padding = pads.map(([a, b]) => [Math.max(0, a), Math.max(0, b)]) as unknown as [Pair, Pair];
  if (pads.flat().every((n) => n >= 0)) return { images, padding };
  const [[top, bottom], [left, right]] = pads;
  const [n, h, w, c] = images.shape;
  const begin = [0, Math.max(0, -top), Math.max(0, -left), 0];
  const size = [n, h - begin[1] - Math.max(0, -bottom), w - begin[2] - Math.max(0, -right), c];
  return { images: ops.slice(images, begin, size), padding };
}

function convTranspose(call: Call): Value {
  const [x, w] = [call.input(0), call.input(1)];
  if (w.rank !== x.rank) call.fail(`its weights are ${w} for an input ${x}.`);
  const geometry = geometryOf(call, w.shape.slice(2));
  const { attributes } = call;
  const pair = (name: string): Pair | undefined => {
    const given = attributes.ints(name)?.slice(geometry.isLine ? -1 : -2);
    return given && (geometry.isLine ? [name === "output_shape" ? 1 : 0, given[0]] : [given[0], given[1]]);
  };
  const extra = pair("output_padding") ?? [0, 0];
  const asked = pair("output_shape");
  const { autoPad, size, strides, dilations: dilationRate } = geometry;
  // Of the whole result, of which `before` and `after` are cut off; negative: zeros are added.
  const along = ([0, 1] as const).map((axis) => {
    const whole = strides[axis] * (size[axis] - 1) + spanOf(geometry, axis);
    const wanted = asked?.[axis] ?? (autoPad.startsWith("SAME") ? size[axis] * strides[axis] : undefined);
    if (wanted === undefined) {
      const [before, after] = autoPad === "VALID" ? [0, 0] : geometry.pads[axis];
      return { whole, before, wanted: whole + extra[axis] - before - after };
    }
    const total = Math.max(0, whole + extra[axis] - wanted);
    return { whole, before: autoPad === "SAME_UPPER" ? Math.floor(total / 2) : Math.ceil(total / 2), wanted };
  });
  call.checked([x.shape[0], ...along.map(({ wanted }) => wanted), w.shape[1]]);
  const groups = attributes.int("group", 1);
  const images = imagesOf(x);
  const padding = along.map(({ whole, before, wanted }) => [before, Math.max(0, whole - before - wanted)]) as unknown as [Pair, Pair]; // prettier-ignore
  const outputSize = along.map(({ wanted }) => wanted) as unknown as Pair;
  const options = { strides, dilationRate, groups };
  const direct = along.every(({ whole, before, wanted }, axis) => before >= 0 && before + wanted - whole < strides[axis]); // prettier-ignore
  const y = direct
    ? ops.conv2dTranspose(images, weightsOf(call, w), { ...options, padding, outputSize })
    : cut(ops.conv2dTranspose(images, weightsOf(call, w), options), along);
  return valueOfImages(x.type, withBias(call, y), geometry.isLine);
}

/** The part [before, before + wanted) of both axes, zeros where there is nothing. */
function cut(y: Tensor, along: readonly { before: number; wanted: number }[]): Tensor {
  const amounts = y.shape.map((n, axis): [number, number] => {
    if (axis === 0 || axis === 3) return [0, 0];
    const { before, wanted } = along[axis - 1];
    return [Math.max(0, -before), Math.max(0, before + wanted - n)];
  });
  const padded = ops.pad(y, amounts);
  const begin = [0, Math.max(0, along[0].before), Math.max(0, along[1].before), 0];
  return ops.slice(padded, begin, [y.shape[0], along[0].wanted, along[1].wanted, y.shape[3]]);
}

export const convolutionOperators: Operators = {
  Conv: { run: conv },
  ConvTranspose: { run: convTranspose },
};
