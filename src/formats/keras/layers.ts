// Keras's layers as nodes of ONNX, by the names of their classes. Weights are turned as ONNX has them: a kernel [height, width, inputs,
// outputs] becomes [outputs, inputs, height, width].

import { activated } from "./activations.js";
import { isKnownOperation, writeOperation } from "./operations.js";
import type { KerasLayer, KerasValue } from "./writer.js";

type Write = (layer: KerasLayer, inputs: readonly KerasValue[]) => KerasValue;

/** Padding, strides and dilation; TensorFlow's "same" puts an odd element of padding after. */
const geometry = (layer: KerasLayer, kernel: readonly number[], strides: readonly number[]) => ({
  kernel_shape: kernel,
  strides,
  auto_pad: layer.word("padding", ["valid", "same"]) === "same" ? "SAME_UPPER" : "VALID",
});

const biasOf = (layer: KerasLayer): string[] =>
  layer.config.use_bias === false ? [] : [layer.constant("bias", layer.weight("bias", 1))];

function images(layer: KerasLayer, [x]: readonly KerasValue[]): string {
  if (x?.rank !== 4) layer.fail("takes images [batch, height, width, channels]");
  layer.word("data_format", ["channels_last"]);
  return x.name;
}

const finished = (layer: KerasLayer, name: string, rank = 4): KerasValue =>
  activated(layer, { name, rank }, layer.config.activation);

function conv2d(layer: KerasLayer, inputs: readonly KerasValue[]): KerasValue {
  const x = images(layer, inputs);
  const kernel = layer.weight("kernel", 4);
  const attributes = {
    ...geometry(layer, kernel.shape.slice(0, 2), layer.pair("strides")),
    dilations: layer.pair("dilation_rate"),
    group: layer.number("groups", 1),
  };
  const w = layer.constant("kernel", kernel, [3, 2, 0, 1]);
  return finished(layer, layer.node("Conv", [x, w, ...biasOf(layer)], attributes));
}

function conv2dTranspose(layer: KerasLayer, inputs: readonly KerasValue[]): KerasValue {
  const x = images(layer, inputs);
  const kernel = layer.weight("kernel", 4); // [height, width, outputs, inputs]
  if (layer.config.output_padding) layer.fail("has an output_padding, which is not read");
  const w = layer.constant("kernel", kernel, [3, 2, 0, 1]);
  const attributes = geometry(layer, kernel.shape.slice(0, 2), layer.pair("strides"));
  return finished(layer, layer.node("ConvTranspose", [x, w, ...biasOf(layer)], attributes));
}

/** A depthwise kernel is [height, width, channels, multiplier]. */
function depthwise(layer: KerasLayer, x: string, bias: readonly string[]): string {
  const own = layer.has("depthwise_kernel") ? "depthwise_kernel" : "kernel"; // the latter in .h5 from version 3 on
  const kernel = layer.weight(own, 4);
  const [kh, kw, channels, multiplier] = kernel.shape;
  const attributes = {
    ...geometry(layer, [kh, kw], layer.pair("strides")),
    dilations: layer.pair("dilation_rate"),
    group: channels,
  };
  const w = layer.constant(own, kernel, [2, 3, 0, 1], [channels * multiplier, 1, kh, kw]);
  return layer.node("Conv", [x, w, ...bias], attributes);
}

function separable(layer: KerasLayer, inputs: readonly KerasValue[]): KerasValue {
  const y = depthwise(layer, images(layer, inputs), []);
  const w = layer.constant("pointwise_kernel", layer.weight("pointwise_kernel", 4), [3, 2, 0, 1]);
  return finished(layer, layer.node("Conv", [y, w, ...biasOf(layer)], { kernel_shape: [1, 1] }));
}

function dense(layer: KerasLayer, [x]: readonly KerasValue[]): KerasValue {
  const kernel = layer.constant("kernel", layer.weight("kernel", 2));
  const y = layer.onLastAxis(x, (last) => {
    const product = layer.node("MatMul", [last, kernel]);
    return biasOf(layer).reduce((sum, bias) => layer.node("Add", [sum, bias]), product);
  });
  return finished(layer, y, x.rank);
}

