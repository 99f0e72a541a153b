// The operations of keras.ops that Keras 3 writes where a program has x + y, 2 * x, ops.clip(x, 0, 1) and the like, as nodes of ONNX.
// Unlike layers of the same names they take numbers, too. Images lie channels first there: arrays and axes are turned.

import { permute } from "../pytorch.js";
import { activated } from "./activations.js";
import type { OperationArgument } from "./inbound.js";
import type { KerasLayer, KerasValue } from "./writer.js";

type Write = (layer: KerasLayer, operands: readonly Operand[]) => KerasValue;
/** A value, or several in a list. */
type Operand = KerasValue | readonly Operand[];

const isValue = (operand: Operand | undefined): operand is KerasValue =>
  operand !== undefined && "name" in operand;

function only(layer: KerasLayer, [x]: readonly Operand[]): KerasValue {
  return isValue(x) ? x : layer.fail("takes one value");
}

/** Arrays have as many axes as the values beside them, in their order. */
function constantOf(
  layer: KerasLayer,
  { shape, data }: { shape: readonly number[]; data: Float32Array },
  rank: number,
): KerasValue {
  // prettier-ignore
  if (shape.length === 0) return { name: layer.graph.floats([data[0]]), rank: 0 };
  if (shape.length > rank) layer.fail(`takes an array of ${shape.length} axes beside values of ${rank}`);
  const whole = [...Array<number>(rank - shape.length).fill(1), ...shape];
  const turned = rank === 4 ? permute({ shape: whole, data }, [0, 3, 1, 2]) : { shape: whole, data };
  return { name: layer.graph.constant({ type: "float", ...turned }, `${layer.name}/array`), rank };
}

/** What stands among an operation's arguments, results in their order. */
function operandsOf(
  layer: KerasLayer,
  args: readonly OperationArgument[],
  results: KerasValue[],
  rank: number,
): Operand[] {
  // prettier-ignore
  return args.map((argument): Operand => {
    if (argument === "result") return results.shift() ?? layer.fail("takes nothing");
    if (typeof argument === "number") return constantOf(layer, { shape: [], data: Float32Array.of(argument) }, rank); // prettier-ignore
    if (argument === undefined) return layer.fail("is given something else than values and numbers");
    return "data" in argument ? constantOf(layer, argument, rank) : operandsOf(layer, argument, results, rank); // prettier-ignore
  });
}

const unary =
  (...types: string[]): Write =>
  (layer, operands) => {
    const x = only(layer, operands);
    return { name: types.reduce((name, type) => layer.node(type, [name]), x.name), rank: x.rank };
  };

const binary =
  (type: string): Write =>
  (layer, [a, b]) => {
    if (!isValue(a) || !isValue(b)) return layer.fail("takes two values");
    if (a.rank !== b.rank && a.rank > 0 && b.rank > 0) layer.fail("merges values of different ranks");
    return { name: layer.node(type, [a.name, b.name]), rank: Math.max(a.rank, b.rank) };
  };

const activation =
  (name: string): Write =>
  (layer, operands) =>
    activated(layer, only(layer, operands), name);

const numberOrNone = (layer: KerasLayer, name: string): string =>
  layer.config[name] === null ? "" : layer.graph.floats([layer.number(name, 0)]);

function clip(layer: KerasLayer, operands: readonly Operand[]): KerasValue {
  const x = only(layer, operands);
  return { name: layer.node("Clip", [x.name, numberOrNone(layer, "x_min"), numberOrNone(layer, "x_max")]), rank: x.rank }; // prettier-ignore
}

function concatenate(layer: KerasLayer, [list]: readonly Operand[]): KerasValue {
  const values = Array.isArray(list) ? (list as readonly Operand[]).filter(isValue) : [];
  if (values.length === 0 || values.some(({ rank }) => rank !== values[0].rank)) layer.fail("joins no values of one rank"); // prettier-ignore
  const { rank } = values[0];
  const axis = layer.axis(layer.number("axis", -1), rank);
  return { name: layer.node("Concat", values.map(({ name }) => name), { axis }), rank }; // prettier-ignore
}

/** Over some axes; what is left must lie as Keras has it. */
const reduction =
  (type: string): Write =>
  (layer, operands) => {
    const x = only(layer, operands);
    const given = layer.config.axis ?? layer.fail("takes all axes together, the batch's too");
    const axes = (Array.isArray(given) ? (given as number[]) : [given as number]).map((axis) => layer.axis(axis, x.rank)); // prettier-ignore
    const keeps = layer.config.keepdims === true;
    const left = x.rank - axes.length;
    if (!keeps && x.rank === 4 && left > 2 && !axes.includes(1)) layer.fail("takes one axis of images alone without keepdims"); // prettier-ignore
    const attributes = { keepdims: Number(keeps) };
    return { name: layer.node(type, [x.name, layer.graph.list(axes)], attributes), rank: keeps ? x.rank : left }; // prettier-ignore
  };

