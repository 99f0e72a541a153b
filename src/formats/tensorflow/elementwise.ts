// TensorFlow's functions of single elements, choices, and reductions.

import type { TfNode, Write } from "./node.js";

/** One node of ONNX with the same inputs. */
const same =
  (type: string): Write =>
  (node) =>
    node.write(type, node.inputs);

const passed: Write = (node) => node.input();

const squared = (node: TfNode, x: string): string => node.write("Mul", [x, x]);

/** As TensorFlow rounds: towards minus infinity. ONNX's division of whole numbers cuts off. */
const floorDivision = (node: TfNode): string => {
  if (node.type("T") === "float") return node.write("Floor", [node.write("Div", node.inputs)]);
  const [a, b] = node.inputs.map((x) => node.write("Cast", [x], { to: 1 }));
  return node.write("Cast", [node.write("Floor", [node.write("Div", [a, b])])], { to: 7 });
};

const floorModulo: Write = (node) => {
  if (node.type("T") !== "float") return node.write("Mod", node.inputs);
  const [a, b] = node.inputs;
  return node.write("Sub", [a, node.write("Mul", [floorDivision(node), b])]);
};

const cast: Write = (node) => {
  const types = { float: 1, int64: 7, bool: 9 };
  return node.write("Cast", [node.input()], { to: types[node.type("DstT")] });
};

/** ONNX has the axes as an input in sums, and as a setting in all others up to opset 17. */
const reduction =
  (type: string): Write =>
  (node) => {
    const axes = node.numbers(1);
    if (axes.length === 0) return node.input();
    const keepdims = Number(node.flag("keep_dims"));
    if (type === "ReduceSum") return node.write(type, [node.input(), node.graph.list(axes)], { keepdims });
    return node.write(type, [node.input()], { axes, keepdims });
  };

export const elementwiseWriters: Readonly<Record<string, Write>> = {
  Identity: passed,
  StopGradient: passed,
  Snapshot: passed,
  CheckNumerics: passed,
  PlaceholderWithDefault: passed,
  ...Object.fromEntries(
    ["Relu", "Elu", "Selu", "Sigmoid", "Tanh", "Softplus", "Softsign", "Exp", "Log", "Sqrt", "Abs", "Neg", "Sign", "Floor", "Ceil", "Round", "Reciprocal", "Erf", "Sin", "Cos", "Sub", "Mul", "Pow", "Equal", "Greater", "Less"] // prettier-ignore
      .map((type) => [type, same(type)]),
  ),
  ...{ Add: same("Add"), AddV2: same("Add"), AddN: same("Sum"), RealDiv: same("Div"), Div: same("Div") },
  ...{ Maximum: same("Max"), Minimum: same("Min"), GreaterEqual: same("GreaterOrEqual"), LessEqual: same("LessOrEqual") }, // prettier-ignore
  ...{ LogicalAnd: same("And"), LogicalOr: same("Or"), LogicalNot: same("Not"), SelectV2: same("Where"), Prelu: same("PRelu") }, // prettier-ignore
  ClipByValue: same("Clip"),
  NotEqual: (node) => node.write("Not", [node.write("Equal", node.inputs)]),
  Relu6: (node) => node.write("Clip", [node.input(), node.graph.floats([0]), node.graph.floats([6])]),
  LeakyRelu: (node) =>
    node.write("LeakyRelu", [node.input()], { alpha: { float: node.float("alpha", 0.2) } }),
  Rsqrt: (node) => node.write("Reciprocal", [node.write("Sqrt", [node.input()])]),
  Square: (node) => squared(node, node.input()),
  SquaredDifference: (node) => squared(node, node.write("Sub", node.inputs)),
  FloorDiv: floorDivision,
  FloorMod: floorModulo,
  Cast: cast,
  Softmax: (node) => node.write("Softmax", [node.input()], { axis: -1 }),
  LogSoftmax: (node) => node.write("LogSoftmax", [node.input()], { axis: -1 }),
  ...{ Sum: reduction("ReduceSum"), Mean: reduction("ReduceMean"), Prod: reduction("ReduceProd") },
  ...{ Max: reduction("ReduceMax"), Min: reduction("ReduceMin") },
};