function batchNormalization(layer: KerasLayer, [x]: readonly KerasValue[]): KerasValue {
  const axis = Array.isArray(layer.config.axis)
    ? (layer.config.axis as number[])[0]
    : layer.number("axis", -1);
  if (layer.axis(axis, x.rank) !== 1) layer.fail("normalises another axis than the channels");
  const mean = layer.weight("moving_mean", 1);
  const constantOr = (name: string, value: number) =>
    layer.constant(name, layer.has(name) ? layer.weight(name, 1) : { shape: mean.shape, data: mean.data.map(() => value) }); // prettier-ignore
  const parts = [constantOr("gamma", 1), constantOr("beta", 0), constantOr("moving_mean", 0), constantOr("moving_variance", 1)]; // prettier-ignore
  const epsilon = { float: layer.number("epsilon", 1e-3) };
  return { name: layer.node("BatchNormalization", [x.name, ...parts], { epsilon }), rank: x.rank };
}

function layerNormalization(layer: KerasLayer, [x]: readonly KerasValue[]): KerasValue {
  const axis = Array.isArray(layer.config.axis)
    ? (layer.config.axis as number[])
    : [layer.number("axis", -1)];
  if (axis.length !== 1 || (axis[0] !== -1 && axis[0] !== x.rank - 1)) layer.fail("normalises other axes than the last"); // prettier-ignore
  if (!layer.has("gamma") || !layer.has("beta")) layer.fail("has no scale or no center, which is not read");
  const parts = ["gamma", "beta"].map((name) => layer.constant(name, layer.weight(name, 1)));
  const attributes = { axis: -1, epsilon: { float: layer.number("epsilon", 1e-3) } };
  return { name: layer.onLastAxis(x, (last) => layer.node("LayerNormalization", [last, ...parts], attributes)), rank: x.rank }; // prettier-ignore
}

const pooling =
  (type: "MaxPool" | "AveragePool"): Write =>
  (layer, inputs) => {
    const size = layer.pair("pool_size", 2);
    const strides = layer.config.strides ? layer.pair("strides") : size;
    return { name: layer.node(type, [images(layer, inputs)], geometry(layer, size, strides)), rank: 4 };
  };

const globalPooling =
  (type: "GlobalAveragePool" | "GlobalMaxPool"): Write =>
  (layer, inputs) => {
    const y = layer.node(type, [images(layer, inputs)]);
    if (layer.config.keepdims === true) return { name: y, rank: 4 };
    return { name: layer.node("Flatten", [y]), rank: 2 };
  };

/** Bicubic is Keys's with a = -1/2, what lies outside left out, as TensorFlow and JAX have it (PyTorch: -3/4, borders repeated). */
const interpolations = {
  nearest: { mode: "nearest", coordinate_transformation_mode: "asymmetric", nearest_mode: "floor" },
  bilinear: { mode: "linear" },
  bicubic: { mode: "cubic", cubic_coeff_a: { float: -0.5 }, exclude_outside: 1 },
};

function upSampling(layer: KerasLayer, inputs: readonly KerasValue[]): KerasValue {
  const attributes = interpolations[layer.word("interpolation", ["nearest", "bilinear", "bicubic"])];
  const scales = layer.graph.floats([1, 1, ...layer.pair("size", 2)], [4]);
  return { name: layer.node("Resize", [images(layer, inputs), "", scales], attributes), rank: 4 };
}

/** [[top, bottom], [left, right]], or one number for both ends, or one for all. */
function borders(layer: KerasLayer, name: string): number[] {
  const given = layer.config[name] ?? 1;
  const both = (Array.isArray(given) ? given : [given, given]).map((n: unknown) => (Array.isArray(n) ? n : [n, n])); // prettier-ignore
  const [top, bottom, left, right] = both.flat() as number[];
  const all = [top, left, bottom, right];
  return all.every((n) => Number.isSafeInteger(n) && n >= 0 && n < 65536) ? all : layer.fail(`has the ${name} ${JSON.stringify(given)?.slice(0, 40)}`); // prettier-ignore
}

