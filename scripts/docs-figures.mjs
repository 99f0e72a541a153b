// Draws the figures of docs/, each from numbers that the engine computes here. Run after a change: node scripts/docs-figures.mjs
import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Dense, grad, mean, Sequential, square, tensor, useBackend } from "fovea";
import { blue, dots, grey, line, orange, plot, svg, text } from "../examples/drawing.mjs";

/** Page 2: three operations, values forward above, slopes backward below. */
function chain() {
  const boxes = ["w", "a = 3 w", "b = a + 1", "loss = b²"].map((name, i) => [name, 70 + 150 * i]);
  const values = ["2", "6", "7", "49"];
  const slopes = ["42", "14", "14", "1"];
  const factors = ["· 3", "· 1", "· 2 b"];
  return svg(
    600,
    150,
    boxes.map(([name, x]) => [
      `<rect x="${x - 48}" y="55" width="96" height="36" rx="8" fill="none" stroke="${grey}" stroke-width="1.5"/>`,
      text(x, 78, name),
    ]),
    boxes.map(([, x], i) => [
      text(x, 42, values[i], "middle", blue),
      text(x, 114, slopes[i], "middle", orange),
    ]),
    factors.map((factor, i) => [
      `<path d="M${122 + 150 * i},66h46m-7,-4l7,4l-7,4" fill="none" stroke="${blue}" stroke-width="1.5"/>`,
      `<path d="M${168 + 150 * i},80h-46m7,-4l-7,4l7,4" fill="none" stroke="${orange}" stroke-width="1.5"/>`,
      text(145 + 150 * i, 98, factor, "middle", orange),
    ]),
    text(70, 22, "forward: values", "middle", blue),
    text(520, 138, "backward: slopes", "middle", orange),
  );
}

const power = (n) => `10<tspan dy="-5" font-size="10">${String(n).replace("-", "−")}</tspan>`;

/** Page 7: the error of a finite difference against its step. */
async function steps() {
  const { at, frame } = plot(600, 300, [-10, 0], [-12, 1], "step h", "error of the slope of eˣ at 1");
  const curves = [];
  for (const [precision, colour] of [
    ["float32", orange],
    ["float64", blue],
  ]) {
    await useBackend("reference", { precision });
    const points = [];
    for (let e = -10; e <= -0.5; e += 0.5) {
      const h = 10 ** e;
      const value = async (x) => tensor(x).exp().item();
      const error = Math.abs(((await value(1 + h)) - (await value(1 - h))) / (2 * h) - Math.E);
      points.push(at([e, Math.max(-12, Math.log10(error))]));
    }
    curves.push(
      line(points, colour),
      dots(points, colour),
      text(points[3][0], points[3][1] - 10, precision, "middle", colour),
    );
  }
  const marks = [-10, -8, -6, -4, -2, 0].map((e) => text(at([e, -12])[0], at([e, -12])[1] + 18, power(e)));
  const sides = [-12, -9, -6, -3, 0].map((e) =>
    text(at([-10, e])[0] - 8, at([-10, e])[1] + 4, power(e), "end"),
  );
  return svg(600, 300, frame, marks, sides, curves);
}

/** Page 6: how large the gradient is in each of ten layers. */
async function depth() {
  await useBackend("reference", { precision: "float64" });
  const { at, frame } = plot(600, 280, [0.5, 10.5], [-8, 0], "layer", "gradient as a share of the weights");
  const batch = tensor(
    Float64Array.from({ length: 160 }, (_, i) => Math.sin(i * i)),
    [16, 10],
  );
  const norm = async (t) => Math.hypot(...(await t.data()));
  const curves = [];
  for (const [activation, kernelInitializer, colour] of [
    ["sigmoid", "glorotUniform", orange],
    ["relu", "heUniform", blue],
  ]) {
    const layers = Array.from({ length: 10 }, () => new Dense(10, { activation, kernelInitializer }));
    const model = new Sequential(layers).build([16, 10]);
    const kernels = [...model.parameters()].filter(([name]) => name.endsWith("kernel")).map(([, p]) => p);
    const gradients = grad(mean(square(model.call(batch))), kernels);
    const points = [];
    for (const [i, g] of gradients.entries())
      points.push(at([i + 1, Math.log10((await norm(g)) / (await norm(kernels[i])))]));
    curves.push(
      line(points, colour),
      dots(points, colour),
      text(points[4][0], points[4][1] - 12, activation, "middle", colour),
    );
  }
  const marks = Array.from({ length: 10 }, (_, i) =>
    text(at([i + 1, -8])[0], at([i + 1, -8])[1] + 18, i + 1),
  );
  const sides = [-8, -6, -4, -2, 0].map((e) =>
    text(at([0.5, e])[0] - 8, at([0.5, e])[1] + 4, power(e), "end"),
  );
  return svg(600, 280, frame, marks, sides, curves);
}

/** Page 10: the U, with its skips. */
function u() {
  const level = [
    [60, 40],
    [130, 110],
    [200, 180],
  ];
  const box = (x, y, w, words) => [
    `<rect x="${x}" y="${y}" width="${w}" height="30" rx="6" fill="none" stroke="${grey}" stroke-width="1.5"/>`,
    text(x + w / 2, y + 20, words),
  ];
  const arrow = (d, colour) =>
    `<path d="${d}" fill="none" stroke="${colour}" stroke-width="2" marker-end="url(#head-${colour.slice(1)})"/>`;
  const head = (colour) =>
    `<marker id="head-${colour.slice(1)}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0,0L8,4L0,8z" fill="${colour}"/></marker>`;
  return svg(
    600,
    240,
    `<defs>${head(blue)}${head(grey)}</defs>`,
    level
      .slice(0, 2)
      .map(([x, y], i) => [
        box(x, y, 90, `enc.${i}`),
        box(450 - x + 60, y, 90, `dec.${i}`),
        arrow(`M${x + 95},${y + 15}H${450 - x + 55}`, blue),
      ]),
    box(222, 180, 156, "enc.2"),
    level
      .slice(0, 2)
      .map(([x, y]) => [
        arrow(`M${x + 45},${y + 32}L${x + 85},${y + 66}`, grey),
        arrow(`M${470 - x},${y + 66}L${505 - x + 2},${y + 34}`, grey),
      ]),
    text(300, 48, "skip: values forward, gradients back", "middle", blue),
    text(300, 118, "skip", "middle", blue),
    text(88, 98, "halve", "end"),
    text(512, 98, "double", "start"),
  );
}

export const figures = { "chain.svg": chain, "depth.svg": depth, "steps.svg": steps, "u.svg": u };

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = fileURLToPath(new URL("../docs/figures/", import.meta.url));
  mkdirSync(folder, { recursive: true });
  for (const [name, draw] of Object.entries(figures)) writeFileSync(folder + name, await draw());
}
