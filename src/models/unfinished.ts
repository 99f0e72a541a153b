// A network whose drawing failed at a layer, as far as it was drawn: what came before, then the layer that does not take it. Its
// call fails as the drawing did, so that a trace shows the graph so far and where it ends.

import { type CallContext, Layer, type AnyLayer, type Inputs } from "../nn/layer.js";
import { type DrawingError, listOf, type SymbolicTensor } from "../nn/symbolic.js";
import type { Shape } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { Graph } from "./graph.js";

export class Unfinished extends Layer<Inputs, Inputs> {
  private readonly graph: Graph;
  private readonly culprit: AnyLayer;
  private readonly takesList: boolean;
  /** With a batch of 1. */
  readonly inputShapes: readonly Shape[];

  constructor({ layer, inputs, takesList }: DrawingError) {
    super();
    this.graph = new Graph(rootsOf(inputs), inputs);
    this.culprit = layer;
    this.takesList = takesList;
    this.inputShapes = this.graph.inputs.map((x) => x.withBatch(1));
  }

  protected forward(input: Inputs, context: CallContext): Inputs {
    const values = listOf<Tensor>(this.graph.run(input, context));
    return this.culprit.call(this.takesList ? values : values[0], context) as Inputs;
  }

  protected override children(): [string, AnyLayer][] {
    const name = this.culprit.constructor.name.toLowerCase();
    return [...this.graph.layers, [this.culprit.name ?? `${name} (does not fit)`, this.culprit]];
  }
}

/** The Inputs that these depend on, in the order in which they are met. */
function rootsOf(places: readonly SymbolicTensor[]): SymbolicTensor[] {
  const roots = new Set<SymbolicTensor>();
  const visit = (x: SymbolicTensor): unknown => (x.use ? x.use.inputs.forEach(visit) : roots.add(x));
  places.forEach(visit);
  return [...roots];
}
