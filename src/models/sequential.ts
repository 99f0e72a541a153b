// Layers one after another.

import type { CallContext, Inputs, Layer, LayerOptions } from "../nn/layer.js";
import type { Tensor } from "../tensor/tensor.js";
import { Model } from "./model.js";

/** Each layer's output is the next one's input. Parameters are named by the layers' names or positions: "0.kernel". */
export class Sequential extends Model {
  private readonly list: Layer[];

  constructor(layers: readonly Layer[] = [], options: LayerOptions = {}) {
    super(options);
    this.list = [...layers];
  }

  add(layer: Layer): this {
    if (this.built)
      throw new Error("Sequential: its parameters have been made already; add layers before the first call.");
    this.list.push(layer);
    return this;
  }

  protected forward(x: Tensor, context: CallContext): Tensor {
    return this.list.reduce((y, layer) => layer.call(y, context), x);
  }

  protected override children(): [string, Layer<Inputs>][] {
    const named = this.list.map((layer, i): [string, Layer<Inputs>] => [layer.name ?? String(i), layer]);
    const names = named.map(([name]) => name);
    const twice = names.find(
      (name, i) => names.indexOf(name) < i && this.list[i] !== this.list[names.indexOf(name)],
    );
    if (twice !== undefined)
      throw new Error(`Sequential: two layers have the name "${twice}"; give them different ones.`);
    return named;
  }
}
