// The page: the header, the tape, the panel and the walk, and which key does what.

import { detailOf } from "./detail.js";
import { h } from "./dom.js";
import { drawGraph, drawMarks, graph, scrollToNode } from "./graph.js";
import { foldAll, foldLeaves } from "./outline.js";
import { overview } from "./overview.js";
import { change, data, stateData, unfoldTo, view, whenChanged } from "./store.js";
import { drawWalk, move, walkBar } from "./walk.js";
import { number } from "./words.js";

const panel = h("aside", { id: "panel", "aria-label": "details" });
const loss = h("span", { class: "loss" });
const close = h(
  "button",
  { class: "close", "aria-label": "close", onclick: () => change("open", { open: null }) },
  "✕",
);

function header() {
  const { states } = data;
  const label = h("output", {}, states[view.state].label);
  const slider = h("input", {
    type: "range",
    min: 0,
    max: states.length - 1,
    value: view.state,
    "aria-label": "state of the weights",
  });
  slider.addEventListener("input", () => {
    label.textContent = states[slider.value].label;
    change("state", { state: Number(slider.value) });
  });
  const button = (text, act) => h("button", { onclick: act }, text);
  const refold = (fold) => () => {
    view.folded.clear();
    fold();
    change("folded", {});
  };
  return h(
    "header",
    {},
    h("h1", {}, data.title),
    loss,
    states.length > 1 && h("label", { class: "states" }, "weights", slider, label),
    h(
      "span",
      { class: "buttons" },
      button("fold all", refold(foldAll)),
      button("fold layers", refold(foldLeaves)),
      button(
        "unfold",
        refold(() => undefined),
      ),
    ),
  );
}

function drawPanel() {
  panel.replaceChildren(...[view.open ? [close, detailOf(view.open)] : overview()].flat(3).filter(Boolean));
  panel.classList.toggle("opened", view.open !== null);
  const target = view.open && view.side === "gradient" ? panel.querySelector("#backward") : null;
  panel.scrollTop = target ? target.offsetTop - 12 : 0;
}

function drawLoss() {
  loss.textContent = data.failure ? "stopped by a mistake" : `${data.lossName} ${number(stateData().loss)}`;
  loss.classList.toggle("alarm", Boolean(data.failure));
}

whenChanged((what) => {
  if (what === "folded" || what === "state") drawGraph();
  drawMarks();
  drawWalk();
  drawLoss();
  if (what !== "folded") drawPanel();
  if (view.open && "node" in view.open && what !== "folded") scrollToNode(view.open.node);
});

addEventListener("keydown", (event) => {
  if (event.target instanceof HTMLInputElement || event.altKey || event.ctrlKey || event.metaKey) return;
  if (event.key === "ArrowDown" || event.key === "ArrowRight") move(1);
  else if (event.key === "ArrowUp" || event.key === "ArrowLeft") move(-1);
  else if (event.key === "Escape") change("open", { open: null, walked: null });
  else return;
  event.preventDefault();
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => change("state", {}));
new ResizeObserver(() => drawGraph()).observe(graph);

document.getElementById("app").replaceChildren(header(), h("main", {}, graph, panel), walkBar);
if (data.nodes.length > 40) foldLeaves();
const asked = /^#node-(\d+)$/.exec(location.hash);
if (asked && data.nodes[asked[1]]) {
  unfoldTo(Number(asked[1]));
  change("open", { open: { node: Number(asked[1]) } });
}
drawGraph();
drawWalk();
drawLoss();
drawPanel();
