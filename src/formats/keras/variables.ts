// The variables of Keras's layers in the order of their numbers in a .keras file: those that are trained first, each as add_weight
// made them.

import type { Weights } from "../pytorch.js";

/** A variable of the layer that has this path: the names of the models it is in, and its own. */
export type FindWeights = (path: readonly string[], variable: string) => Weights | undefined;

/** Of names "model/layer/variable", which may lack models' names, the one that says most of the path. */
export function nameAmong(
  names: ReadonlyMap<string, unknown>,
  path: readonly string[],
  variable: string,
): string | undefined {
  for (let from = 0; from < path.length; from++) {
    const end = [...path.slice(from), variable].join("/");
    if (names.has(end)) return end;
    for (const name of names.keys()) if (name.endsWith(`/${end}`)) return name;
  }
  return undefined;
}

type Config = Readonly<Record<string, unknown>>;

const withBias = (...names: string[]) => (config: Config): string[] => [...names, ...(config.use_bias === false ? [] : ["bias"])]; // prettier-ignore

const scaleAndCentre = ({ scale, center }: Config): string[] => [
  ...(scale === false ? [] : ["gamma"]),
  ...(center === false ? [] : ["beta"]),
];

const orders: Readonly<Record<string, (config: Config) => readonly string[]>> = {
  Conv2D: withBias("kernel"),
  Conv2DTranspose: withBias("kernel"),
  Dense: withBias("kernel"),
  DepthwiseConv2D: withBias("depthwise_kernel"),
  SeparableConv2D: withBias("depthwise_kernel", "pointwise_kernel"),
  BatchNormalization: (config) => [...scaleAndCentre(config), "moving_mean", "moving_variance"],
  LayerNormalization: scaleAndCentre,
  PReLU: () => ["alpha"],
};

/** Names of a layer's variables; none for a class that has none or is not known. */
export const variablesOf = (className: string, config: Config): readonly string[] =>
  Object.hasOwn(orders, className) ? orders[className](config) : [];
