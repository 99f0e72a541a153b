// A Keras model's description, of version 2 or 3, Sequential or functional: its layers' uses in the order in which they can be computed.
// A model inside another is written out, once a use, its inputs and outputs as layers that change nothing.

import { UserError } from "../../base/errors.js";
import { argumentsIn, isObject, type OperationArgument, tensorsIn } from "./inbound.js";

export type Config = Readonly<Record<string, unknown>>;

/** One use of a layer. */
export interface LayerUse {
  /** Its name after those of the models that it is in. */
  readonly path: readonly string[];
  readonly className: string;
  readonly config: Config;
  /** The uses whose results it takes. */
  readonly inputs: readonly string[];
  /** What this use is called there. */
  readonly key: string;
  /** Of an operation of keras.ops, which takes numbers, too. */
  readonly args?: readonly OperationArgument[];
}

export interface KerasGraph {
  readonly uses: readonly LayerUse[];
  readonly outputs: readonly string[];
}

/** Where a model's description stands: in which models, and what comes in. */
interface Place {
  readonly path: readonly string[];
  /** What the keys of its uses begin with. */
  readonly prefix: string;
  /** What its inputs are, undefined outermost. */
  readonly given?: readonly string[];
}

type Fail = (what: string) => never;

/** Models inside models, and layers in all; what a lying file asks for ends here. */
const DEEPEST = 16;
const MOST_USES = 20_000;

export const isModel = (className: unknown): boolean =>
  className === "Sequential" || className === "Functional" || className === "Model";

/** Reads the description. Throws a UserError, one sentence, for what is no model of layers. */
export function kerasGraphOf(model: unknown, source: string): KerasGraph {
  const fail: Fail = (what) => {
    throw new UserError(`${source}: ${what}.`);
  };
  if (!isObject(model)) return fail("it describes no model of Keras; save the model again");
  return new Reader(fail).graphOf(model, { path: [], prefix: "" });
}

class Reader {
  private count = 0;

  constructor(private readonly fail: Fail) {}

  graphOf({ class_name: kind, config }: Config, place: Place): KerasGraph {
    const layers = Array.isArray(config) ? config : isObject(config) ? config.layers : undefined;
    if (!Array.isArray(layers) || !layers.every(isObject))
      return this.fail("its model lists no layers; save it again");
    if (!isModel(kind))
      return this.fail(`it is a ${String(kind).slice(0, 40)}; models that are Sequential or functional are read`); // prettier-ignore
    if (place.path.length > DEEPEST) return this.fail(`it has more than ${DEEPEST} models inside each other`);
    if (kind === "Sequential") return this.chained(layers, place);
    const { input_layers: inputs, output_layers: outputs } = config as Config;
    const keys = tensorsIn(inputs, place.prefix);
    const uses = layers.flatMap((layer) => this.usesOf(layer, place));
    const wired = place.given ? uses.map((use) => this.wired(use, keys, place.given!)) : uses;
    return { uses: ordered(wired, place.given ?? [], this.fail), outputs: tensorsIn(outputs, place.prefix) };
  }

  /** An input of a model inside another is what that is given. */
  private wired(use: LayerUse, keys: readonly string[], given: readonly string[]): LayerUse {
    if (use.className !== "InputLayer") return use;
    const at = keys.indexOf(use.key);
    if (at < 0 || at >= given.length)
      return this.fail(`its model ${use.path.slice(0, -1).join("/")} is given ${given.length} values, and its input ${use.path.at(-1)} none of them`); // prettier-ignore
    return renamed(use, given[at]);
  }

  private chained(layers: readonly Config[], { path, prefix, given }: Place): KerasGraph {
    const uses: LayerUse[] = [];
    let last = given?.[0];
    for (const [i, layer] of layers.entries()) {
      const { name, className, config } = this.layerOf(layer);
      if (className === "InputLayer" && last !== undefined) continue;
      if (last === undefined && className !== "InputLayer") {
        const shape = config.batch_input_shape ?? config.batch_shape ?? this.shapeWithin(layer);
        if (!Array.isArray(shape)) return this.fail("its first layer does not say what it takes; build the model before it is saved"); // prettier-ignore
        last = "input:0:0";
        uses.push({ path: ["input"], className: "InputLayer", config: { batch_input_shape: shape }, inputs: [], key: last }); // prettier-ignore
      }
      const key = `${prefix}${i}/${name}:0:0`;
      const inputs = last === undefined ? [] : [last];
      uses.push(...this.written({ path: [...path, name], className, config, inputs, key }, layer));
      last = key;
    }
    return last === undefined ? { uses, outputs: [] } : { uses, outputs: [last] };
  }

