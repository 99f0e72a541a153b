// How right is what `fovea train --dry-run` and model.summary({ training }) say? Networks of several kinds: the forecast, the training
// itself, the forecast again; the ratio of what it took to the mean of the two. In turn and several rounds, as other work on the machine
// comes and goes; the median round counts.
//   node bench/forecast.mjs [--seconds 10] [--rounds 3] [--backend auto]

import { parseArgs } from "node:util";
import {
  Conv2D,
  Dense,
  Input,
  MaxPooling2D,
  Model,
  memory,
  UpSampling2D,
  useBackend,
} from "../dist/index.js";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "10" },
    rounds: { type: "string", default: "3" },
    backend: { type: "string", default: "auto" },
  },
});
const backend = await useBackend(values.backend);

function dense(...units) {
  const inputs = Input({ shape: [784] });
  let x = inputs;
  for (const n of units) x = new Dense(n, { activation: "relu" }).apply(x);
  return new Model({ inputs, outputs: new Dense(784, { activation: "sigmoid" }).apply(x) });
}

function convolutional(side, ...filters) {
  const inputs = Input({ shape: [side, side, 1] });
  let x = inputs;
  const conv = (n) => new Conv2D(n, 3, { padding: "same", activation: "relu" });
  for (const n of filters) x = new MaxPooling2D({ poolSize: 2 }).apply(conv(n).apply(x));
  for (const n of [...filters].reverse()) x = new UpSampling2D({ size: 2 }).apply(conv(n).apply(x));
  return new Model({ inputs, outputs: new Conv2D(1, 3, { padding: "same" }).apply(x) });
}

const networks = {
  "dense 784-32-784": { make: () => dense(32), batchSize: 256, row: 784, count: 20000 },
  "dense 784-512-256-32-256-512-784": { make: () => dense(512, 256, 32, 256, 512), batchSize: 256, row: 784, count: 20000 }, // prettier-ignore
  "convolutional 28x28, 16-8": {
    make: () => convolutional(28, 16, 8),
    batchSize: 128,
    row: 784,
    count: 4000,
  },
  "convolutional 64x64, 32-64": { make: () => convolutional(64, 32, 64), batchSize: 16, row: 4096, count: 400 }, // prettier-ignore
};

const { cores, isa } = backend.info?.() ?? {};
console.log(`${backend.name}${isa ? `, ${isa}, ${cores} cores` : ""}`);
const median = (numbers) => numbers.sort((a, b) => a - b)[numbers.length >> 1];

/** One fresh network: told, trained, told again. */
async function round({ make, batchSize, row, count }) {
  const model = make();
  model.compile({ optimizer: "adam", loss: "mse" });
  const x = { data: Float32Array.from({ length: count * row }, (_, i) => (i % 251) / 251), shape: [count, ...model.inputShapes[0].slice(1)] }; // prettier-ignore
  const forecast = async () =>
    (await model.summary({ printFn: () => {}, training: { x, y: x, epochs: 1, batchSize } })).training;
  const secondsOf = ({ secondsBefore, seconds, steps }, epochs) => secondsBefore + epochs * steps * seconds;
  const before = await forecast();
  const epochs = Math.max(1, Math.round(Number(values.seconds) / (before.steps * before.seconds)));
  const started = performance.now();
  let bytes = 0;
  const look = { onBatchEnd: () => (bytes = memory().bytes) };
  await model.fit(x, x, { epochs, batchSize, verbose: 0, callbacks: [look] });
  const took = (performance.now() - started) / 1000;
  const told = [secondsOf(before, epochs), secondsOf(await forecast(), epochs)];
  return { took, told, bytes: [before.bytes, bytes] };
}

let worst = 1;
for (const [name, network] of Object.entries(networks)) {
  const rounds = [];
  for (let i = 0; i < Number(values.rounds); i++) rounds.push(await round(network));
  const ratio = median(rounds.map(({ took, told }) => (2 * took) / (told[0] + told[1])));
  const [first] = rounds;
  if (Math.abs(Math.log(ratio)) > Math.abs(Math.log(worst))) worst = ratio;
  const each = rounds.map(({ took, told }) => `${told.map((s) => s.toFixed(1)).join(" and ")} s took ${took.toFixed(1)}`); // prettier-ignore
  const [told, seen] = first.bytes.map((bytes) => (bytes / 1e6).toFixed(1));
  console.log(`${name}: told ${each.join(", ")}: median ratio ${ratio.toFixed(2)}; memory told ${told} MB, seen ${seen} MB`); // prettier-ignore
}
console.log(`worst ratio ${worst.toFixed(2)}: ${Math.abs(worst - 1) <= 0.2 ? "within" : "NOT within"} 20 %`);
if (Math.abs(worst - 1) > 0.2) process.exitCode = 1;
await backend.close();
