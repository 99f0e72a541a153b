// Tensors and tapes in words: what console.log, String() and JSON.stringify show. Where values lie on a device they are not
// fetched for that; `await t.data()` does.

import { type Shape, show } from "./shape.js";
import type { TapeNode } from "./tape.js";
import type { Tensor } from "./tensor.js";

/** Node's console.log asks an object for this method. */
export const inspectKey = Symbol.for("nodejs.util.inspect.custom");

const SHOWN = 6;

/** "Tensor kernel [784, 32], a parameter: 0.01, -0.02, ..." */
export function describeTensor(t: Tensor): string {
  const name = t.name === undefined ? "" : ` ${t.name}`;
  const origin = t.node ? `, by ${t.node.operation} (#${t.node.id})` : t.requiresGrad ? ", a parameter" : "";
  return `Tensor${name} ${show(t.shape)}${origin}: ${values(t)}`;
}

function values(t: Tensor): string {
  if (t.disposed) return "disposed";
  const first = t.peek(SHOWN);
  if (!first) return `values on ${t.backend.name}; await data()`;
  const numbers = Array.from(first, (x) => String(Number(x.toPrecision(5))));
  return numbers.join(", ") + (t.size > SHOWN ? ", ..." : "");
}

/** What JSON.stringify writes: the values where they are at hand. */
export interface TensorJson {
  readonly name?: string;
  readonly shape: Shape;
  readonly operation?: string;
  readonly data?: readonly number[];
}

export function tensorJson(t: Tensor): TensorJson {
  const data = t.disposed ? undefined : t.peek(t.size);
  return { name: t.name, shape: t.shape, operation: t.node?.operation, data: data && Array.from(data) };
}

/** Nodes as one line each: `#3 mul       #2, w [2, 3] -> [2, 3]`. */
export function describeTape(nodes: readonly TapeNode[]): string {
  const longest = Math.max(0, ...nodes.map((node) => node.operation.length));
  const digits = String(nodes.at(-1)?.id ?? 0).length;
  return nodes
    .map(({ id, operation, inputs, output }) => {
      const from = inputs.map((x) => (x.node ? `#${x.node.id}` : `${x.name ?? ""} ${show(x.shape)}`.trim()));
      const name = output.name === undefined ? "" : ` ${output.name}`;
      return `#${String(id).padEnd(digits)} ${operation.padEnd(longest)}  ${from.join(", ")} -> ${show(output.shape)}${name}`;
    })
    .join("\n");
}

/** The same list, that prints itself. */
export function printable(nodes: TapeNode[]): TapeNode[] {
  for (const key of ["toString", inspectKey])
    Object.defineProperty(nodes, key, { value: () => describeTape(nodes), enumerable: false });
  return nodes;
}
