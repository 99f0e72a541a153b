// TensorFlow's operations on images: convolutions, pooling, normalisation, resizing, pixels and depth.

import type { AttributeValue } from "../onnx/export/builder.js";
import type { TfNode, Write } from "./node.js";

type Attributes = Readonly<Record<string, AttributeValue>>;

function channelsLast(node: TfNode): void {
  const format = node.text("data_format") ?? "NHWC";
  if (format !== "NHWC") node.fail(`has images as ${format.slice(0, 8)}; convert the network with NHWC`);
}

/** The two in the middle of four. */
function pair(node: TfNode, name: string): number[] {
  const list = node.ints(name);
  if (list.length === 0) return [1, 1];
  if (list.length !== 4 || list[0] !== 1 || list[3] !== 1 || !list.every((n) => n >= 1 && n <= 65536))
    node.fail(`has the ${name} ${JSON.stringify(list.slice(0, 8))}`);
  return list.slice(1, 3);
}

function padding(node: TfNode): Attributes {
  const kind = node.text("padding");
  if (kind === "SAME") return { auto_pad: "SAME_UPPER" };
  if (kind === "VALID") return { auto_pad: "VALID" };
  const pads = node.ints("explicit_paddings");
  if (kind !== "EXPLICIT" || pads.length !== 8 || !pads.every((n) => n >= 0 && n <= 65536))
    return node.fail(`has the padding ${String(kind).slice(0, 20)}`);
  return { pads: [pads[2], pads[4], pads[3], pads[5]] };
}

function geometry(node: TfNode): Attributes {
  channelsLast(node);
  return { strides: pair(node, "strides"), ...padding(node) };
}

/** What fused operations add behind: a bias, and an activation. */
function fused(node: TfNode, x: string): string {
  const operations = node.texts("fused_ops");
  let [y, next] = [x, 2];
  for (const operation of operations) {
    if (operation === "BiasAdd") y = node.write("Add", [y, node.input(next++)]);
    else if (operation === "LeakyRelu")
      y = node.write("LeakyRelu", [y], { alpha: { float: node.float("leakyrelu_alpha", 0.2) } });
    else if (operation === "Prelu") y = node.write("PRelu", [y, node.input(next++)]);
    else if (operation === "Relu6")
      y = node.write("Clip", [y, node.graph.floats([0]), node.graph.floats([6])]); // prettier-ignore
    else if (["Relu", "Elu", "Sigmoid", "Tanh"].includes(operation)) y = node.write(operation, [y]);
    else node.fail(`has ${operation.slice(0, 40)} fused to it, which is not read`);
  }
  return y;
}

const conv2d: Write = (node) => {
  const w = node.weight(1, [3, 2, 0, 1]);
  const attributes = { ...geometry(node), dilations: pair(node, "dilations") };
  return fused(node, node.toLast(node.write("Conv", [node.toFirst(node.input()), w], attributes)));
};

/** A depthwise filter is [height, width, channels, multiplier]. */
const depthwise: Write = (node) => {
  const channels = node.knownInput(1)?.shape[2] ?? 1;
  const w = node.weight(1, [2, 3, 0, 1], ([c, m, h, width]) => [c * m, 1, h, width]);
  const attributes = { ...geometry(node), dilations: pair(node, "dilations"), group: channels };
  return fused(node, node.toLast(node.write("Conv", [node.toFirst(node.input()), w], attributes)));
};

/** From what a convolution gave back to what it took; its filter is [height, width, outputs, inputs]. */
const transposed: Write = (node) => {
  const sizes = node.knownInput(0) && node.numbers(0);
  const w = node.weight(1, [3, 2, 0, 1]);
  const fixed: Attributes =
    sizes?.length === 4 && sizes.every((n) => n > 0) ? { output_shape: sizes.slice(1, 3) } : {};
  const x = node.toFirst(node.input(2));
  return node.toLast(node.write("ConvTranspose", [x, w], { ...geometry(node), ...fixed }));
};