function zeroPadding(layer: KerasLayer, inputs: readonly KerasValue[]): KerasValue {
  const [top, left, bottom, right] = borders(layer, "padding");
  const pads = layer.graph.list([0, 0, top, left, 0, 0, bottom, right]);
  return { name: layer.node("Pad", [images(layer, inputs), pads]), rank: 4 };
}

function cropping(layer: KerasLayer, inputs: readonly KerasValue[]): KerasValue {
  const [top, left, bottom, right] = borders(layer, "cropping");
  const { graph } = layer;
  const ends = [bottom, right].map((n) => (n === 0 ? 2 ** 31 - 1 : -n));
  const parts = [graph.list([top, left]), graph.list(ends), graph.list([2, 3])];
  return { name: layer.node("Slice", [images(layer, inputs), ...parts]), rank: 4 };
}

/** Row by row, as Keras counts: channels last. */
const lastFirst = (layer: KerasLayer, x: KerasValue): string =>
  x.rank === 4 ? layer.node("Transpose", [x.name], { perm: [0, 2, 3, 1] }) : x.name;

function reshape(layer: KerasLayer, [x]: readonly KerasValue[]): KerasValue {
  const target = layer.config.target_shape;
  if (!Array.isArray(target) || !target.every((n) => Number.isSafeInteger(n)))
    return layer.fail("has no target_shape");
  const y = layer.node("Reshape", [lastFirst(layer, x), layer.graph.list([0, ...(target as number[])])]);
  const rank = 1 + target.length;
  return { name: rank === 4 ? layer.node("Transpose", [y], { perm: [0, 3, 1, 2] }) : y, rank };
}

const merging =
  (type: string): Write =>
  (layer, inputs) => {
    if (inputs.some(({ rank }) => rank !== inputs[0].rank)) layer.fail("merges values of different ranks");
    return { name: layer.node(type, inputs.map(({ name }) => name)), rank: inputs[0].rank }; // prettier-ignore
  };

function concatenate(layer: KerasLayer, inputs: readonly KerasValue[]): KerasValue {
  const { rank } = inputs[0] ?? layer.fail("joins nothing");
  const axis = layer.axis(layer.number("axis", -1), rank);
  return { name: layer.node("Concat", inputs.map(({ name }) => name), { axis }), rank }; // prettier-ignore
}

const scaledBy = (layer: KerasLayer, x: string, factor: number): string =>
  layer.node("Mul", [x, layer.graph.floats([factor])]);

function relu(layer: KerasLayer, [x]: readonly KerasValue[]): KerasValue {
  if (layer.number("threshold", 0) !== 0) layer.fail("has a threshold, which is not read");
  const slope = layer.number("negative_slope", 0);
  const y = slope === 0 ? layer.node("Relu", [x.name]) : layer.node("LeakyRelu", [x.name], { alpha: { float: slope } }); // prettier-ignore
  const most = layer.config.max_value ?? undefined;
  return { name: most === undefined ? y : layer.node("Clip", [y, "", layer.graph.floats([most as number])]), rank: x.rank }; // prettier-ignore
}

const leakyRelu: Write = (layer, [x]) => {
  const alpha = { float: layer.number("alpha", layer.number("negative_slope", 0.3)) };
  return { name: layer.node("LeakyRelu", [x.name], { alpha }), rank: x.rank };
};

/** One slope a channel: those that are shared over height and width. */
function prelu(layer: KerasLayer, [x]: readonly KerasValue[]): KerasValue {
  const alpha = layer.weight("alpha", x.rank - 1);
  const channels = alpha.shape[alpha.shape.length - 1];
  if (alpha.data.length !== channels) layer.fail("has a slope for every pixel, which is not read");
  const slope = layer.constant("alpha", alpha, undefined, x.rank === 4 ? [channels, 1, 1] : [channels]);
  return { name: layer.node("PRelu", [x.name, slope]), rank: x.rank };
}

