// Small drawings in SVG: histograms, the curve of the loss over a weight, the bars of gradients over the parameters.

import { h, svg } from "./dom.js";
import { number } from "./words.js";

/** A histogram without axes, for a row. */
export function spark({ histogram, min, max }, kind, width = 72, height = 22) {
  const most = Math.max(...histogram, 1);
  const step = width / histogram.length;
  const bars = histogram.map((count, i) => {
    const tall = count === 0 ? 0 : Math.max(1, (height - 2) * Math.sqrt(count / most));
    return `M${(i * step).toFixed(1)},${height}v${(-tall).toFixed(1)}h${(step - 0.4).toFixed(1)}v${tall.toFixed(1)}z`;
  });
  const zero = min < 0 && max > 0 ? ((0 - min) / (max - min)) * width : undefined;
  return svg(
    "svg",
    {
      class: `spark ${kind}`,
      width,
      height,
      viewBox: `0 0 ${width} ${height}`,
      preserveAspectRatio: "none",
      "aria-hidden": "true",
    },
    svg("path", { d: bars.join("") }),
    zero !== undefined && svg("line", { x1: zero, x2: zero, y1: 0, y2: height }),
  );
}

/** A histogram with its ends named; heights are square roots, so that few are seen beside many. */
export function histogram(numbers, kind) {
  return h(
    "div",
    { class: "histogram" },
    spark(numbers, kind, 380, 70),
    h("div", { class: "ends" }, h("span", {}, number(numbers.min)), h("span", {}, number(numbers.max))),
  );
}

/** The loss over one weight: points computed anew, and the line that the gradient says. */
export function nudgeCurve({ weight, step, losses, gradient }) {
  const [width, height, left, bottom] = [380, 170, 58, 24];
  const reach = (losses.length - 1) / 2;
  const middle = losses[reach];
  const tangent = [-reach, reach].map((k) => middle + gradient * k * step);
  const all = [...losses, ...tangent];
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const room = (high - low) * 0.08 || 1e-9;
  const x = (k) => left + ((k + reach) / (2 * reach)) * (width - left - 8);
  const y = (loss) => 6 + ((high + room - loss) / (high - low + 2 * room)) * (height - bottom - 6);
  const line = (points) =>
    points.map(([k, loss], i) => `${i ? "L" : "M"}${x(k).toFixed(1)},${y(loss).toFixed(1)}`).join("");
  const curve = losses.map((loss, i) => [i - reach, loss]);
  const label = (px, py, text, anchor) => svg("text", { x: px, y: py, "text-anchor": anchor }, text);
  return svg(
    "svg",
    {
      class: "curve",
      viewBox: `0 0 ${width} ${height}`,
      width,
      height,
      role: "img",
      "aria-label": "the loss over the weight",
    },
    svg("path", { class: "axis", d: `M${left},4V${height - bottom}H${width - 6}` }),
    svg("path", {
      class: "tangent",
      d: line([
        [-reach, tangent[0]],
        [reach, tangent[1]],
      ]),
    }),
    svg("path", { class: "loss", d: line(curve) }),
    curve.map(([k, loss]) =>
      svg("circle", { class: k === 0 ? "here" : "point", cx: x(k), cy: y(loss), r: k === 0 ? 4.5 : 3 }),
    ),
    label(left - 6, y(high) + 4, number(high), "end"),
    label(left - 6, y(low) + 4, number(low), "end"),
    [-reach, 0, reach].map((k) =>
      label(Math.min(x(k), width - 24), height - 7, number(weight + k * step), "middle"),
    ),
  );
}

/** One bar a row on a logarithmic scale, from the least to the largest. */
export function logBar(value, least, most) {
  const share =
    value > 0 && most > least ? Math.log(value / least) / Math.log(most / least) : value > 0 ? 1 : 0;
  return h("span", { class: "bar" }, h("span", { style: `width:${(6 + 94 * share).toFixed(1)}%` }));
}
