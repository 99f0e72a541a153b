// What each operation of a trace becomes in ONNX (opset 17). Kernels are told apart by the call that made a node's output; moves,
// which are all one kernel, by the operation's name.

import type { BinaryFunction, KernelName, UnaryFunction } from "../../../backend/kernels.js";
import { UserError } from "../../../base/errors.js";
import type { TapeNode } from "../../../tensor/tape.js";
import { type Exporter, nchwAxis } from "./exporter.js";
import { moves } from "./moves.js";
import type { Writer } from "./writer.js";

const direct: Partial<Record<UnaryFunction, string>> = {
  ...{
    relu: "Relu",
    sigmoid: "Sigmoid",
    tanh: "Tanh",
    softplus: "Softplus",
    exp: "Exp",
    log: "Log",
    sqrt: "Sqrt",
  },
  ...{
    abs: "Abs",
    sign: "Sign",
    neg: "Neg",
    reciprocal: "Reciprocal",
    sin: "Sin",
    cos: "Cos",
    floor: "Floor",
  },
  ...{ ceil: "Ceil", round: "Round", erf: "Erf", linear: "Identity" },
};

const unary: Writer<"unary"> = (e, { node }, { function: name, alpha }) => {
  const x = e.name(node.inputs[0]);
  const { graph } = e;
  const mul = (a: string, b: string) => graph.node("Mul", [a, b]);
  const known = direct[name];
  if (known) return graph.node(known, [x]);
  switch (name) {
    case "leakyRelu":
      return graph.node("LeakyRelu", [x], { alpha: { float: alpha ?? 0.2 } });
    case "silu":
      return mul(x, graph.node("Sigmoid", [x]));
    case "square":
      return mul(x, x);
    case "rsqrt":
      return graph.node("Reciprocal", [graph.node("Sqrt", [x])]);
    default: {
      // gelu: x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)))
      const cube = mul(mul(mul(x, x), x), graph.floats([0.044715]));
      const argument = mul(graph.node("Add", [x, cube]), graph.floats([Math.sqrt(2 / Math.PI)]));
      const sum = graph.node("Add", [graph.node("Tanh", [argument]), graph.floats([1])]);
      return mul(mul(x, graph.floats([0.5])), sum);
    }
  }
};

const binaryNames: Readonly<Record<BinaryFunction, string>> = {
  ...{ add: "Add", sub: "Sub", mul: "Mul", div: "Div", max: "Max", min: "Min", pow: "Pow" },
  ...{
    greater: "Greater",
    greaterEqual: "GreaterOrEqual",
    less: "Less",
    lessEqual: "LessOrEqual",
    equal: "Equal",
  },
};
const comparisons: ReadonlySet<string> = new Set(["greater", "greaterEqual", "less", "lessEqual", "equal"]);

const binary: Writer<"binary"> = (e, { node }, { function: name }) => {
  const operands = node.inputs.map((t) => e.operand(t, node.output.rank));
  const y = e.graph.node(binaryNames[name], operands);
  return comparisons.has(name) ? e.graph.node("Cast", [y], { to: 1 }) : y;
};

const convolution: Writer<"conv2d"> = (e, { node, twin }, { strides, padding, dilation, groups }) => {
  const [x, w] = node.inputs;
  const pads = [x, twin.inputs[0]].map((image, i) => {
    const output = [node, twin][i].output;
    const after = [0, 1].map((axis) => {
      const span = (w.shape[axis] - 1) * dilation[axis] + 1;
      const last = (output.shape[axis + 1] - 1) * strides[axis] + span;
      return Math.max(0, last - image.shape[axis + 1] - padding[axis]);
    });
    return [...padding, ...after];
  });
  if (pads[0].join() !== pads[1].join())
    throw new UserError("toOnnx: a convolution's padding depends on the image's size, which ONNX cannot say; use explicit padding."); // prettier-ignore
  const attributes = {
    strides,
    dilations: dilation,
    group: groups,
    pads: pads[0],
    kernel_shape: w.shape.slice(0, 2),
  };
  return e.graph.node("Conv", [e.name(x), e.weight(w, [3, 2, 0, 1])], attributes);
};

const transposedConvolution: Writer<"conv2dInputGrad"> = (
  e,
  { node },
  { strides, padding, dilation, groups },
) => {
  const [x, w] = node.inputs;
  const along = [0, 1].map((axis) => {
    const whole = strides[axis] * (x.shape[axis + 1] - 1) + (w.shape[axis] - 1) * dilation[axis] + 1;
    const rest = whole - padding[axis] - node.output.shape[axis + 1];
    return { after: Math.max(0, rest), extra: Math.max(0, -rest) };
  });
  const attributes = {
    strides,
    dilations: dilation,
    group: groups,
    pads: [...padding, ...along.map(({ after }) => after)],
    output_padding: along.map(({ extra }) => extra),
    kernel_shape: w.shape.slice(0, 2),
  };
  return e.graph.node("ConvTranspose", [e.name(x), e.weight(w, [3, 2, 0, 1])], attributes);
};

const pool: Writer<"pool2d"> = (e, { node }, { kind, window, strides, padding }) => {
  const [x] = node.inputs;
  const after = [0, 1].map((axis) => {
    const last = (node.output.shape[axis + 1] - 1) * strides[axis] + window[axis];
    return Math.max(0, last - x.shape[axis + 1] - padding[axis]);
  });
  const attributes = { kernel_shape: window, strides, pads: [...padding, ...after] };
  return kind === "max"
    ? e.graph.node("MaxPool", [e.name(x)], attributes)
    : e.graph.node("AveragePool", [e.name(x)], { ...attributes, count_include_pad: 0 });
};