  /** What the first layer of a model inside, of which a chain begins, takes. */
  private shapeWithin({ config }: Config): unknown {
    const layers = isObject(config) ? config.layers : undefined;
    const [first] = Array.isArray(layers) ? (layers as unknown[]) : [];
    const own = isObject(first) && isObject(first.config) ? first.config : {};
    return own.batch_input_shape ?? own.batch_shape;
  }

  private layerOf({ class_name: className, config, name, module, inbound_nodes: nodes }: Config) {
    if (typeof className !== "string" || !(isObject(config) || (isModel(className) && Array.isArray(config))))
      return this.fail("a layer in it has no class or no config");
    const own = name ?? (config as Config).name;
    if (typeof own !== "string") return this.fail(`its layer ${className.slice(0, 40)} has no name`);
    const isOperation = isOfOps(module, config as Config, nodes);
    return { className: isOperation ? `keras.ops ${className}` : className, config: config as Config, name: own, isOperation }; // prettier-ignore
  }

  private usesOf(layer: Config, { path, prefix }: Place): LayerUse[] {
    const { name, className, config, isOperation } = this.layerOf(layer);
    const listed = Array.isArray(layer.inbound_nodes) ? (layer.inbound_nodes as unknown[]) : [];
    const nodes = listed.length === 0 ? [[]] : listed;
    return nodes.flatMap((node, i) =>
      this.written(
        {
          path: [...path, name],
          className,
          config,
          inputs: tensorsIn(node, prefix),
          key: `${prefix}${name}:${i}:0`,
          ...(isOperation && { args: argumentsIn(node) }),
        },
        layer,
      ),
    );
  }

  /** The use itself, or those inside of it where it is a model, and its results under the names they have outside. */
  private written(use: LayerUse, layer: Config): LayerUse[] {
    if (++this.count > MOST_USES) return this.fail(`it uses more than ${MOST_USES} layers`);
    if (!isModel(use.className)) return [use];
    const prefix = `${use.key.slice(0, -2)}>`;
    const { uses, outputs } = this.graphOf(layer, { path: use.path, prefix, given: use.inputs });
    const results = outputs.map((key, i) => renamed({ ...use, key: `${use.key.slice(0, -2)}:${i}` }, key));
    return [...uses, ...results];
  }
}

/** Operations have names that layers have, too. An .h5 says no modules, but every layer says whether it is trainable. */
function isOfOps(module: unknown, config: Config, nodes: unknown): boolean {
  if (typeof module === "string") return /\bops\b/.test(module);
  const isOfVersion3 = Array.isArray(nodes) && isObject(nodes[0]) && "args" in nodes[0];
  return isOfVersion3 && !("trainable" in config);
}

const renamed = ({ path, key }: LayerUse, of: string): LayerUse => ({
  ...{ path, key, className: "Identity", config: {}, inputs: [of] },
});

/** Each use after those it takes. */
function ordered(uses: readonly LayerUse[], given: readonly string[], fail: Fail): LayerUse[] {
  const waiting = new Map<string, LayerUse[]>();
  const missing = new Map(
    uses.map((use) => [use, new Set(use.inputs.filter((key) => !given.includes(key)))]),
  );
  for (const [use, keys] of missing)
    for (const key of keys) waiting.set(key, [...(waiting.get(key) ?? []), use]);
  const order = uses.filter((use) => missing.get(use)!.size === 0);
  const done = new Set<string>();
  for (const use of order) {
    // It grows while it is walked.
    if (done.has(use.key)) return fail(`its layer ${use.path.join("/")} is there twice`);
    done.add(use.key);
    for (const next of waiting.get(use.key) ?? []) {
      const keys = missing.get(next)!;
      if (keys.delete(use.key) && keys.size === 0) order.push(next);
    }
  }
  const left = uses.find((use) => missing.get(use)!.size > 0);
  if (left)
    return fail(`its layer ${left.path.join("/")} needs ${nameIn([...missing.get(left)!][0])}, which comes of no layer before it`); // prettier-ignore
  return order;
}

/** The layer's name in a key. */
export const nameIn = (key: string): string => key.split(">").at(-1)!.split(":")[0].slice(0, 60);
