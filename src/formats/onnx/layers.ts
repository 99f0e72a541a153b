// The nodes of a graph as files of their own, each with the shapes it meets in a run: what can be timed or looked at alone.

import type { Tensor } from "../../tensor/tensor.js";
import { elementNumber } from "./element-types.js";
import { foldConstants, runNodes } from "./evaluate.js";
import { type GraphNode, type GraphValue, readOnnxGraph } from "./graph.js";
import { type ModelProto, modelTable, type NodeProto } from "./messages.js";
import { encodeTensor } from "./tensors.js";
import { identity, Value } from "./value.js";
import { readMessage, writeMessage } from "./wire.js";

export interface LayerCase {
  /** ONNX's operator, such as Conv. */
  readonly operator: string;
  /** What it takes that is not known beforehand, in the graph's own layout. */
  readonly inputs: readonly { readonly name: string; readonly shape: readonly number[] }[];
  /** Shapes of everything it takes, weights too: "1x64x32x32, 64x64x3x3, 64". */
  readonly shapes: string;
  /** The same for nodes that do the same work: operator, shapes and settings. */
  readonly kind: string;
  /** A file of ONNX with this node alone. */
  readonly bytes: Uint8Array;
}

/**
 * One case for each node that computes with what it is given, in the order of the graph.
 * @param tensorFor what is given as an input, in the graph's own layout, on the current backend
 * @throws UserError where the graph is not sound or its operators do not fit each other
 */
export function layerCases(
  bytes: Uint8Array,
  source: string,
  tensorFor: (input: GraphValue) => Tensor,
): LayerCase[] {
  const proto = readMessage<ModelProto>(bytes, modelTable, source);
  const graph = foldConstants(readOnnxGraph(bytes, source));
  const written = new Map(proto.graph!.node.map((node) => [node.output.join("\n"), node]));
  const environment = new Map([...graph.constants].map(([name, array]) => [name, Value.known(array)]));
  for (const input of graph.inputs) {
    const t = tensorFor(input);
    environment.set(input.name, Value.of(input.type, t, identity(t.rank)));
  }
  const cases: LayerCase[] = [];
  for (const node of graph.nodes) {
    runNodes([node], environment);
    if (node.outputs.every((name) => environment.get(name)?.known)) continue; // shapes, computed on the host
    cases.push(caseOf(node, written.get(node.outputs.join("\n"))!, environment, proto));
  }
  return cases;
}

function caseOf(
  node: GraphNode,
  written: NodeProto,
  environment: ReadonlyMap<string, Value>,
  proto: ModelProto,
): LayerCase {
  const given = [...new Set(node.inputs)].filter((name) => name !== "").map((name) => ({ name, value: environment.get(name)! })); // prettier-ignore
  const inputs = given.filter(({ value }) => !value.known);
  const initializer = given.flatMap(({ name, value: { type, shape, known } }) => known ? [encodeTensor(name, { type, shape, data: known })] : []); // prettier-ignore
  const info = (name: string) => {
    const { type, shape } = environment.get(name)!;
    return { name, type: { tensorType: { elemType: elementNumber(type), shape: { dim: shape.map((value) => ({ value })) } } } }; // prettier-ignore
  };
  const output = node.outputs.filter((name) => name !== "").map(info);
  const graph = { name: node.operator, node: [written], initializer, input: inputs.map(({ name }) => info(name)), output }; // prettier-ignore
  const shapes = given.map(({ value }) => value.shape.join("x") || "1").join(", ");
  return {
    operator: node.operator,
    inputs: inputs.map(({ name, value }) => ({ name, shape: value.shape })),
    shapes,
    kind: JSON.stringify([node.operator, shapes, written.attribute]),
    bytes: writeMessage({ irVersion: proto.irVersion, opsetImport: proto.opsetImport, graph }, modelTable),
  };
}
