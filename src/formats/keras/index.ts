// A model of Keras as a file of ONNX: from there on it is a network like any other. Where its description and weights come from is
// keras.ts's and ../tensorflow/'s.

import { UserError } from "../../base/errors.js";
import { GraphBuilder, type GraphValueInfo, modelBytes } from "../onnx/export/builder.js";
import { kerasGraphOf, type LayerUse, nameIn } from "./config.js";
import { unknownLayers, writeLayer } from "./layers.js";
import type { FindWeights } from "./variables.js";
import { KerasLayer, type KerasValue } from "./writer.js";

/** What a file of Keras holds. */
export interface KerasFile {
  readonly model: unknown;
  readonly weights: FindWeights;
  /** Keras's, as a number: 2.1. */
  readonly version: number;
}

const axisNames = ["batch", "channels", "height", "width"];

/** Sizes that are not fixed have names; images are [batch, channels, height, width]. */
function inputOf(use: LayerUse, name: string, source: string): GraphValueInfo {
  const given = use.config.batch_input_shape ?? use.config.batch_shape;
  const isSize = (n: unknown) => n === null || (Number.isSafeInteger(n) && (n as number) >= 0);
  if (!Array.isArray(given) || !given.every(isSize) || given.length < 1 || given.length > 8)
    throw new UserError(`${source}: its input ${use.path.join("/")} has no shape.`);
  const sizes = given as (number | null)[];
  const isImages = sizes.length === 4;
  const order = isImages ? [0, 3, 1, 2] : sizes.map((_, axis) => axis);
  const shape = order.map((axis, i) => {
    const size = axis === 0 ? null : sizes[axis];
    return size ?? (i === 0 ? "batch" : isImages ? axisNames[i] : `${name}_${i}`);
  });
  return { name, shape };
}

/**
 * The network as a file of ONNX.
 * @param source what to call the file in messages
 * @throws UserError, one sentence, for what is no model, and with all layers that are not known at once
 */
export function kerasBytes({ model, weights, version }: KerasFile, source: string): Uint8Array {
  const { uses, outputs } = kerasGraphOf(model, source);
  const unknown = unknownLayers(uses.map(({ className }) => className));
  if (unknown.length > 0)
    throw new UserError(`${source} has layers that are not known here: ${unknown.map((name) => name.slice(0, 40)).join(", ")}; export it as ONNX, by tf2onnx.`); // prettier-ignore
  const graph = new GraphBuilder();
  const values = new Map<string, KerasValue>();
  const inputs: GraphValueInfo[] = [];
  const written = new Map<string, string>();
  for (const use of uses) {
    if (use.className === "InputLayer") {
      const info = inputOf(use, graph.fresh(use.path[0]), source);
      inputs.push(info);
      values.set(use.key, { name: info.name, rank: info.shape.length });
      continue;
    }
    const given = use.inputs.map((key) => values.get(key)!);
    values.set(use.key, writeLayer(new KerasLayer(graph, use, weights, source, version, written), given));
  }
  const results = outputs.map((key) => values.get(key) ?? failOutput(key, source));
  if (results.length === 0) throw new UserError(`${source}: its model has no output; save it again.`);
  const infos = results.map(({ name, rank }, i): GraphValueInfo => {
    const output = graph.fresh(results.length === 1 ? "output" : `output_${i}`);
    graph.node("Identity", [name], {}, output);
    return { name: output, shape: Array.from({ length: rank }, (_, axis) => (axis === 0 ? "batch" : `${output}_${axis}`)) }; // prettier-ignore
  });
  return modelBytes(graph, inputs, infos);
}

const failOutput = (key: string, source: string): never => {
  throw new UserError(`${source}: its output ${nameIn(key)} comes of no layer; save the model again.`);
};
