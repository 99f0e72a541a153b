// What the layers of Keras share while they are written as a graph of ONNX: values with their rank, settings of a layer, its weights
// by name. Images are [batch, channels, height, width] there; everything else keeps its axes.

import { UserError } from "../../base/errors.js";
import { show } from "../../base/shape.js";
import type { GraphBuilder } from "../onnx/export/builder.js";
import { permute, type Weights } from "../pytorch.js";
import type { Config, LayerUse } from "./config.js";
import type { FindWeights } from "./variables.js";

/** A value of the graph. */
export interface KerasValue {
  readonly name: string;
  readonly rank: number;
}

export class KerasLayer {
  constructor(
    readonly graph: GraphBuilder,
    readonly use: LayerUse,
    private readonly find: FindWeights,
    private readonly source: string,
    /** Keras's own, of which a few defaults changed in 3. */
    readonly version: number,
    /** What has been written of weights by any layer: a layer that is used twice has its weights once. */
    private readonly written: Map<string, string>,
  ) {}

  /** With the names of the models that it is in. */
  get name(): string {
    return this.use.path.join("/");
  }

  get config(): Config {
    return this.use.config;
  }

  fail(what: string): never {
    throw new UserError(`${this.source}: its layer ${this.name} (${this.use.className}) ${what}.`);
  }

  number(name: string, otherwise: number): number {
    const value = this.config[name] ?? otherwise;
    return typeof value === "number" && Number.isFinite(value) ? value : this.fail(`has the ${name} ${JSON.stringify(value)?.slice(0, 40)}`); // prettier-ignore
  }

  word<T extends string>(name: string, words: readonly T[]): T {
    const value = this.config[name] ?? words[0];
    return words.find((word) => word === value) ?? this.fail(`has the ${name} ${JSON.stringify(value)?.slice(0, 40)}, and ${words.join(", ")} are known`); // prettier-ignore
  }

  /** Two whole numbers, or one for both. */
  pair(name: string, otherwise = 1): [number, number] {
    const value = this.config[name] ?? otherwise;
    const [a, b] = (Array.isArray(value) ? value : [value, value]) as unknown[];
    const isCount = (n: unknown): n is number => Number.isSafeInteger(n) && (n as number) >= 1 && (n as number) <= 65536; // prettier-ignore
    return isCount(a) && isCount(b) ? [a, b] : this.fail(`has the ${name} ${JSON.stringify(value)?.slice(0, 40)}`); // prettier-ignore
  }

  has(variable: string): boolean {
    return this.find(this.use.path, variable) !== undefined;
  }

  /** One of its weights, of this rank. */
  weight(variable: string, rank: number): Weights {
    const found = this.find(this.use.path, variable);
    if (!found) return this.fail(`has no ${variable} in the file`);
    return found.shape.length === rank ? found : this.fail(`has a ${variable} of ${show(found.shape)}, not of ${rank} axes`); // prettier-ignore
  }

  /** A weight as a constant, its axes in this order, under another shape if one is given. */
  constant(variable: string, weights: Weights, order?: readonly number[], under?: readonly number[]): string {
    const name = `${this.name}/${variable}`;
    const key = JSON.stringify([name, order, under]);
    const before = this.written.get(key);
    if (before !== undefined) return before;
    const { shape, data } = order ? permute(weights, order) : weights;
    const own = this.graph.constant({ type: "float", shape: under ?? shape, data }, name);
    this.written.set(key, own);
    return own;
  }

  node(
    type: string,
    inputs: readonly string[],
    attributes: Parameters<GraphBuilder["node"]>[2] = {},
  ): string {
    return this.graph.node(type, inputs, attributes);
  }

  /** Channels last for what works on the last axis, and back. */
  onLastAxis(x: KerasValue, body: (last: string) => string): string {
    if (x.rank !== 4) return body(x.name);
    const last = this.node("Transpose", [x.name], { perm: [0, 2, 3, 1] });
    return this.node("Transpose", [body(last)], { perm: [0, 3, 1, 2] });
  }

  /** ONNX's number of an axis of Keras's, which counts channels last. */
  axis(axis: number, rank: number): number {
    const own = axis < 0 ? axis + rank : axis;
    if (!Number.isInteger(own) || own < 0 || own >= rank)
      this.fail(`works along the axis ${axis} of ${rank}`);
    return rank === 4 ? [0, 2, 3, 1][own] : own;
  }
}
