// A Keras model's description, of version 2 or 3, Sequential or functional: its layers' uses in the order in which they can be computed.

import { UserError } from "../../base/errors.js";

export type Config = Readonly<Record<string, unknown>>;

/** One use of a layer. */
export interface LayerUse {
  readonly name: string;
  readonly className: string;
  readonly config: Config;
  /** The uses whose results it takes. */
  readonly inputs: readonly string[];
  /** What this use is called there. */
  readonly key: string;
}

export interface KerasGraph {
  readonly uses: readonly LayerUse[];
  readonly outputs: readonly string[];
}

type Fail = (what: string) => never;
const isObject = (value: unknown): value is Config =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Reads the description. Throws a UserError, one sentence, for what is no model of layers. */
export function kerasGraphOf(model: unknown, source: string): KerasGraph {
  const fail: Fail = (what) => {
    throw new UserError(`${source}: ${what}.`);
  };
  if (!isObject(model)) return fail("it describes no model of Keras; save the model again");
  const { class_name: kind, config } = model;
  const layers = Array.isArray(config) ? config : isObject(config) ? config.layers : undefined;
  if (!Array.isArray(layers) || !layers.every(isObject))
    return fail("its model lists no layers; save it again");
  if (kind === "Sequential") return chained(layers, fail);
  if (kind !== "Functional" && kind !== "Model")
    return fail(`it is a ${String(kind).slice(0, 40)}; models that are Sequential or functional are read`);
  const uses = ordered(layers.flatMap((layer) => usesOf(layer, fail)), fail); // prettier-ignore
  const { output_layers: outputs } = config as Config;
  return { uses, outputs: tensorsIn(outputs) };
}

function chained(layers: readonly Config[], fail: Fail): KerasGraph {
  const uses: LayerUse[] = [];
  for (const layer of layers) {
    const { name, className, config } = layerOf(layer, fail);
    const shape = config.batch_input_shape ?? config.batch_shape;
    if (uses.length === 0 && className !== "InputLayer") {
      if (!Array.isArray(shape)) return fail("its first layer does not say what it takes; build the model before it is saved"); // prettier-ignore
      uses.push({ name: "input", className: "InputLayer", config: { batch_input_shape: shape }, inputs: [], key: "input:0:0" }); // prettier-ignore
    }
    uses.push({ name, className, config, inputs: uses.slice(-1).map(({ key }) => key), key: `${name}:0:0` });
  }
  return { uses, outputs: uses.slice(-1).map(({ key }) => key) };
}

/** Operations of keras.ops carry numbers among their arguments, so they are other classes than layers of their names. */
const isOperation = (module: unknown): boolean => typeof module === "string" && /\bops\b/.test(module);

function layerOf({ class_name: className, config, name, module }: Config, fail: Fail) {
  if (typeof className !== "string" || !isObject(config))
    return fail("a layer in it has no class or no config");
  const own = name ?? config.name;
  if (typeof own !== "string") return fail(`its layer ${className.slice(0, 40)} has no name`);
  return { className: isOperation(module) ? `keras.ops ${className}` : className, config, name: own };
}

function usesOf(layer: Config, fail: Fail): LayerUse[] {
  const { name, className, config } = layerOf(layer, fail);
  const nodes = Array.isArray(layer.inbound_nodes) ? (layer.inbound_nodes as unknown[]) : [];
  const inputs = nodes.length === 0 ? [[]] : nodes.map(tensorsIn);
  return inputs.map((list, node) => ({ name, className, config, inputs: list, key: `${name}:${node}:0` }));
}

/** Every [layer, use, result] in a piece of the description, written as version 2 or version 3 does. */
function tensorsIn(part: unknown): string[] {
  if (isObject(part)) {
    const { keras_history: history } = isObject(part.config) ? part.config : part;
    return history === undefined ? Object.values(part).flatMap(tensorsIn) : tensorsIn(history);
  }
  if (!Array.isArray(part)) return [];
  const [name, node, result] = part as unknown[];
  const isTensor = typeof name === "string" && typeof node === "number" && typeof result === "number";
  return isTensor ? [`${name}:${node}:${result}`] : part.flatMap(tensorsIn);
}

/** Each use after those it takes. */
function ordered(uses: readonly LayerUse[], fail: Fail): LayerUse[] {
  const done = new Set<string>();
  const order: LayerUse[] = [];
  let left = [...uses];
  while (left.length > 0) {
    const ready = left.filter(({ inputs }) => inputs.every((key) => done.has(key)));
    if (ready.length === 0) {
      const missing = left[0].inputs.find((key) => !done.has(key))!;
      return fail(
        `its layer ${left[0].name} needs ${missing.split(":")[0]}, which comes of no layer before it`,
      );
    }
    for (const use of ready) {
      if (done.has(use.key)) return fail(`its layer ${use.name} is there twice`);
      done.add(use.key);
      order.push(use);
    }
    left = left.filter(({ key }) => !done.has(key));
  }
  return order;
}
