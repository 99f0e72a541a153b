// Keras's activations by name, as nodes of ONNX.

import type { KerasLayer, KerasValue } from "./writer.js";

type Write = (layer: KerasLayer, x: KerasValue) => string;

const of =
  (type: string, attributes: Parameters<KerasLayer["node"]>[2] = {}): Write =>
  (layer, { name }) =>
    layer.node(type, [name], attributes);

const clip: Write = (layer, { name }) =>
  layer.node("Clip", [name, layer.graph.floats([0]), layer.graph.floats([6])]);

const writers: Readonly<Record<string, Write>> = {
  linear: (_layer, { name }) => name,
  relu: of("Relu"),
  relu6: clip,
  leaky_relu: of("LeakyRelu", { alpha: { float: 0.2 } }),
  sigmoid: of("Sigmoid"),
  tanh: of("Tanh"),
  elu: of("Elu"),
  selu: of("Selu"),
  softplus: of("Softplus"),
  softsign: of("Softsign"),
  exponential: of("Exp"),
  mish: of("Mish"),
  swish: (layer, { name }) => layer.node("Mul", [name, layer.node("Sigmoid", [name])]),
  silu: (layer, { name }) => layer.node("Mul", [name, layer.node("Sigmoid", [name])]),
  hard_silu: of("HardSwish"),
  hard_swish: of("HardSwish"),
  // Of 0.2 x + 0.5 up to version 2, of x/6 + 0.5 from then on.
  hard_sigmoid: (layer, { name }) =>
    layer.node("HardSigmoid", [name], {
      alpha: { float: layer.version < 3 ? 0.2 : 1 / 6 },
      beta: { float: 0.5 },
    }),
  gelu: (layer, { name }) => {
    const scaled = (x: string, by: number) => layer.node("Mul", [x, layer.graph.floats([by])]);
    const erf = layer.node("Erf", [scaled(name, Math.SQRT1_2)]);
    return layer.node("Mul", [scaled(name, 0.5), layer.node("Add", [erf, layer.graph.floats([1])])]);
  },
  softmax: (layer, x) => layer.node("Softmax", [x.name], { axis: layer.axis(-1, x.rank) }),
};

/** The activation of that name on a value. Throws a UserError that names the layer, where there is none. */
export function activated(layer: KerasLayer, x: KerasValue, name: unknown = "linear"): KerasValue {
  const given = name ?? "linear";
  if (typeof given !== "string" || !Object.hasOwn(writers, given))
    layer.fail(`has the activation ${JSON.stringify(given)?.slice(0, 60)}, and ${Object.keys(writers).join(", ")} are known`); // prettier-ignore
  return { name: writers[given as string](layer, x), rank: x.rank };
}
