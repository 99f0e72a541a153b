// TensorFlow's GraphDef as TensorFlow.js has it, in JSON: its nodes, each after those it needs. What a node computes is operators.ts's.

import { UserError } from "../../base/errors.js";

/** One of a node's settings, as protobuf's JSON writes it. */
export type Attribute = Readonly<Record<string, unknown>>;

export interface GraphDefNode {
  readonly name: string;
  readonly op: string;
  /** Names of values: a node's first result by its name, others as "name:1". */
  readonly inputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

type Fail = (what: string) => never;
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The node that makes a value. */
export const makerOf = (value: string): string => value.split(":")[0];

/** "conv:0" as "conv". */
export const valueOf = (name: string): string => name.replace(/:0$/, "");

function nodeOf(given: unknown, fail: Fail): GraphDefNode {
  const { name, op, input = [], attr = {} } = isObject(given) ? given : {};
  if (typeof name !== "string" || typeof op !== "string" || !Array.isArray(input) || !isObject(attr))
    return fail("has a node without a name or an operation");
  const inputs = (input as unknown[]).filter((from): from is string => typeof from === "string" && !from.startsWith("^")); // prettier-ignore
  const attributes = Object.fromEntries(Object.entries(attr).filter(([, value]) => isObject(value)));
  return { name, op, inputs: inputs.map(valueOf), attributes: attributes as GraphDefNode["attributes"] };
}

/**
 * The nodes that these outputs need, in an order in which they can be computed.
 * @param outputs names of values; undefined for those that no node takes
 * @throws UserError, one sentence, for a graph that is not sound
 */
export function readGraphDef(
  topology: Readonly<Record<string, unknown>>,
  outputs: readonly string[] | undefined,
  source: string,
): { nodes: GraphDefNode[]; outputs: readonly string[] } {
  const fail: Fail = (what) => {
    throw new UserError(`${source} ${what}; convert the network again.`);
  };
  if (!Array.isArray(topology.node)) return fail("holds no graph");
  const all = new Map<string, GraphDefNode>();
  for (const given of topology.node as unknown[]) {
    const node = nodeOf(given, fail);
    if (all.has(node.name)) fail(`has two nodes ${JSON.stringify(node.name.slice(0, 60))}`);
    all.set(node.name, node);
  }
  const wanted = outputs ?? unused(all);
  return { nodes: ordered(all, wanted, fail), outputs: wanted };
}

function unused(all: ReadonlyMap<string, GraphDefNode>): string[] {
  const taken = new Set([...all.values()].flatMap(({ inputs }) => inputs.map(makerOf)));
  return [...all.keys()].filter((name) => !taken.has(name) && all.get(name)!.op !== "NoOp");
}

function ordered(
  all: ReadonlyMap<string, GraphDefNode>,
  outputs: readonly string[],
  fail: Fail,
): GraphDefNode[] {
  const order: GraphDefNode[] = [];
  const state = new Map<string, "open" | "done">();
  // A stack of our own: a chain of nodes may be longer than the machine's.
  const waiting: { node: GraphDefNode; next: number }[] = [];
  const open = (value: string): void => {
    const name = makerOf(value);
    if (state.get(name) === "done") return;
    if (state.get(name) === "open") fail(`has a circle at ${JSON.stringify(name.slice(0, 60))}`);
    const node = all.get(name) ?? fail(`needs ${JSON.stringify(name.slice(0, 60))}, which is not in it`);
    state.set(name, "open");
    waiting.push({ node, next: 0 });
  };
  for (const output of outputs) {
    open(output);
    for (let top = waiting.at(-1); top; top = waiting.at(-1))
      if (top.next < top.node.inputs.length) open(top.node.inputs[top.next++]);
      else {
        state.set(top.node.name, "done");
        order.push(top.node);
        waiting.pop();
      }
  }
  return order;
}
