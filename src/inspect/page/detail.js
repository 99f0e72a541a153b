// The panel about one node or one leaf: its values, its gradient, the chain rule with its numbers put in, the rule's source, its
// kernels and what they kept; of a parameter how the loss moves when a weight is nudged.

import { histogram, nudgeCurve } from "./charts.js";
import { h } from "./dom.js";
import { picture } from "./pictures.js";
import { callsOf, change, data, leafUsers, nameOf, shapeOf, stateData, tensorOf, users } from "./store.js";
import { amount, bytes, counted, duration, number, place, shapeText } from "./words.js";

const link = (ref) =>
  h(
    "button",
    { class: "link", onclick: () => change("open", { open: ref, side: "value" }) },
    nameOf(ref),
    h("i", {}, shapeText(shapeOf(ref))),
  );

const section = (id, title, ...content) => h("section", { id }, h("h3", {}, title), content);

export function nodeDetail(node) {
  const { operation, call, shape, formula, inputs, source, forward, backward, kept } = data.nodes[node];
  const { value, gradient } = stateData().nodes[node];
  const path = callsOf(call)
    .map((inside) => data.calls[inside])
    .at(-1);
  return [
    h("h2", {}, operation, h("i", {}, `#${node}`)),
    h(
      "p",
      { class: "where" },
      path ? `in ${path.path || "the model"} (${path.type})` : `in the loss, ${data.lossName}`,
    ),
    section(
      "forward",
      "Forward",
      formula && h("p", { class: "formula" }, formula.forward),
      h(
        "p",
        { class: "flow" },
        inputs.map(link),
        h("span", { class: "arrow" }, "→"),
        h("b", {}, shapeText(shape)),
      ),
      numbersOf(value, "value"),
    ),
    section(
      "backward",
      "Backward",
      h("p", {}, gradient ? arrivals(node) : "The loss does not depend on it, or training stopped before."),
      gradient && numbersOf(gradient, "gradient"),
    ),
    stateData().rules[node].map((rule) => ruleSection(node, rule)),
    section("source", "The rule's source", sourceOf(source)),
    section("kernels", "Kernels", kernelTable(forward, backward), keptList(kept)),
  ];
}

/** From whom the gradient came. */
function arrivals(node) {
  if (users[node].length === 0) return "dy is 1: this is the loss itself.";
  const from = users[node].map((user) => link({ node: user.node }));
  return [
    "dy, the gradient of the loss by this output, came from ",
    from,
    users[node].length > 1 ? " and was added up." : ".",
  ];
}

export function leafDetail(leaf) {
  const { kind, name, shape } = data.leaves[leaf];
  const { value, gradient } = stateData().leaves[leaf];
  const nudges = stateData().nudges.filter((nudge) => nudge.leaf === leaf);
  return [
    h("h2", {}, name),
    h(
      "p",
      { class: "where" },
      `${kind}, ${shapeText(shape)}, used by `,
      leafUsers[leaf].map(({ node }) => link({ node })),
    ),
    section("forward", kind === "parameter" ? "Weights" : "Values", numbersOf(value, "value")),
    gradient && section("backward", "Gradient", numbersOf(gradient, "gradient")),
    nudges.length > 0 &&
      section(
        "nudge",
        "Nudge a weight",
        nudges.map((nudge) => nudgeBlock(nudge, shape)),
      ),
  ];
}

function numbersOf(numbers, kind) {
  const figures = [
    ["least", numbers.min],
    ["largest", numbers.max],
    ["mean", numbers.mean],
    ["std", numbers.std],
    ["norm", numbers.norm],
  ];
  return h(
    "div",
    { class: `numbers ${kind}` },
    numbers.notFinite > 0 &&
      h(
        "p",
        { class: "alarm" },
        `${counted(numbers.notFinite, "number is", "numbers are")} NaN or infinite.`,
      ),
    h(
      "dl",
      {},
      figures.map(([label, x]) => h("div", {}, h("dt", {}, label), h("dd", {}, number(x)))),
      numbers.zeros > 0 &&
        h("div", {}, h("dt", {}, "zeros"), h("dd", {}, `${Number((100 * numbers.zeros).toPrecision(3))} %`)),
    ),
    histogram(numbers, kind),
    numbers.picture && picture(numbers.picture),
    numbers.table.length > 0 && numbers.table[0].length > 0 && firstNumbers(numbers.table),
  );
}

const firstNumbers = (table) =>
  h(
    "details",
    {},
    h("summary", {}, `the first ${table.length} × ${table[0].length} numbers`),
    h(
      "table",
      { class: "grid" },
      table.map((row) =>
        h(
          "tr",
          {},
          row.map((x) => h("td", {}, number(x))),
        ),
      ),
    ),
  );