/** ops.gelu is the one of tanh unless it is told not to be: x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) */
function gelu(layer: KerasLayer, operands: readonly Operand[]): KerasValue {
  const x = only(layer, operands);
  if (layer.config.approximate === false) return activated(layer, x, "gelu");
  const number = (n: number) => layer.graph.floats([n]);
  const cube = layer.node("Mul", [x.name, layer.node("Mul", [x.name, x.name])]);
  const inner = layer.node("Add", [x.name, layer.node("Mul", [cube, number(0.044715)])]);
  const tanh = layer.node("Tanh", [layer.node("Mul", [inner, number(Math.sqrt(2 / Math.PI))])]);
  const half = layer.node("Mul", [x.name, number(0.5)]);
  return { name: layer.node("Mul", [half, layer.node("Add", [tanh, number(1)])]), rank: x.rank };
}

const sloped =
  (type: string, setting: string, otherwise: number): Write =>
  (layer, operands) => {
    const x = only(layer, operands);
    const alpha = { float: layer.number(setting, otherwise) };
    return { name: layer.node(type, [x.name], { alpha }), rank: x.rank };
  };

function softmax(layer: KerasLayer, operands: readonly Operand[]): KerasValue {
  const x = only(layer, operands);
  return { name: layer.node("Softmax", [x.name], { axis: layer.axis(layer.number("axis", -1), x.rank) }), rank: x.rank }; // prettier-ignore
}

const shuffled =
  (type: "DepthToSpace" | "SpaceToDepth"): Write =>
  (layer, operands) => {
    const x = only(layer, operands);
    layer.word("data_format", ["channels_last"]);
    if (x.rank !== 4) layer.fail("takes images [batch, height, width, channels]");
    return { name: layer.node(type, [x.name], { blocksize: layer.number("block_size", 2) }), rank: 4 };
  };

const square: Write = (layer, operands) => {
  const { name, rank } = only(layer, operands);
  return { name: layer.node("Mul", [name, name]), rank };
};

const writers: Readonly<Record<string, Write>> = {
  ...{ Add: binary("Add"), Subtract: binary("Sub"), Multiply: binary("Mul"), Divide: binary("Div") },
  ...{ TrueDivide: binary("Div"), Power: binary("Pow"), Maximum: binary("Max"), Minimum: binary("Min") },
  ...{ Negative: unary("Neg"), Abs: unary("Abs"), Absolute: unary("Abs"), Sqrt: unary("Sqrt") },
  ...{ Exp: unary("Exp"), Log: unary("Log"), Sin: unary("Sin"), Cos: unary("Cos"), Tanh: unary("Tanh") },
  ...{ Floor: unary("Floor"), Ceil: unary("Ceil"), Round: unary("Round"), Reciprocal: unary("Reciprocal") },
  ...{ Rsqrt: unary("Sqrt", "Reciprocal"), Square: square, Clip: clip, Concatenate: concatenate },
  ...{ Mean: reduction("ReduceMean"), Sum: reduction("ReduceSum") },
  ...{ Max: reduction("ReduceMax"), Min: reduction("ReduceMin"), Amax: reduction("ReduceMax"), Amin: reduction("ReduceMin") }, // prettier-ignore
  ...{ Relu: activation("relu"), Relu6: activation("relu6"), Sigmoid: activation("sigmoid") },
  ...{ Silu: activation("silu"), Softplus: activation("softplus"), Softsign: activation("softsign") },
  ...{ Selu: activation("selu"), HardSigmoid: activation("hard_sigmoid"), HardSilu: activation("hard_silu") },
  ...{ LeakyRelu: sloped("LeakyRelu", "negative_slope", 0.2), Elu: sloped("Elu", "alpha", 1) },
  ...{ Gelu: gelu, Softmax: softmax, DepthToSpace: shuffled("DepthToSpace"), SpaceToDepth: shuffled("SpaceToDepth") }, // prettier-ignore
};

export const isKnownOperation = (name: string): boolean => Object.hasOwn(writers, name);

/** Writes one operation. */
export function writeOperation(layer: KerasLayer, name: string, results: readonly KerasValue[]): KerasValue {
  const rank = Math.max(...results.map((value) => value.rank));
  return writers[name](layer, operandsOf(layer, layer.use.args ?? [], [...results], rank));
}
