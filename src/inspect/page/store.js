// The trace that the page is about, and what of it is shown at the moment. Parts that draw ask `view`, and are called again when
// it changes.

export const data = JSON.parse(document.getElementById("data").textContent);

export const view = {
  /** Which state of the weights: the last one. */
  state: data.states.length - 1,
  /** What is open in the panel: { node: 3 }, { leaf: 1 } or null. */
  open: null,
  /** Which half of it was asked for: "value" or "gradient". */
  side: "value",
  /** Steps walked: forward through the nodes, then back; null shows everything. */
  walked: null,
  /** Calls of layers whose operations are hidden. */
  folded: new Set(),
};

const listeners = [];
export const whenChanged = (draw) => void listeners.push(draw);

/** Changes what is shown; `what` tells the drawing parts which: "open", "folded", "state", "walked". */
export function change(what, values) {
  Object.assign(view, values);
  for (const draw of listeners) draw(what);
}

export const stateData = () => data.states[view.state];
export const tensorOf = (ref) => ("node" in ref ? stateData().nodes[ref.node] : stateData().leaves[ref.leaf]);
export const shapeOf = (ref) => ("node" in ref ? data.nodes[ref.node] : data.leaves[ref.leaf]).shape;
export const nameOf = (ref) =>
  "node" in ref ? `#${ref.node} ${data.nodes[ref.node].operation}` : data.leaves[ref.leaf].name;

/** The nodes and leaves in which each node is used. */
export const users = data.nodes.map(() => []);
export const leafUsers = data.leaves.map(() => []);
data.nodes.forEach(({ inputs }, i) => {
  inputs.forEach((ref, k) =>
    ("node" in ref ? users[ref.node] : leafUsers[ref.leaf]).push({ node: i, input: k }),
  );
});

/** The calls that a call is inside of, outermost first, itself the last. */
export function callsOf(call) {
  const path = [];
  for (let at = call; at !== undefined && at !== null; at = data.calls[at].parent) path.unshift(at);
  return path;
}

/** Shows the operations of a node's layer, and all layers round it. Returns whether any was folded. */
export function unfoldTo(node) {
  return callsOf(data.nodes[node].call).filter((call) => view.folded.delete(call)).length > 0;
}
