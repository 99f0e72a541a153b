// Walking through the pass one operation at a time: forward to the loss, then back to the weights.

import { h } from "./dom.js";
import { change, data, unfoldTo, view } from "./store.js";
import { shapeText } from "./words.js";

const count = data.nodes.length;
const steps = data.failure ? count : 2 * count;
const nodeAt = (step) => (step < count ? step : 2 * count - 1 - step);

/** Goes to a step; below the first and above the last, everything is shown. */
export function walkTo(step) {
  if (step < 0 || step >= steps) return change("walked", { walked: null });
  if (unfoldTo(nodeAt(step))) change("folded", {});
  change("walked", { walked: step, open: { node: nodeAt(step) }, side: step < count ? "value" : "gradient" });
}

/** The next step (1) or the one before (-1). */
export const move = (by) => walkTo(view.walked === null ? (by > 0 ? 0 : steps - 1) : view.walked + by);

const slider = h("input", {
  type: "range",
  min: 0,
  max: steps - 1,
  step: 1,
  "aria-label": "step of the pass",
  oninput: () => walkTo(Number(slider.value)),
});
const words = h("span", { class: "step" });
const stop = h("button", { onclick: () => walkTo(-1), title: "leave the walk" }, "show all");

export const walkBar = h(
  "footer",
  { id: "walk" },
  h("button", { onclick: () => move(-1), "aria-label": "one step back", title: "one step back (↑)" }, "◀"),
  h("button", { onclick: () => move(1), "aria-label": "next step", title: "next step (↓)" }, "▶"),
  slider,
  words,
  stop,
);

export function drawWalk() {
  const { walked } = view;
  slider.value = walked ?? 0;
  stop.hidden = walked === null;
  if (walked === null) words.textContent = "walk through the pass";
  else {
    const { operation, shape } = data.nodes[nodeAt(walked)];
    words.textContent =
      walked < count
        ? `forward ${walked + 1} of ${count}: ${operation} makes ${shapeText(shape)}`
        : `backward ${walked - count + 1} of ${count}: through ${operation}`;
  }
}
