// A model of TensorFlow.js as a file of ONNX: from there on it is a network like any other. Layers models are Keras's; graph models are
// written operation by operation.

import { UserError } from "../../base/errors.js";
import type { ReadBeside } from "../../base/host.js";
import { kerasBytes } from "../keras/index.js";
import { type FindWeights, nameAmong } from "../keras/variables.js";
import { GraphBuilder, type GraphValueInfo, modelBytes } from "../onnx/export/builder.js";
import type { Weights } from "../pytorch.js";
import { convolutionWriters } from "./convolutions.js";
import { elementwiseWriters } from "./elementwise.js";
import { type GraphDefNode, readGraphDef, valueOf } from "./graph-def.js";
import { readTfjs, type TfjsFile } from "./model-json.js";
import { movingWriters } from "./moving.js";
import { TfNode, type Write, Writing } from "./node.js";

const writers: Readonly<Record<string, Write>> = { ...convolutionWriters, ...elementwiseWriters, ...movingWriters }; // prettier-ignore

/**
 * The network in a model.json as a file of ONNX.
 * @param source what to call the file in messages
 * @throws UserError, one sentence, for what is no model, and with all operations or layers that are not known at once
 */
export function tfjsBytes(bytes: Uint8Array, source: string, beside: ReadBeside): Uint8Array {
  const file = readTfjs(bytes, source, beside);
  return file.isGraph ? graphBytes(file, source) : kerasBytes(layersOf(file), source);
}

/** As Keras has it; a weight "model/conv/kernel" is conv's kernel. */
function layersOf({ topology, weights }: TfjsFile) {
  const byName = new Map<string, Weights>();
  for (const [name, { type, shape, data }] of weights)
    if (type === "float") byName.set(valueOf(name), { shape, data: data as Float32Array });
  const find: FindWeights = (path, variable) => byName.get(nameAmong(byName, path, variable) ?? "");
  const version = parseFloat(String(topology.keras_version ?? "2")) || 2;
  return { model: topology.model_config ?? topology, weights: find, version };
}

function graphBytes({ topology, signature, weights }: TfjsFile, source: string): Uint8Array {
  const wanted = signedOutputs(signature);
  const { nodes, outputs } = readGraphDef(topology, wanted?.map(({ name }) => name), source); // prettier-ignore
  checkOperations(nodes, source);
  const writing = new Writing(new GraphBuilder(), source);
  const inputs: GraphValueInfo[] = [];
  for (const node of nodes) {
    if (node.op === "Const") {
      const array = weights.get(node.name);
      if (!array) throw new UserError(`${source} has no numbers for ${JSON.stringify(node.name.slice(-60))}; get its files again.`); // prettier-ignore
      writing.known.set(node.name, array);
    } else if (node.op === "Placeholder") inputs.push(placeholder(writing, node));
    else {
      const results = writers[node.op](new TfNode(writing, node));
      const list = typeof results === "string" ? [results] : results;
      for (const [i, name] of list.entries()) writing.names.set(i === 0 ? node.name : `${node.name}:${i}`, name); // prettier-ignore
    }
  }
  const infos = outputs.map((value, i) => {
    const rank = wanted?.[i].rank ?? inputs[0]?.shape.length ?? 4;
    return output(writing, value, rank, outputs.length === 1 ? "output" : `output_${i}`);
  });
  if (infos.length === 0) throw new UserError(`${source} has no output; convert the network again.`);
  return modelBytes(writing.graph, inputs, infos);
}

function checkOperations(nodes: readonly GraphDefNode[], source: string): void {
  const known = (op: string) => op === "Const" || op === "Placeholder" || Object.hasOwn(writers, op);
  const unknown = [...new Set(nodes.map(({ op }) => op).filter((op) => !known(op)))];
  if (unknown.length > 0)
    throw new UserError(`${source} has operations that are not known here: ${unknown.map((op) => op.slice(0, 40)).join(", ")}; export the network as ONNX, by tf2onnx.`); // prettier-ignore
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Sizes as protobuf's JSON writes them; -1 are free. Undefined where the file says nothing. */
function sizesOf(shape: unknown): number[] | undefined {
  if (!isObject(shape) || shape.unknownRank === true) return undefined;
  const dims = shape.dim ?? [];
  if (!Array.isArray(dims) || dims.length > 8) return undefined;
  return dims.map((dim) => Number(isObject(dim) ? (dim.size ?? -1) : -1));
}

/** What the signature says comes out, in the order in which it stands there. */
function signedOutputs(signature: unknown): { name: string; rank: number | undefined }[] | undefined {
  const outputs = isObject(signature) ? signature.outputs : undefined;
  if (!isObject(outputs)) return undefined;
  const list = Object.values(outputs).flatMap((entry) =>
    isObject(entry) && typeof entry.name === "string"
      ? [{ name: valueOf(entry.name), rank: sizesOf(entry.tensorShape)?.length }]
      : [],
  );
  return list.length > 0 ? list : undefined;
}

/** An input; images become [batch, channels, height, width]. */
function placeholder(writing: Writing, node: GraphDefNode): GraphValueInfo {
  const own = new TfNode(writing, node);
  if (own.type("dtype") !== "float") own.fail("takes whole numbers, which is not read");
  const sizes = sizesOf(node.attributes.shape?.shape);
  const isSize = (n: number) => n === -1 || (Number.isSafeInteger(n) && n >= 0);
  if (!sizes || sizes.length === 0 || !sizes.every(isSize)) return own.fail("has no shape");
  const name = writing.graph.fresh(node.name);
  const axes = sizes.length === 4 ? ["batch", "height", "width", "channels"] : sizes.map((_, i) => `${name}_${i}`); // prettier-ignore
  const shape = sizes.map((n, axis) => (n === -1 || axis === 0 ? (axis === 0 ? "batch" : axes[axis]) : n));
  writing.names.set(node.name, sizes.length === 4 ? own.toLast(name) : name);
  return { name, shape: sizes.length === 4 ? [0, 3, 1, 2].map((axis) => shape[axis]) : shape };
}

function output(writing: Writing, value: string, rank: number, name: string): GraphValueInfo {
  const { graph, first } = writing;
  const found = writing.nameOf(value);
  const own = graph.fresh(name);
  const ready = first.get(found);
  if (rank === 4 && ready === undefined) graph.node("Transpose", [found], { perm: [0, 3, 1, 2] }, own);
  else graph.node("Identity", [rank === 4 ? ready! : found], {}, own);
  return { name: own, shape: Array.from({ length: rank }, (_, axis) => (axis === 0 ? "batch" : `${own}_${axis}`)) }; // prettier-ignore
}