const resize: Writer<"resize2d"> = (e, { node, twin }, { mode }) => {
  const [x] = node.inputs;
  const scales = [1, 2].map((axis) => node.output.shape[axis] / x.shape[axis]);
  const others = [1, 2].map((axis) => twin.output.shape[axis] / twin.inputs[0].shape[axis]);
  const whole = scales.every(Number.isInteger);
  // This engine's nearest is the pixel at floor((i + 1/2) / scale); for whole scales that is floor(i / scale).
  const nearest = whole
    ? { mode: "nearest", coordinate_transformation_mode: "asymmetric", nearest_mode: "floor" }
    : { mode: "nearest", coordinate_transformation_mode: "half_pixel", nearest_mode: "round_prefer_ceil" };
  const attributes =
    mode === "nearest" ? nearest : { mode: "linear", coordinate_transformation_mode: "half_pixel" };
  if (scales.join() === others.join())
    return e.graph.node("Resize", [e.name(x), "", e.graph.floats([1, 1, ...scales], [4])], attributes);
  const sizes = e.sizesOf(node, twin);
  const wanted = e.shape([sizes[0], sizes[3], sizes[1], sizes[2]], false);
  return e.graph.node("Resize", [e.name(x), "", "", wanted], attributes);
};

const reductions = { sum: "ReduceSum", mean: "ReduceMean", max: "ReduceMax", min: "ReduceMin" } as const;

const reduce: Writer<"reduce"> = (e, { node }, { function: name, axes }) => {
  const [x] = node.inputs;
  const own = x.rank === 4 ? axes.map(nchwAxis) : [...axes];
  const keep = node.output.rank === x.rank;
  const [input, inputs] = [e.name(x), { keepdims: Number(keep) }];
  // Without the reduced axes what is left of an image would be in ONNX's order: it is turned first.
  if (x.rank === 4 && !keep && own.length < 3) {
    const flat = e.flat(x);
    return reduced(e, name, flat, axes, inputs);
  }
  return reduced(e, name, input, own, inputs);
};

function reduced(e: Exporter, name: keyof typeof reductions, x: string, axes: readonly number[], more: { keepdims: number }): string {
  return name === "sum"
    ? e.graph.node("ReduceSum", [x, e.graph.list(axes)], more)
    : e.graph.node(reductions[name], [x], { axes, ...more });
} // prettier-ignore

const softmax: Writer<"softmax"> = (e, { node }, { log }) =>
  e.graph.node(log ? "LogSoftmax" : "Softmax", [e.name(node.inputs[0])], { axis: -1 });

const matmul: Writer<"matmul"> = (e, { node }, { transposeA, transposeB }) => {
  const [a, b] = node.inputs.map((t, i) => {
    const name = e.flat(t);
    if (!(i === 0 ? transposeA : transposeB)) return name;
    const perm = t.shape.map((_, axis) => axis);
    perm.push(perm.splice(-2, 1)[0]);
    return e.graph.node("Transpose", [name], { perm });
  });
  return e.fromFlat(e.graph.node("MatMul", [a, b]), node.output.rank);
};

const normalize: Writer<"normalize"> = (e, { node }, { axis, epsilon }) => {
  const x = e.name(node.inputs[0]);
  const mean = (t: string) => e.graph.node("ReduceMean", [t], { axes: [axis], keepdims: 1 });
  const centred = e.graph.node("Sub", [x, mean(x)]);
  const variance = mean(e.graph.node("Mul", [centred, centred]));
  const deviation = e.graph.node("Sqrt", [e.graph.node("Add", [variance, e.graph.floats([epsilon])])]);
  return e.graph.node("Div", [centred, deviation]);
};

const kernelWriters: { readonly [K in KernelName]?: Writer<K> } = {
  unary,
  binary,
  reduce,
  softmax,
  matmul,
  normalize,
  conv2d: convolution,
  conv2dInputGrad: transposedConvolution,
  pool2d: pool,
  resize2d: resize,
  depthToSpace: (e, { node }, { block }) => e.graph.node("DepthToSpace", [e.name(node.inputs[0])], { blocksize: block, mode: "DCR" }), // prettier-ignore
  spaceToDepth: (e, { node }, { block }) => e.graph.node("SpaceToDepth", [e.name(node.inputs[0])], { blocksize: block }), // prettier-ignore
};

/** Writes a node; gives the name of its value. */
export function writeOperation(e: Exporter, node: TapeNode, twin: TapeNode): string {
  if (node.operation === "reshape") {
    const flat = e.graph.node("Reshape", [e.flat(node.inputs[0]), e.shape(e.sizesOf(node, twin), true)]);
    return e.fromFlat(flat, node.output.rank);
  }
  const call = e.a.callOf(node);
  const write = call && (call.kernel === "copy" ? moves[node.operation] : kernelWriters[call.kernel]);
  if (!call || !write)
    throw new UserError(
      `toOnnx: the operation ${node.operation} has no counterpart in ONNX that is known here.`,
    );
  return (write as Writer<KernelName>)(e, { node, twin, call }, call.attributes as never);
}
