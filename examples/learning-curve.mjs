// How much data, how much computing? Dense autoencoders on MNIST, and how well they give back pictures that they have not seen:
//   against the number of training pictures    the same network and as many steps, from 100 pictures to all
//   against minutes                            the one with all pictures, looked at on its way
//   against parameters                         wider and narrower ones, with all pictures and as many steps
//   node examples/learning-curve.mjs --digits FOLDER

import fs from "node:fs";
import { Dense, Input, Model } from "fovea";
import { begin, meanPsnr, promise } from "./digits.mjs";
import { blue, dots, green, line, marks, orange, plot, svg, text } from "./drawing.mjs";

const { xTrain, xTest, epochs, target, picture } = await begin({ epochs: 2, target: 3 });
const batchSize = 128;
const all = xTrain.length / 784;
const steps = epochs * Math.ceil(all / batchSize);
const shown = xTest.subarray(0, 784 * Math.min(2000, xTest.length / 784));

function network(width) {
  const inputs = Input({ shape: [784] });
  const relu = (units) => new Dense(units, { activation: "relu" });
  const code = new Dense(32).apply(relu(width).apply(inputs));
  const decoded = new Dense(784, { activation: "sigmoid" }).apply(relu(width).apply(code));
  const model = new Model({ inputs, outputs: decoded });
  model.compile({ optimizer: "adam", loss: "mse" });
  return model;
}

const psnrOf = async (model) =>
  meanPsnr(await (await model.predict(shown, { batchSize: 500 })).data(), shown);

/** Trains a network for `steps` steps; gives its PSNR in the end and, with `looks`, along the way against minutes. */
async function trained(width, pictures, looks = 0) {
  const model = network(width);
  const data = xTrain.subarray(0, 784 * pictures);
  const perEpoch = Math.ceil(pictures / Math.min(batchSize, pictures));
  const curve = [];
  let [made, looking] = [0, 0];
  const started = performance.now();
  const minutes = () => (performance.now() - started - looking) / 60000;
  const look = {
    async onBatchEnd() {
      made++;
      if (looks === 0 || made % Math.ceil(steps / looks) !== 0) return;
      const [before, at] = [performance.now(), minutes()];
      curve.push([at, await psnrOf(model)]);
      looking += performance.now() - before;
    },
  };
  const epochs = Math.max(1, Math.round(steps / perEpoch));
  await model.fit(data, data, { epochs, batchSize: Math.min(batchSize, pictures), callbacks: [look], verbose: 0 }); // prettier-ignore
  const spent = minutes();
  const psnr = await psnrOf(model);
  const parameters = [...model.parameters().values()].reduce((n, p) => n + p.size, 0);
  model.dispose();
  console.log(`${pictures} pictures, ${parameters} parameters, ${made} steps, ${spent.toFixed(2)} minutes: ${psnr.toFixed(2)} dB`); // prettier-ignore
  return { psnr, parameters, curve };
}

const WIDTH = 256;
const counts = [100, 300, 1000, 3000, 10000, 30000].filter((n) => n < all);
const byPictures = [];
for (const count of counts) byPictures.push([count, (await trained(WIDTH, count)).psnr]);
const whole = await trained(WIDTH, all, 10);
byPictures.push([all, whole.psnr]);
const byParameters = [[whole.parameters, whole.psnr]];
for (const width of [16, 64, 512]) {
  const { parameters, psnr } = await trained(width, all);
  byParameters.push([parameters, psnr]);
}
byParameters.sort(([a], [b]) => a - b);

/** One panel: dB against something, in powers of ten where `logarithmic`. */
function panel(top, title, points, colour, logarithmic) {
  const place = logarithmic ? Math.log10 : (x) => x;
  const xs = points.map(([x]) => place(x));
  const ys = points.map(([, y]) => y);
  const [x0, x1] = [logarithmic ? Math.floor(Math.min(...xs)) : 0, logarithmic ? Math.ceil(Math.max(...xs)) : Math.max(...xs)]; // prettier-ignore
  const [y0, y1] = [2 * Math.floor(Math.min(...ys) / 2), 2 * Math.ceil(Math.max(...ys) / 2)];
  const { at, frame } = plot(600, 240, [x0, x1], [y0, y1], title, "PSNR, dB");
  const quarters = Array.from({ length: 5 }, (_, i) => x0 + (i * (x1 - x0)) / 4);
  const exponents = Array.from({ length: x1 - x0 + 1 }, (_, i) => x0 + i);
  const decibels = Array.from({ length: (y1 - y0) / 2 + 1 }, (_, i) => y0 + 2 * i);
  const numbers = marks(at, [x0, y0], logarithmic ? exponents : quarters, decibels, (v, axis) =>
    axis === "x" && logarithmic
      ? (10 ** v).toLocaleString("en-US", { notation: "compact" })
      : String(Number(v.toPrecision(3))),
  );
  const places = points.map(([x, y]) => at([place(x), y]));
  const last = places[places.length - 1];
  const words = text(last[0] - 8, last[1] - 10, `${ys[ys.length - 1].toFixed(1)} dB`, "end", colour);
  return `<g transform="translate(0 ${top})">${[frame, numbers, line(places, colour), dots(places, colour), words].flat().join("\n")}</g>`;
}

const file = picture("learning-curve.svg");
const panels = [
  panel(0, `training pictures (${steps} steps each)`, byPictures, blue, true),
  panel(250, "minutes of training", whole.curve, orange, false),
  panel(500, "parameters", byParameters, green, true),
];
fs.writeFileSync(file, svg(600, 750, panels));
console.log(`Wrote ${file}`);
promise("gain from all pictures over the fewest, dB", whole.psnr - byPictures[0][1], "at least", target);
