// The tape as rows: a heading for each call of a layer, and below it its operations, unless it is folded: then the heading stands
// for all of them. Rows are in the order of computing, so forward is down and backward is up.

import { callsOf, data, view } from "./store.js";

/** Each call's own nodes and those of the calls inside. */
export const nodesOfCall = data.calls.map(() => []);
data.nodes.forEach(({ call }, i) => callsOf(call).forEach((inside) => nodesOfCall[inside].push(i)));

/** The model itself: unfolding it is unfolding everything, so it has no heading. */
const isModel = (call) => data.calls[call].parent === undefined && data.calls[call].path === "";

/** A layer that is one operation is told by that operation's row. */
const isOne = (call) => nodesOfCall[call].length === 1 && data.calls.every(({ parent }) => parent !== call);
const ones = new Set([...data.calls.keys()].filter(isOne));

/** Rows from the top: { call, depth, node } for headings (node: the last one, where folded), { node, depth, layer } for operations. */
export function rows() {
  const list = [];
  let open = [];
  data.nodes.forEach(({ call }, node) => {
    const path = callsOf(call).filter((inside) => !isModel(inside) && !ones.has(inside));
    for (const [depth, inside] of path.entries()) {
      if (open[depth] === inside) {
        if (view.folded.has(inside)) return;
        continue;
      }
      open = path.slice(0, depth + 1);
      const folded = view.folded.has(inside);
      list.push({ call: inside, depth, folded, node: folded ? nodesOfCall[inside].at(-1) : undefined });
      if (folded) return;
    }
    open = path;
    list.push({ node, depth: path.length, layer: ones.has(call) ? data.calls[call] : undefined });
  });
  return list;
}

/** Which row shows a node: its own, or that of the folded layer it is in. */
export function rowIndex(list) {
  const own = new Map();
  const ofCall = new Map();
  list.forEach((row, i) => {
    if (row.call === undefined) own.set(row.node, i);
    else if (row.folded) ofCall.set(row.call, i);
  });
  return (node) =>
    own.get(node) ??
    callsOf(data.nodes[node].call)
      .map((call) => ofCall.get(call))
      .find((i) => i !== undefined);
}

/** What a reader of a large network sees first: layers without layers inside are folded. */
export function foldLeaves() {
  const parents = new Set(data.calls.map(({ parent }) => parent));
  data.calls.forEach((_, call) => {
    if (!parents.has(call) && !ones.has(call)) view.folded.add(call);
  });
}

export function foldAll() {
  data.calls.forEach((_, call) => {
    if (!isModel(call) && !ones.has(call)) view.folded.add(call);
  });
}
