// The panel when nothing is open: the loss, what the pass cost, how to read the page, and the gradients of all parameters.

import { logBar } from "./charts.js";
import { h } from "./dom.js";
import { change, data, stateData } from "./store.js";
import { amount, bytes, counted, duration, number, shapeText } from "./words.js";

export function overview() {
  const runs = data.nodes.flatMap(({ forward, backward }) => [...forward, ...backward]);
  const flops = runs.reduce((sum, run) => sum + run.flops, 0);
  const seconds = runs.every((run) => run.seconds !== undefined)
    ? runs.reduce((sum, run) => sum + run.seconds, 0)
    : undefined;
  const figures = [
    ["loss", data.failure ? "none" : number(stateData().loss)],
    ["operations on the tape", data.nodes.length],
    ["kernels run", runs.length],
    ["multiplications and additions", amount(flops)],
    ["kept for the way back", bytes(keptBytes())],
    seconds !== undefined && ["time in kernels", duration(seconds)],
  ].filter(Boolean);
  return [
    h("h2", {}, "One step of training"),
    h("p", { class: "where" }, `${data.lossName}, computed on the backend ${data.backend}`),
    h(
      "dl",
      { class: "totals" },
      figures.map(([label, x]) => h("div", {}, h("dt", {}, label), h("dd", {}, x))),
    ),
    h(
      "p",
      {},
      "Each row is one operation on the tape. Forward, values flow down the left side, to the loss at the bottom. Backward, the gradient of the loss flows up the right side: each operation takes what arrives at its output and sends each input its share. Open a row to see the numbers, or walk through the pass step by step below (arrow keys work, too).",
    ),
    parameterTable(),
  ];
}

/** Values that some rule reads, each once; parameters and inputs are there anyway. */
function keptBytes() {
  const seen = new Map();
  for (const { kept } of data.nodes)
    kept.forEach(({ ref, bytes: size }, i) => {
      if (!ref || "node" in ref) seen.set(ref ? ref.node : `own ${seen.size} ${i}`, size);
    });
  return [...seen.values()].reduce((sum, size) => sum + size, 0);
}

/** May be broken after its points. */
const breakable = (name) => name.split(/(?<=\.)/).flatMap((part) => [part, h("wbr", {})]);

function parameterTable() {
  const all = data.leaves
    .map((leaf, i) => ({ ...leaf, i, ...stateData().leaves[i] }))
    .filter(({ kind }) => kind === "parameter");
  if (all.length === 0) return null;
  const norms = all.map(({ gradient }) => gradient?.norm ?? 0).filter((norm) => norm > 0);
  const [least, most] = [Math.min(...norms), Math.max(...norms)];
  const row = ({ name, shape, gradient, i }) =>
    h(
      "tr",
      {},
      h(
        "td",
        {},
        h(
          "button",
          { class: "link", onclick: () => change("open", { open: { leaf: i }, side: "value" }) },
          breakable(name),
        ),
      ),
      h("td", {}, shapeText(shape)),
      h("td", {}, gradient ? number(gradient.norm) : ""),
      h("td", { class: "gradient" }, gradient ? logBar(gradient.norm, least, most) : ""),
    );
  return h(
    "section",
    {},
    h("h3", {}, counted(all.length, "parameter")),
    h(
      "table",
      { class: "parameters" },
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          h("th", {}, "name"),
          h("th", {}, "shape"),
          h("th", {}, "‖∇‖"),
          h("th", {}, "logarithmic"),
        ),
      ),
      h("tbody", {}, all.map(row)),
    ),
  );
}