function rescaling(layer: KerasLayer, [x]: readonly KerasValue[]): KerasValue {
  const scaled = scaledBy(layer, x.name, layer.number("scale", 1));
  return { name: layer.node("Add", [scaled, layer.graph.floats([layer.number("offset", 0)])]), rank: x.rank };
}

const same: Write = (_layer, [x]) => x;

/** The layers of UpscalerJS, which its packages bring with them: a shuffle to pixels and a factor of 0.2. */
const shuffle = (layer: KerasLayer, inputs: readonly KerasValue[]): KerasValue => {
  const factor = Number(/^PixelShuffle(\d)x$/.exec(layer.use.className)?.[1]);
  return { name: layer.node("DepthToSpace", [images(layer, inputs)], { blocksize: factor, mode: "DCR" }), rank: 4 }; // prettier-ignore
};
const multiplyBeta: Write = (layer, [x]) => ({ name: scaledBy(layer, x.name, 0.2), rank: x.rank });

const writers: Readonly<Record<string, Write>> = {
  Conv2D: conv2d,
  Conv2DTranspose: conv2dTranspose,
  DepthwiseConv2D: (layer, inputs) => finished(layer, depthwise(layer, images(layer, inputs), biasOf(layer))),
  SeparableConv2D: separable,
  Dense: dense,
  BatchNormalization: batchNormalization,
  LayerNormalization: layerNormalization,
  MaxPooling2D: pooling("MaxPool"),
  AveragePooling2D: pooling("AveragePool"),
  GlobalAveragePooling2D: globalPooling("GlobalAveragePool"),
  GlobalMaxPooling2D: globalPooling("GlobalMaxPool"),
  UpSampling2D: upSampling,
  ZeroPadding2D: zeroPadding,
  Cropping2D: cropping,
  Flatten: (layer, [x]) => ({ name: layer.node("Flatten", [lastFirst(layer, x)]), rank: 2 }),
  Reshape: reshape,
  Concatenate: concatenate,
  Add: merging("Sum"),
  Multiply: (layer, inputs) => inputs.reduce((a, b) => ({ name: layer.node("Mul", [a.name, b.name]), rank: a.rank })), // prettier-ignore
  Subtract: merging("Sub"),
  Average: merging("Mean"),
  Maximum: merging("Max"),
  Minimum: merging("Min"),
  Activation: (layer, [x]) => activated(layer, x, layer.config.activation),
  ReLU: relu,
  LeakyReLU: leakyRelu,
  PReLU: prelu,
  ELU: (layer, [x]) => ({ name: layer.node("Elu", [x.name], { alpha: { float: layer.number("alpha", 1) } }), rank: x.rank }), // prettier-ignore
  Softmax: (layer, [x]) => activated(layer, x, "softmax"),
  Rescaling: rescaling,
  ...{ Dropout: same, SpatialDropout2D: same, Identity: same, GaussianNoise: same, GaussianDropout: same, ActivityRegularization: same }, // prettier-ignore
  ...{ PixelShuffle2x: shuffle, PixelShuffle3x: shuffle, PixelShuffle4x: shuffle, PixelShuffle8x: shuffle },
  MultiplyBeta: multiplyBeta,
};

const operationIn = (className: string): string | undefined => /^keras\.ops (.*)$/.exec(className)?.[1];

/** The classes of layers that are not known. */
export const unknownLayers = (classNames: Iterable<string>): string[] =>
  [...new Set(classNames)].filter((name) => {
    const operation = operationIn(name);
    return operation === undefined ? name !== "InputLayer" && !Object.hasOwn(writers, name) : !isKnownOperation(operation); // prettier-ignore
  });

/** Writes one layer. */
export function writeLayer(layer: KerasLayer, inputs: readonly KerasValue[]): KerasValue {
  if (inputs.length === 0) return layer.fail("takes nothing");
  const operation = operationIn(layer.use.className);
  return operation === undefined ? writers[layer.use.className](layer, inputs) : writeOperation(layer, operation, inputs); // prettier-ignore
}
