// The tape: a row an operation, its value on the left and its gradient on the right, with the layers as headings that fold. Arcs
// on the left are how values flow down, arcs on the right how gradients flow back up.

import { logBar, spark } from "./charts.js";
import { h, svg } from "./dom.js";
import { nodesOfCall, rowIndex, rows } from "./outline.js";
import { change, data, stateData, view } from "./store.js";
import { counted, number, shapeText } from "./words.js";

export const graph = h("div", { id: "graph", tabindex: "0", "aria-label": "the tape" });
let list = [];
let elements = [];

const opened = (ref) => view.open && JSON.stringify(view.open) === JSON.stringify(ref);

export function drawGraph() {
  list = rows();
  const norms = stateData()
    .nodes.map(({ gradient }) => gradient?.norm)
    .filter((norm) => norm > 0);
  const range = [Math.min(...norms), Math.max(...norms)];
  elements = list.map((row) => (row.call === undefined ? nodeRow(row, range) : headingRow(row, range)));
  const failure = data.failure && failureRow();
  graph.replaceChildren(
    h(
      "div",
      { class: "titles", "aria-hidden": "true" },
      h("span", {}, "forward: values ↓"),
      h("span", {}, "backward: gradients ↑"),
    ),
    h(
      "div",
      { class: "rows" },
      svg("svg", { class: "arcs left" }),
      elements,
      failure,
      svg("svg", { class: "arcs right" }),
    ),
  );
  drawArcs();
  drawMarks();
}

/** Which row is open, and what has not been reached on the walk. */
export function drawMarks() {
  const { walked } = view;
  const count = data.nodes.length;
  elements.forEach((element, i) => {
    const { node } = list[i];
    element.classList.toggle("open", node !== undefined && Boolean(opened({ node })));
    element.classList.toggle("no-value", walked !== null && node !== undefined && node > walked);
    element.classList.toggle(
      "no-gradient",
      walked !== null && node !== undefined && 2 * count - 1 - node > walked,
    );
    for (const chip of element.querySelectorAll(".chip"))
      chip.classList.toggle("open", Boolean(opened({ leaf: Number(chip.dataset.leaf) })));
  });
}

export function scrollToNode(node) {
  const row = elements[rowIndex(list)(node)];
  row?.scrollIntoView({
    block: "nearest",
    behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth",
  });
}

const show =
  (ref, side = "value") =>
  () =>
    change("open", { open: ref, side });

function nodeRow({ node, depth, layer }, range) {
  const { operation, shape, inputs } = data.nodes[node];
  const chips = inputs
    .filter((ref) => "leaf" in ref && data.leaves[ref.leaf].kind !== "constant")
    .map(({ leaf }) => chip(leaf));
  return h(
    "div",
    { class: "row", style: `--depth:${depth}` },
    h(
      "div",
      { class: "cell value", onclick: show({ node }) },
      h(
        "button",
        { class: "name" },
        layer && h("b", {}, ownName(layer)),
        h(layer ? "span" : "b", {}, operation),
        h("i", {}, `#${node}`),
      ),
      h("span", { class: "shape" }, shapeText(shape)),
      h("span", { class: "chips" }, chips),
      spark(stateData().nodes[node].value, "value"),
    ),
    gradientCell(node, range),
  );
}

/** Below its heading a layer is called by its own part of the path. */
function ownName({ path, parent }) {
  const above = parent === undefined || parent === null ? "" : data.calls[parent].path;
  return above !== "" && path.startsWith(`${above}.`) ? path.slice(above.length + 1) : path;
}

function headingRow({ call, depth, folded, node }, range) {
  const { path, type, output } = data.calls[call];
  const inside = nodesOfCall[call];
  const toggle = (event) => {
    event.stopPropagation();
    if (!view.folded.delete(call)) view.folded.add(call);
    change("folded", {});
  };
  const title = h(
    "button",
    { class: "name", onclick: toggle, "aria-expanded": String(!folded) },
    h("span", { class: "triangle" }, folded ? "▸" : "▾"),
    h("b", {}, path || "model"),
    h("i", {}, type),
  );
  if (!folded)
    return h(
      "div",
      { class: "row heading", style: `--depth:${depth}` },
      h("div", { class: "cell" }, title, output && h("span", { class: "shape" }, shapeText(output))),
    );
  return h(
    "div",
    { class: "row layer", style: `--depth:${depth}` },
    h(
      "div",
      { class: "cell value", onclick: show({ node }) },
      title,
      output && h("span", { class: "shape" }, shapeText(output)),
      h("span", { class: "chips" }, h("span", { class: "count" }, counted(inside.length, "operation"))),
      spark(stateData().nodes[node].value, "value"),
    ),
    gradientCell(node, range),
  );
}

