// A network that was drawn by `apply`: the uses of layers between some inputs and some outputs, in an order in which each comes
// after what it needs, and the layers' names.

import { UserError } from "../base/errors.js";
import { configOf, type LayerConfig, layerFrom } from "../nn/config.js";
import type { AnyLayer, CallContext, Inputs } from "../nn/layer.js";
import { Input, type LayerUse, listOf, SymbolicTensor } from "../nn/symbolic.js";
import type { Tensor } from "../tensor/tensor.js";

/** A drawn network as plain JSON. */
export interface GraphConfig {
  readonly layers: Readonly<Record<string, LayerConfig>>;
  readonly inputs: readonly { readonly shape: readonly (number | null)[]; readonly name?: string }[];
  readonly uses: readonly { readonly layer: string; readonly inputs: number | readonly number[] }[];
  readonly outputs: number | readonly number[];
}

type Symbolics = SymbolicTensor | readonly SymbolicTensor[];

export class Graph {
  readonly inputs: readonly SymbolicTensor[];
  readonly outputs: readonly SymbolicTensor[];
  /** Every use of a layer, each after those that it takes its inputs from. */
  readonly uses: readonly LayerUse[];
  /** A layer that is used twice is here once. Names that were not given are Keras's: dense, dense_1, conv2d, ... */
  readonly layers: ReadonlyMap<string, AnyLayer>;

  constructor(
    inputs: Symbolics,
    private readonly given: Symbolics,
  ) {
    this.inputs = checked("inputs", inputs);
    this.outputs = checked("outputs", given);
    const stray = this.inputs.find((x) => x.use !== null);
    if (stray) throw new UserError("Model: `inputs` must be what Input() gave, not the output of a layer.");
    this.uses = inOrder(this.inputs, this.outputs);
    this.layers = nameLayers(this.uses);
  }

  run(input: Inputs, context: CallContext): Inputs {
    const tensors = listOf<Tensor>(input);
    if (tensors.length !== this.inputs.length)
      throw new UserError(
        `Model: it takes ${this.inputs.length} input${this.inputs.length === 1 ? "" : "s"} and was given ${tensors.length}.`,
      );
    const values = new Map<SymbolicTensor, Tensor>(this.inputs.map((x, i) => [x, tensors[i]]));
    for (const { layer, inputs, takesList, outputs } of this.uses) {
      const taken = inputs.map((x) => values.get(x)!);
      const made = listOf<Tensor>(layer.call(takesList ? taken : taken[0], context));
      outputs.forEach((y, i) => values.set(y, made[i]));
    }
    const results = this.outputs.map((y) => values.get(y)!);
    return Array.isArray(this.given) ? results : results[0];
  }

  /** The drawing as plain JSON; every symbolic tensor is a number, the inputs first, then what each use gives. */
  getConfig(): GraphConfig {
    const all = [...this.inputs, ...this.uses.flatMap((use) => use.outputs)];
    const indexOf = (x: SymbolicTensor) => all.indexOf(x);
    const names = new Map([...this.layers].map(([name, layer]) => [layer, name]));
    return {
      layers: Object.fromEntries([...this.layers].map(([name, layer]) => [name, configOf(layer)])),
      inputs: this.inputs.map((x) => ({ shape: x.shape.slice(1), name: x.name })),
      uses: this.uses.map(({ layer, inputs, takesList }) => {
        const taken = inputs.map(indexOf);
        return { layer: names.get(layer)!, inputs: takesList ? taken : taken[0] };
      }),
      outputs: Array.isArray(this.given) ? this.outputs.map(indexOf) : indexOf(this.outputs[0]),
    };
  }

  /** What was drawn, drawn again: the inputs and outputs of a new model. */
  static draw(config: GraphConfig, source: string): { inputs: SymbolicTensor[]; outputs: Symbolics } {
    const layers = new Map<string, AnyLayer>();
    for (const [name, layer] of Object.entries(config.layers))
      layers.set(name, layerFrom({ ...layer, config: { ...layer.config, name } }, source));
    const inputs = config.inputs.map(({ shape, name }) => Input({ shape: shape as number[], name }));
    const all = [...inputs];
    const at = (index: number | readonly number[]): Symbolics =>
      typeof index === "number" ? all[index] : index.map((i) => all[i]);
    for (const { layer, inputs: taken } of config.uses)
      all.push(...listOf<SymbolicTensor>(layers.get(layer)!.apply(at(taken)) as Symbolics));
    return { inputs, outputs: at(config.outputs) };
  }

  /** The names of the layers that give the outputs. */
  get outputNames(): readonly string[] {
    const names = new Map([...this.layers].map(([name, layer]) => [layer, name]));
    return this.outputs.map((y, i) => (y.use ? names.get(y.use.layer)! : (y.name ?? `output_${i}`)));
  }
}

function checked(what: string, given: Symbolics): readonly SymbolicTensor[] {
  const list = typeof given === "object" && given !== null ? listOf<SymbolicTensor>(given) : [];
  if (list.length === 0 || list.some((x) => !(x instanceof SymbolicTensor)))
    throw new UserError(
      `Model: \`${what}\` must be a symbolic tensor or a list of them: what Input() and apply() give.`,
    );
  return list;
}

/** Depth first from the outputs: a use is listed when all that it needs has been. */
function inOrder(inputs: readonly SymbolicTensor[], outputs: readonly SymbolicTensor[]): LayerUse[] {
  const order = new Set<LayerUse>();
  const visit = (x: SymbolicTensor): void => {
    if (inputs.includes(x) || (x.use && order.has(x.use))) return;
    if (!x.use)
      throw new UserError(
        `Model: the outputs depend on an Input${x.name ? ` "${x.name}"` : ""} of shape [${x.shape.map(String).join(", ")}] that is not among \`inputs\`; add it.`,
      );
    x.use.inputs.forEach(visit);
    order.add(x.use);
  };
  outputs.forEach(visit);
  return [...order];
}

function nameLayers(uses: readonly LayerUse[]): Map<string, AnyLayer> {
  const names = new Map<string, AnyLayer>();
  const layers = new Set(uses.map((use) => use.layer));
  for (const layer of layers) {
    if (layer.name === undefined) continue;
    if (names.has(layer.name))
      throw new UserError(`Model: two layers have the name "${layer.name}"; give them different ones.`);
    names.set(layer.name, layer);
  }
  const named = new Map<string, AnyLayer>();
  for (const layer of layers) named.set(layer.name ?? freeName(layer, (name) => names.has(name) || named.has(name)), layer); // prettier-ignore
  return named;
}

/** "dense", "dense_1", "conv2d_transpose": the class's name in small letters, and a number from the second on. */
function freeName(layer: AnyLayer, isTaken: (name: string) => boolean): string {
  const kind = layer.constructor.name
    .replace(/(.)([A-Z][a-z]+)/g, "$1_$2")
    .replace(/([a-z])([A-Z])/g, "$1_$2")
    .toLowerCase();
  let name = kind;
  for (let i = 1; isTaken(name); i++) name = `${kind}_${i}`;
  return name;
}
