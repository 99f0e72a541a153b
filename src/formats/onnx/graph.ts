// A model's bytes as a graph that has been checked: every name is given once and before it is used, every type is one that is
// read, no node needs what is made of it. Which operators are known is the registry's; what they compute is in operators/.

import { UserError } from "../../base/errors.js";
import type { ReadBeside } from "../../base/host.js";
import { Attributes } from "./attributes.js";
import { type ElementType, elementType } from "./element-types.js";
import { type ModelProto, modelTable, type NodeProto, type ValueInfoProto } from "./messages.js";
import { checkDims, decodeTensor, type HostArray } from "./tensors.js";
import { readMessage } from "./wire.js";

/** One use of an operator. */
export interface GraphNode {
  /** `Conv "conv1"`: for messages. */
  readonly label: string;
  /** With its domain in front where that is not ONNX's own: "ai.onnx.preview.training.Adam". */
  readonly operator: string;
  /** Of the operator set that the operator belongs to. */
  readonly opset: number;
  /** "" where an optional input or output is left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Attributes;
}

/** What goes in or comes out. */
export interface GraphValue {
  readonly name: string;
  readonly type: ElementType;
  /** A number, or the name of a size that is known when the graph runs, or null; undefined where the file says nothing. */
  readonly shape: readonly (number | string | null)[] | undefined;
}

export interface OnnxGraph {
  /** What to call the file in messages. */
  readonly source: string;
  readonly producer: string;
  readonly inputs: readonly GraphValue[];
  readonly outputs: readonly GraphValue[];
  /** Each after those whose results it takes. */
  readonly nodes: readonly GraphNode[];
  readonly constants: ReadonlyMap<string, HostArray>;
}

/** The operator sets whose versions are known. */
const OPSETS = { least: 7, most: 28 };

/**
 * Reads and checks a model's bytes.
 * @param source what to call the file in messages
 * @param external reads tensors that lie in files of their own; without it they are refused
 * @throws UserError, one sentence, for anything that is not a sound graph of tensors
 */
export function readOnnxGraph(bytes: Uint8Array, source: string, external?: ReadBeside): OnnxGraph {
  const model = readMessage<ModelProto>(bytes, modelTable, source);
  const { graph } = model;
  const fail = (what: string): never => {
    throw new UserError(`${source}: ${what}`);
  };
  if (!graph || graph.node.length + graph.output.length === 0)
    return fail("it holds no graph, so it is no ONNX model; check the file.");
  if (model.functions.length > 0)
    fail("it defines functions of its own, which are not read; export it with its functions inlined.");
  if (graph.sparseInitializer.length > 0) fail("it has sparse tensors, which are not read; make them dense.");
  const versions = new Map(model.opsetImport.map(({ domain, version }) => [own(domain), version ?? 0]));
  const version = versions.get("");
  if (version !== undefined && (version < OPSETS.least || version > OPSETS.most))
    fail(`it is of opset ${version}, and ${OPSETS.least} to ${OPSETS.most} are read; convert it.`);

  const constants = new Map<string, HostArray>();
  for (const tensor of graph.initializer) {
    const name = tensor.name ?? "";
    if (constants.has(name)) fail(`the tensor ${quote(name)} is there twice; get the file again.`);
    constants.set(name, decodeTensor(tensor, `${source}: the tensor ${quote(name)}`, external));
  }
  // Files of IR version 3 list the initial values among the inputs, too.
  const inputs = graph.input
    .filter(({ name }) => !constants.has(name ?? ""))
    .map((info) => valueOf(info, "input", source));
  const nodes = graph.node.map((node, index) => nodeOf(node, index, versions, source));
  return {
    source,
    producer: [model.producerName, model.producerVersion].filter(Boolean).join(" "),
    inputs,
    outputs: graph.output.map((info) => valueOf(info, "output", source)),
    nodes: inOrder(nodes, [...inputs.map(({ name }) => name), ...constants.keys()], graph.output, fail),
    constants,
  };
}

/** ONNX's own domain has two spellings. */
const own = (domain: string | undefined): string => (domain === "ai.onnx" ? "" : (domain ?? ""));

const quote = (name: string): string => JSON.stringify(name.length > 60 ? `${name.slice(0, 60)}...` : name);

function nodeOf(
  proto: NodeProto,
  index: number,
  versions: ReadonlyMap<string, number>,
  source: string,
): GraphNode {
  const domain = own(proto.domain);
  const type = proto.opType ?? "";
  const label = `${source}: ${type || "a node"} ${proto.name ? quote(proto.name) : `(node ${index})`}`;
  if (type === "") throw new UserError(`${label} has no operator; get the file again.`);
  const opset = versions.get(domain);
  if (opset === undefined)
    throw new UserError(
      `${label} is of the operator set ${quote(domain || "ai.onnx")}, whose version the file does not say; export it again.`,
    );
  return {
    label,
    operator: domain === "" ? type : `${domain}.${type}`,
    opset,
    inputs: proto.input,
    outputs: proto.output,
    attributes: new Attributes(proto.attribute, label),
  };
}

function valueOf(info: ValueInfoProto, kind: "input" | "output", source: string): GraphValue {
  const where = `${source}: the ${kind} ${quote(info.name ?? "")}`;
  if (!info.name) throw new UserError(`${source}: an ${kind} has no name; get the file again.`);
  if (!info.type?.tensorType)
    throw new UserError(`${where} is no tensor; only tensors are read, no sequences, maps or optional ones.`);
  const { elemType, shape } = info.type.tensorType;
  const dims = shape?.dim.map(({ value, param }) => value ?? (param ? param : null));
  if (dims) checkDims(dims.filter((n) => typeof n === "number"), where); // prettier-ignore
  return { name: info.name, type: elementType(elemType, where), shape: dims };
}

/** The nodes that the outputs need, each after those it needs. */
function inOrder(
  nodes: readonly GraphNode[],
  given: readonly string[],
  outputs: readonly ValueInfoProto[],
  fail: (what: string) => never,
): GraphNode[] {
  const makers = new Map<string, GraphNode>();
  const known = new Set(given);
  if (known.size !== given.length) fail("two of its inputs have one name; get the file again.");
  for (const node of nodes)
    for (const name of node.outputs) {
      if (name === "") continue;
      if (known.has(name) || makers.has(name))
        fail(`the value ${quote(name)} is made twice; get the file again.`);
      makers.set(name, node);
    }
  const order: GraphNode[] = [];
  const state = new Map<GraphNode, "open" | "done">();
  // A stack of our own: a chain of nodes may be longer than the machine's.
  const visit = (name: string, user: string) => {
    const waiting: { node: GraphNode; next: number }[] = [];
    const open = (wanted: string, by: string) => {
      if (wanted === "" || known.has(wanted)) return;
      const maker = makers.get(wanted);
      if (!maker)
        return fail(`${by} needs the value ${quote(wanted)}, which nothing makes; get the file again.`);
      if (state.get(maker) === "done") return;
      if (state.get(maker) === "open")
        fail(`the value ${quote(wanted)} is made of itself, in a circle; get the file again.`);
      state.set(maker, "open");
      waiting.push({ node: maker, next: 0 });
    };
    open(name, user);
    for (let top = waiting.at(-1); top; top = waiting.at(-1))
      if (top.next < top.node.inputs.length) open(top.node.inputs[top.next++], top.node.operator);
      else {
        state.set(top.node, "done");
        order.push(top.node);
        waiting.pop();
      }
  };
  for (const { name } of outputs) visit(name ?? "", "an output");
  return order;
}