const batchNormalization: Write = (node) => {
  channelsLast(node);
  if (node.node.attributes.is_training?.b !== false) node.fail("normalises as in training; convert the network for inference"); // prettier-ignore
  const [, ...parts] = node.inputs.slice(0, 5);
  const epsilon = { float: node.float("epsilon", 1e-4) };
  return node.toLast(node.write("BatchNormalization", [node.toFirst(node.input()), ...parts], { epsilon }));
};

const pooling =
  (type: "MaxPool" | "AveragePool"): Write =>
  (node) =>
    node.toLast(node.write(type, [node.toFirst(node.input())], { kernel_shape: pair(node, "ksize"), ...geometry(node) })); // prettier-ignore

const resize =
  (mode: "nearest" | "linear"): Write =>
  (node) => {
    const x = node.toFirst(node.input());
    const outer = node.write("Slice", [node.write("Shape", [x]), node.graph.list([0]), node.graph.list([2])]);
    const sizes = node.write("Concat", [outer, node.input(1)], { axis: 0 });
    const [half, corners] = [node.flag("half_pixel_centers"), node.flag("align_corners")];
    const coordinates = half ? "half_pixel" : corners ? "align_corners" : "asymmetric";
    const rounding = half || corners ? "round_prefer_ceil" : "floor"; // floor((x + 0.5) s) is that of (x + 0.5) s - 0.5
    const nearest: Attributes = mode === "nearest" ? { nearest_mode: rounding } : {};
    const attributes = { mode, coordinate_transformation_mode: coordinates, ...nearest };
    return node.toLast(node.write("Resize", [x, "", "", sizes], attributes));
  };

const depthToSpace =
  (type: "DepthToSpace" | "SpaceToDepth"): Write =>
  (node) => {
    channelsLast(node);
    const attributes = {
      blocksize: node.int("block_size", 0),
      ...(type === "DepthToSpace" && { mode: "DCR" }),
    };
    return node.toLast(node.write(type, [node.toFirst(node.input())], attributes as Attributes));
  };

const matMul: Write = (node) => {
  const a = node.flag("transpose_a") ? node.write("Transpose", [node.input()], { perm: [1, 0] }) : node.input(); // prettier-ignore
  const b = node.flag("transpose_b") ? node.weight(1, [1, 0]) : node.input(1);
  return fused(node, node.write("MatMul", [a, b]));
};

const batchMatMul: Write = (node) => {
  const [a, b] = [node.flag("adj_x") ? "ji" : "ij", node.flag("adj_y") ? "kj" : "jk"];
  if (a === "ij" && b === "jk") return node.write("MatMul", node.inputs);
  return node.write("Einsum", node.inputs, { equation: `...${a},...${b}->...ik` });
};

export const convolutionWriters: Readonly<Record<string, Write>> = {
  Conv2D: conv2d,
  _FusedConv2D: conv2d,
  DepthwiseConv2dNative: depthwise,
  FusedDepthwiseConv2dNative: depthwise,
  Conv2DBackpropInput: transposed,
  BiasAdd: (node) => node.write("Add", node.inputs),
  FusedBatchNorm: batchNormalization,
  FusedBatchNormV2: batchNormalization,
  FusedBatchNormV3: batchNormalization,
  MaxPool: pooling("MaxPool"),
  AvgPool: pooling("AveragePool"),
  ResizeBilinear: resize("linear"),
  ResizeNearestNeighbor: resize("nearest"),
  DepthToSpace: depthToSpace("DepthToSpace"),
  SpaceToDepth: depthToSpace("SpaceToDepth"),
  MatMul: matMul,
  _FusedMatMul: matMul,
  BatchMatMul: batchMatMul,
  BatchMatMulV2: batchMatMul,
  Einsum: (node) => node.write("Einsum", node.inputs, { equation: node.text("equation") ?? "" }),
};
