// What a training will take is told from real steps, which leave nothing behind. No time is checked: bench/forecast.mjs does that.

import { afterAll, beforeAll, expect, it } from "vitest";
import { currentBackend } from "../../../src/backend/current.js";
import { useBackend } from "../../../src/backend/select.js";
import { Model } from "../../../src/models/index.js";
import { readTensors, weightsOf } from "../../../src/nn/weights.js";
import { Dense, Input, meanSquaredError } from "../../../src/nn/index.js";
import { Adam } from "../../../src/optim/index.js";
import { arrayBatches } from "../../../src/train/data.js";
import { forecastOf, forecastText, stepCost } from "../../../src/train/forecast.js";

beforeAll(() => useBackend("reference"));
afterAll(() => currentBackend().close());

function network(): Model {
  const x = Input({ shape: [6] });
  return new Model({ inputs: x, outputs: new Dense(5, { useBias: false }).apply(x) });
}
const samples = {
  data: Float32Array.from({ length: 60 }, (_, i) => Math.sin(i)),
  shape: [10, 6],
};
const targets = { data: new Float32Array(50), shape: [10, 5] };

it("counts a step's operations and memory, and puts weights and optimiser back", async () => {
  const model = network().build();
  const optimizer = new Adam(0.1).build(model.parameters());
  const data = arrayBatches([samples], [targets], 10, 0, true);
  const stateOf = () => readTensors(new Map([...weightsOf(model), ...optimizer.state()]));
  const before = await stateOf();
  const cost = await stepCost(model, data, { optimizer, loss: meanSquaredError }, 0);
  expect(await stateOf()).toEqual(before);
  expect(cost.parameters).toBe(30);
  // Two products of 10 x 6 x 5 (forward, and the weights' gradient), and Adam's 13 a weight.
  const products = 2 * (2 * 10 * 6 * 5);
  expect(cost.operations).toBeGreaterThan(products + 13 * 30);
  expect(cost.operations).toBeLessThan(products + 13 * 30 + 10 * 50); // the loss's few a number
  // Weights, Adam's two numbers a weight, the batch; and an arena of less than ten predictions. In float64, as this backend is.
  const numbers = 3 * 30 + 60 + 50;
  expect(cost.bytes).toBeGreaterThan(8 * numbers);
  expect(cost.bytes).toBeLessThan(8 * (numbers + 10 * 50 + 64 * 10));
});

it("a whole training is its steps and its validations", () => {
  const cost = { parameters: 1, operations: 2e6, bytes: 3e6, seconds: 0.5, secondsBefore: 1 };
  const whole = forecastOf(cost, { steps: 100, batchSize: 8, validations: 3, validationSeconds: 4 });
  expect(whole.totalSeconds).toBe(1 + 50 + 12);
  expect(forecastText(whole)).toBe(
    "A step of 8 samples: 2 M operations, 500 ms on this machine (reference, 4 MFLOP/s)\n" +
      "Memory: 3 MB for weights, optimizer, batch and activations\n" +
      "Time: about 1:03 for 100 steps, 3 validations of 4 s",
  );
});

it("summary says it of a compiled model", async () => {
  const model = network();
  model.compile({ optimizer: "adam", loss: "mse" });
  const lines: string[] = [];
  const printFn = (text: string) => void lines.push(...text.split("\n"));
  const before = await readTensors(weightsOf(model));
  const training = { x: samples, y: targets, epochs: 3, batchSize: 4, validationSplit: 0.2 };
  const told = await model.summary({ printFn, training });
  expect(told.training).toMatchObject({ steps: 6, batchSize: 4, validations: 3, parameters: 30 });
  expect(lines.at(-1)).toMatch(/^Time: about \d+:\d\d for 6 steps, 3 validations of /);
  expect(await readTensors(weightsOf(model))).toEqual(before);
});
