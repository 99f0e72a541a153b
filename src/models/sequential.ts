// Layers one after another.

import { checkOptions, describe, isList } from "../base/arguments.js";
import { UserError } from "../base/errors.js";
import { type CallContext, type Inputs, Layer, type LayerOptions } from "../nn/layer.js";
import type { Tensor } from "../tensor/tensor.js";
import { Model } from "./model.js";

/** Each layer's output is the next one's input. Parameters are named by the layers' names or positions: "0.kernel". */
export class Sequential extends Model {
  private readonly list: Layer[];

  constructor(layers: readonly Layer[] = [], options: LayerOptions = {}) {
    super(options);
    checkOptions("Sequential", options, { name: true });
    if (!isList(layers))
      throw new UserError(`Sequential: expected a list of layers, not ${describe(layers)}.`);
    for (const layer of layers) expectLayer(layer);
    this.list = [...layers];
  }

  add(layer: Layer): this {
    if (this.built)
      throw new UserError(
        "Sequential: its parameters have been made already; add layers before the first call.",
      );
    expectLayer(layer);
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
      throw new UserError(`Sequential: two layers have the name "${twice}"; give them different ones.`);
    return named;
  }
}

function expectLayer(layer: unknown): void {
  if (!(layer instanceof Layer)) throw new UserError(`Sequential: expected a layer, not ${describe(layer)}.`);
}
