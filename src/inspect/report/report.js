// A training report: charts over the steps by uPlot, what was found, the gradients' histograms, the pictures.

const data = JSON.parse(document.getElementById("data").textContent);
const colours = [
  "#1d5fc9",
  "#b4530a",
  "#1f8a4c",
  "#8a3fc0",
  "#b3261e",
  "#00808a",
  "#9a7b00",
  "#d0509a",
  "#5f6b7a",
  "#6a8f00",
];
const darkColours = [
  "#7db1ff",
  "#ffa861",
  "#63d28f",
  "#c79bff",
  "#ff8a83",
  "#5fd4dd",
  "#e3c34f",
  "#ff9ed2",
  "#aab4c2",
  "#b5d95f",
];
const isDark = matchMedia("(prefers-color-scheme: dark)");
const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function h(tag, properties, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties ?? {})) element.setAttribute(name, value);
  element.append(...children.flat(Infinity).filter(Boolean));
  return element;
}

const short = (x) =>
  x === null || x === undefined
    ? ""
    : Math.abs(x) >= 1e5 || (x !== 0 && Math.abs(x) < 1e-3)
      ? x.toExponential(2)
      : String(Number(x.toPrecision(4)));

/** One chart: x and the series are lists of one length, null where there is nothing. */
function chart({ title, unit, x, series, logarithmic }) {
  const section = h("section", {}, h("h2", {}, title));
  document.getElementById("charts").append(section);
  const axis = {
    stroke: style("--faint"),
    grid: { stroke: style("--edge"), width: 1 },
    ticks: { stroke: style("--edge") },
    font: "12px system-ui",
  };
  const palette = isDark.matches ? darkColours : colours;
  const options = {
    width: section.clientWidth - 34,
    height: 260,
    scales: { x: { time: false }, y: { distr: logarithmic ? 3 : 1 } },
    axes: [
      { ...axis, values: (_, ticks) => ticks.map((t) => t.toLocaleString("en-US")) },
      { ...axis, size: 64, values: (_, ticks) => ticks.map((t) => (t === null ? "" : short(t))) },
    ],
    series: [
      { label: "step" },
      ...series.map(({ name, faint, points }, i) => ({
        label: name + (unit ? `, ${unit}` : ""),
        stroke: palette[i % palette.length] + (faint ? "55" : ""),
        width: faint ? 1 : 2,
        spanGaps: true,
        points: { show: Boolean(points), size: 6 },
        value: (_, value) => short(value),
      })),
    ],
  };
  const plot = new uPlot(options, [x, ...series.map(({ values }) => values)], section);
  addEventListener("resize", () => plot.setSize({ width: section.clientWidth - 34, height: 260 }));
}

function bars({ histogram }) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  for (const [name, value] of Object.entries({
    class: "bars",
    width: 160,
    height: 24,
    viewBox: "0 0 160 24",
  }))
    svg.setAttribute(name, value);
  const most = Math.max(1, ...histogram);
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  const width = 160 / histogram.length;
  path.setAttribute(
    "d",
    histogram.map((n, i) => `M${i * width},24v${-22 * Math.sqrt(n / most)}h${width - 0.6}V24z`).join(""),
  );
  svg.append(path);
  return svg;
}

const wide = (title, ...content) =>
  document.body.append(h("section", { class: "wide" }, h("h2", {}, title), content));

for (const one of data.charts) chart(one);
if (data.findings.length > 0)
  wide(
    "What was found",
    h(
      "ul",
      {},
      data.findings.map(({ step, kind, text }) =>
        h("li", {}, `step ${step.toLocaleString("en-US")}, `, h("b", {}, kind), `: ${text}`),
      ),
    ),
  );
if (data.pictures.length > 0)
  wide(
    "A picture over time",
    h(
      "div",
      { class: "pictures" },
      data.pictures.map(({ label, source }) =>
        h("figure", {}, h("img", { src: source, alt: label }), h("figcaption", {}, label)),
      ),
    ),
  );
if (data.gradients.length > 0)
  wide(
    `Gradients at step ${data.gradientStep.toLocaleString("en-US")}`,
    h(
      "div",
      { class: "scroll" },
      h(
        "table",
        {},
        h(
          "tr",
          {},
          ["parameter", "norm of the gradient", "of the weights", "least", "histogram", "largest"].map((t) =>
            h("th", {}, t),
          ),
        ),
        data.gradients.map((look) =>
          h(
            "tr",
            {},
            [look.name, short(look.gradient), short(look.weights), short(look.min)].map((t) =>
              h("td", {}, t),
            ),
            h("td", {}, bars(look)),
            h("td", {}, short(look.max)),
          ),
        ),
      ),
    ),
  );
isDark.addEventListener("change", () => location.reload());
