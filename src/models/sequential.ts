// Layers one after another.

import { checkOptions, describe, isList } from "../base/arguments.js";
import { UserError } from "../base/errors.js";
import { type AnyLayer, type CallContext, Layer, type LayerOptions, layerOptions } from "../nn/layer.js";
import { configOf, type LayerConfig, layerFrom, registerLayer } from "../nn/config.js";
import { Input, type InputOptions, SymbolicTensor } from "../nn/symbolic.js";
import type { Tensor } from "../tensor/tensor.js";
import type { KnownShapes } from "../train/trainer.js";
import { Model } from "./model.js";

/**
 * Each layer's output is the next one's input; the first entry may be an Input, which says the shape. Parameters are named by
 * the layers' names or positions: "0.kernel".
 */
export class Sequential extends Model {
  private readonly list: Layer[] = [];
  private readonly input: SymbolicTensor | undefined;

  constructor(layers: readonly (SymbolicTensor | Layer)[] = [], options: LayerOptions = {}) {
    super(options);
    checkOptions("Sequential", options, layerOptions);
    if (!isList(layers))
      throw new UserError(`Sequential: expected a list of layers, not ${describe(layers)}.`);
    const [first, ...rest] = layers;
    if (first instanceof SymbolicTensor) this.input = first;
    for (const layer of this.input ? rest : layers) this.add(layer as Layer);
  }

  add(layer: Layer): this {
    if (this.built)
      throw new UserError(
        "Sequential: its parameters have been made already; add layers before the first call.",
      );
    if (!(layer instanceof Layer))
      throw new UserError(`Sequential: expected a layer, not ${describe(layer)}.`);
    this.list.push(layer);
    return this;
  }

  protected override forward(x: Tensor, context: CallContext): Tensor {
    return this.list.reduce((y, layer) => layer.call(y, context), x);
  }

  override getConfig(): Record<string, unknown> {
    const input = this.input && { shape: this.input.shape.slice(1), name: this.input.name };
    return { ...super.getConfig(), input, layers: this.list.map(configOf) };
  }

  static override fromConfig({ input, layers, ...options }: Readonly<Record<string, unknown>>): AnyLayer {
    const list = (layers as LayerConfig[]).map((layer) => layerFrom(layer, "The model") as Layer);
    return new Sequential(input ? [Input(input as InputOptions), ...list] : list, options);
  }

  protected override knownShapes(): KnownShapes {
    return this.input ? { inputs: [this.input.withBatch(1)] } : super.knownShapes();
  }

  protected override children(): [string, AnyLayer][] {
    const named = this.list.map((layer, i): [string, AnyLayer] => [layer.name ?? String(i), layer]);
    const names = named.map(([name]) => name);
    const twice = names.find(
      (name, i) => names.indexOf(name) < i && this.list[i] !== this.list[names.indexOf(name)],
    );
    if (twice !== undefined)
      throw new UserError(`Sequential: two layers have the name "${twice}"; give them different ones.`);
    return named;
  }
}

registerLayer(Sequential, "Sequential");