function gradientCell(node, [least, most]) {
  const { gradient } = stateData().nodes[node];
  if (!gradient)
    return h(
      "div",
      { class: "cell gradient none" },
      h("span", { class: "shape" }, data.failure ? "" : "no gradient"),
    );
  return h(
    "div",
    { class: "cell gradient", onclick: show({ node }, "gradient") },
    h("span", { class: "norm", title: "the gradient's norm" }, `‖∇‖ ${number(gradient.norm)}`),
    logBar(gradient.norm, least, most),
    spark(gradient, "gradient"),
  );
}

function chip(leaf) {
  const { kind, name, shape } = data.leaves[leaf];
  const short = kind === "parameter" ? name.split(".").at(-1) : name;
  const openLeaf = (event) => {
    event.stopPropagation();
    change("open", { open: { leaf } });
  };
  return h(
    "button",
    { class: `chip ${kind}`, "data-leaf": leaf, title: `${name}: ${shapeText(shape)}`, onclick: openLeaf },
    short,
  );
}

function failureRow() {
  const { message, call } = data.failure;
  const layer = call === undefined || call === null ? undefined : data.calls[call];
  return h(
    "div",
    { class: "row failure", role: "alert" },
    h(
      "div",
      { class: "cell" },
      h("b", {}, layer ? `${layer.path || "the model"} (${layer.type})` : "The loss"),
      layer && h("span", { class: "shape" }, `was given ${layer.inputs.map(shapeText).join(" and ")}`),
      h("p", {}, message),
    ),
  );
}

/** Every edge between two rows, once: out into the margin, the further the longer it is, and back in. */
function drawArcs() {
  const [left, right] = graph.querySelectorAll("svg.arcs");
  const at = rowIndex(list);
  const middles = elements.map((element) => element.offsetTop + element.offsetHeight / 2);
  const edges = new Map();
  data.nodes.forEach(({ inputs }, i) => {
    for (const ref of inputs) {
      if (!("node" in ref)) continue;
      const [from, to] = [at(ref.node), at(i)];
      if (from !== undefined && to !== undefined && from !== to)
        edges.set(`${from},${to}`, [from, to, hasGradient(ref.node)]);
    }
  });
  const room = left.clientWidth;
  const edge = (row) => room + Number(list[row].depth) * 14;
  const reach = (from, to) => Math.min(room - 4, 8 + 7 * Math.sqrt(to - from - 1) + (to - from > 1 ? 6 : 0));
  const drawn = { left: [], right: [] };
  for (const [from, to, back] of edges.values()) {
    const [y1, y2] = [middles[from] + 5, middles[to] - 5];
    const d = reach(from, to);
    drawn.left.push(arc(edge(from), edge(to), Math.min(edge(from), edge(to)) - d, y1, y2, "value"));
    if (back) drawn.right.push(arc(0, 0, d, y2, y1, "gradient"));
  }
  for (const [side, element] of [
    ["left", left],
    ["right", right],
  ]) {
    element.setAttribute("height", graph.querySelector(".rows").offsetHeight);
    element.replaceChildren(...drawn[side]);
  }
}

const hasGradient = (node) => stateData().nodes[node].gradient !== undefined;

/** From (x1, y1) out to `out` and in to (x2, y2), with a head at its end. */
function arc(x1, x2, out, y1, y2, kind) {
  const bend = Math.min(Math.abs(y2 - y1) / 2, 14) * Math.sign(y2 - y1);
  const path = `M${x1},${y1}C${out},${y1} ${out},${y1} ${out},${y1 + bend}L${out},${y2 - bend}C${out},${y2} ${out},${y2} ${x2},${y2}`;
  const side = Math.sign(x2 - out) * 5;
  return svg(
    "g",
    { class: `arc ${kind}` },
    svg("path", { d: path }),
    svg("path", { class: "head", d: `M${x2},${y2}l${-side},-3v6z` }),
  );
}