/** dx_i = sum of dy_j s_ij, as a sum to read from top to bottom. */
function ruleSection(node, rule) {
  const { formula, inputs, shape } = data.nodes[node];
  const ref = inputs[rule.input];
  const [gradient, slope] = formula
    ? formula.gradients[Math.min(rule.input, formula.gradients.length - 1)]
    : ["dx = Σ dy · ∂y/∂x", "∂y/∂x"];
  const rest = rule.count - rule.terms.length;
  const rows = rule.terms.map(({ output, dy, slope: s }) =>
    h(
      "tr",
      {},
      h("td", {}, place(output, shape)),
      h("td", { class: "back" }, number(dy)),
      h("td", { class: "forth" }, number(s)),
      h("td", {}, number(dy * s)),
    ),
  );
  return section(
    `rule-${rule.input}`,
    ["Gradient of ", nameOf(ref)],
    h("p", { class: "formula" }, gradient),
    h(
      "p",
      {},
      `At ${place(rule.at, shapeOf(ref))}, where it is largest (${nameOf(ref)} is ${number(rule.value)} there): ${whatDepends(rule.count)}`,
    ),
    h(
      "table",
      { class: "terms" },
      h(
        "thead",
        {},
        h("tr", {}, h("th", {}, "output"), h("th", {}, "dy"), h("th", {}, `· ${slope}`), h("th", {}, "=")),
      ),
      h(
        "tbody",
        {},
        rows,
        rest > 0 &&
          h(
            "tr",
            { class: "rest" },
            h("td", { colspan: 3 }, `and ${counted(rest, "smaller term")}`),
            h("td", {}, number(rule.gradient - rule.terms.reduce((sum, t) => sum + t.dy * t.slope, 0))),
          ),
      ),
      h(
        "tfoot",
        {},
        h(
          "tr",
          {},
          h("td", { colspan: 3 }, "the gradient through this node"),
          h("td", {}, number(rule.gradient)),
        ),
      ),
    ),
    shareOf(node, rule),
  );
}

const whatDepends = (count) =>
  count === 1
    ? "one output depends on it."
    : `${counted(count, "output")} depend on it, so as many terms are added.`;

/** Where a tensor is used more than once, its gradient is the sum over its users. */
function shareOf(node, rule) {
  const ref = data.nodes[node].inputs[rule.input];
  const all = "node" in ref ? users[ref.node] : leafUsers[ref.leaf];
  return (
    all.length > 1 &&
    h(
      "p",
      { class: "note" },
      `${nameOf(ref)} is used ${all.length} times; its whole gradient is the sum of what comes back from each.`,
    )
  );
}

function sourceOf({ file, line, text }) {
  return [
    h("pre", {}, highlighted(text)),
    h("p", { class: "note" }, file ? `${file}, line ${line}` : "as the program runs it"),
  ];
}

/** Comments, strings and dy in colours of their own. */
function highlighted(text) {
  const parts = text.split(/(\/\/[^\n]*|"[^"\n]*"|\bd[a-z]\b|\b(?:export|const|return|function)\b)/);
  return parts.map((part, i) => {
    if (i % 2 === 0) return part;
    const kind = part.startsWith("//")
      ? "comment"
      : part.startsWith('"')
        ? "string"
        : /^d[a-z]$/.test(part)
          ? "back"
          : "keyword";
    return h("span", { class: kind }, part);
  });
}

function kernelTable(forward, backward) {
  const row =
    (way) =>
    ({ kernel, inputs, seconds, flops, bytes: moved }) =>
      h(
        "tr",
        { title: inputs.map(shapeText).join("  and  ") },
        h("td", { class: way === "forward" ? "forth" : "back" }, way === "forward" ? "↓" : "↑"),
        h("td", {}, kernel),
        h("td", {}, amount(flops)),
        h("td", {}, bytes(moved)),
        h("td", {}, seconds === undefined ? "" : duration(seconds)),
        h("td", {}, seconds && flops > 1000 ? Number((flops / seconds / 1e9).toPrecision(3)) : ""),
      );
  if (forward.length + backward.length === 0)
    return h("p", {}, "No kernel runs: the numbers stay where they are.");
  return h(
    "table",
    { class: "kernels" },
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        ["way", "kernel", "operations", "moved", "time", "GFLOP/s"].map((title) => h("th", {}, title)),
      ),
    ),
    h("tbody", {}, forward.map(row("forward")), backward.map(row("backward"))),
  );
}

function keptList(kept) {
  if (kept.length === 0) return h("p", {}, "Nothing of the forward pass is kept for the way back.");
  const item = ({ ref, shape, bytes: size }) =>
    h("li", {}, ref ? link(ref) : `${shapeText(shape)} of its own`, ` ${bytes(size)}`);
  return [
    h("p", {}, "Kept from forward for the way back, because the rule reads it:"),
    h("ul", { class: "kept" }, kept.map(item)),
  ];
}

function nudgeBlock(nudge, shape) {
  const { at, weight, gradient, difference } = nudge;
  const off = Math.abs(gradient - difference) / Math.max(Math.abs(gradient), Math.abs(difference), 1e-30);
  return h(
    "div",
    { class: "nudged" },
    h(
      "p",
      {},
      `The weight at ${place(at, shape)} is ${number(weight)}. Dots: the loss computed anew for each value. Line: what the gradient says.`,
    ),
    nudgeCurve(nudge),
    h(
      "dl",
      {},
      h("div", {}, h("dt", {}, "by the gradient"), h("dd", { class: "back" }, number(gradient))),
      h("div", {}, h("dt", {}, "by finite difference"), h("dd", {}, number(difference))),
      h("div", {}, h("dt", {}, "apart"), h("dd", {}, `${Number((100 * off).toPrecision(2))} %`)),
    ),
  );
}

export const detailOf = (open) => ("node" in open ? nodeDetail(open.node) : leafDetail(open.leaf));
export const isThere = (open) => tensorOf(open) !== undefined;
