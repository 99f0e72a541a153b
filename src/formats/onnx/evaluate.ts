// Running a graph: node after node, each on values that are known beforehand at once, on the plain loops, and on all others on the
// current backend. So shapes, indices and constants never leave the host, and while a program is recorded they cost nothing later.

import { UserError } from "../../base/errors.js";
import { Call } from "./call.js";
import { castNumber } from "./element-types.js";
import type { GraphNode, OnnxGraph } from "./graph.js";
import { operators } from "./operators/index.js";
import type { HostArray } from "./tensors.js";
import { onHost, Value } from "./value.js";

/** Throws one UserError with every operator that is not known, before anything runs. */
export function checkOperators({ nodes, source }: OnnxGraph): void {
  const missing = new Map<string, number>();
  for (const { operator, attributes } of nodes)
    if (!Object.hasOwn(operators, operator) || attributes.holdsGraphs)
      missing.set(operator, (missing.get(operator) ?? 0) + 1);
  if (missing.size === 0) return;
  const list = [...missing].map(([name, times]) => (times > 1 ? `${name} (${times} times)` : name));
  throw new UserError(
    `${source} needs ${list.length === 1 ? "an operator that is" : "operators that are"} not here: ${list.join(", ")}; export the network without ${list.length === 1 ? "it" : "them"}.`,
  );
}

/** The results of one node. */
export function runNode(node: GraphNode, environment: ReadonlyMap<string, Value>): Value[] {
  const operator = operators[node.operator];
  // A known value's tensor is made anew for each node: it lies where that node runs, and no longer than that.
  const inputs = node.inputs.map((name) => {
    const value = environment.get(name);
    return value?.known ? Value.known({ type: value.type, shape: value.shape, data: value.known }) : value;
  });
  const call = new Call(node.label, inputs, node.attributes, node.opset, node.outputs.length);
  const isOperand = (_: unknown, i: number) => !operator.numbers?.includes(i);
  const isKnown = operator.shapesOnly || inputs.filter(isOperand).every((v) => v === undefined || v.known);
  const run = (): readonly Value[] => [operator.run(call)].flat();
  try {
    return isKnown ? onHost(run).map(asTyped) : [...run()];
  } catch (error) {
    if (error instanceof UserError && error.message.startsWith(node.label)) throw error;
    if (error instanceof UserError) throw new UserError(`${node.label}: ${error.message}`, { cause: error });
    if (error instanceof RangeError)
      throw new UserError(`${node.label}: its result is too large for the memory there is.`, {
        cause: error,
      });
    throw error;
  }
}

/** What was computed in float64 becomes what the type can hold: whole, wrapped round, rounded. */
function asTyped(value: Value): Value {
  const { type, shape, known } = value;
  if (!known || type === "double") return value;
  return Value.known({ type, shape, data: known.map((n) => castNumber(n, type)) as HostArray["data"] });
}

/** Runs the nodes and adds their results to the environment. */
export function runNodes(nodes: readonly GraphNode[], environment: Map<string, Value>): void {
  for (const node of nodes) {
    const results = runNode(node, environment);
    node.outputs.forEach((name, i) => {
      if (name === "") return;
      if (!results[i]) throw new UserError(`${node.label}: its output ${i} is asked for, which is not computed.`); // prettier-ignore
      environment.set(name, results[i]);
    });
  }
}

/** The names of the values whose numbers are needed before the graph runs: those that nodes read as shapes and the like, and what those
 * are made of. */
export function namesRead(nodes: readonly GraphNode[]): Set<string> {
  const read = new Set<string>();
  for (const { operator, inputs, outputs } of [...nodes].reverse()) {
    const { numbers, shapesOnly } = operators[operator];
    const isNeeded = outputs.some((name) => read.has(name)) && !shapesOnly;
    for (const [i, name] of inputs.entries())
      if (name !== "" && (isNeeded || numbers?.includes(i))) read.add(name);
  }
  return read;
}

/** A graph whose nodes that depend on no input have been computed once. */
export interface FoldedGraph extends OnnxGraph {
  /** What is left to be computed with each input. */
  readonly nodes: readonly GraphNode[];
}

/** Computes what depends on constants alone. */
export function foldConstants(graph: OnnxGraph): FoldedGraph {
  const environment = new Map([...graph.constants].map(([name, array]) => [name, Value.known(array)]));
  const left: GraphNode[] = [];
  for (const node of graph.nodes) {
    const isConstant = node.inputs.every((name) => name === "" || environment.get(name)?.known);
    if (isConstant) runNodes([node], environment);
    else left.push(node);
  }
  const used = new Set([...left.flatMap(({ inputs }) => inputs), ...graph.outputs.map(({ name }) => name)]);
  const constants = new Map<string, HostArray>();
  for (const [name, { type, shape, known }] of environment)
    if (known && used.has(name)) constants.set(name, { type, shape, data: known });
  return { ...graph, nodes: left, constants };
}
