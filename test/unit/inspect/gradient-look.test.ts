// What is wrong with gradients is told in words, with the layer; a network that is well gets no words.
import { expect, it } from "vitest";
import { BatchNormalization, Dense, meanSquaredError, Sequential } from "../../../src/index.js";
import { findingsOf, lookAtGradients } from "../../../src/inspect/gradient-look.js";
import { randomInput } from "../../../src/inspect/gradcheck.js";
import type { Layer } from "../../../src/nn/layer.js";

const batch = (inputs: number, outputs = inputs) => {
  const of = (columns: number, seed: number) => {
    const { shape, data } = randomInput([8, columns], seed, [0, 1]);
    return { shape, data: Float32Array.from(data) };
  };
  return { inputs: [of(inputs, 1)], targets: [of(outputs, 2)] };
};
const look = (layers: Layer[], inputs = 10) =>
  lookAtGradients(new Sequential(layers).build([8, inputs]), batch(inputs), meanSquaredError);
const times = <T>(n: number, make: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => make(i));

it("a sound network is left in peace", async () => {
  const seen = await look([
    new Dense(16, { activation: "relu", kernelInitializer: "heUniform" }),
    new Dense(10),
  ]);
  expect(seen.parameters.map(({ name }) => name)).toEqual(["0.kernel", "0.bias", "1.kernel", "1.bias"]);
  expect(seen.parameters[0].histogram.reduce((a, b) => a + b, 0)).toBe(160);
  expect(findingsOf(seen)).toEqual([]);
});

it("sigmoid after sigmoid: the first layers' gradients vanish", async () => {
  const found = findingsOf(await look(times(12, () => new Dense(10, { activation: "sigmoid" }))));
  expect(found[0]).toMatchObject({ kind: "vanishing", layer: "0" });
  expect(found[0].text).toMatch(
    /^0: its gradient vanishes, \S+ of its weights and \S+ times less than that of \d+;/,
  );
  expect(found.map(({ layer }) => layer)).not.toContain("11");
});

it("weights ten times too large, layer upon layer: gradients explode", async () => {
  const large = () => Float32Array.from({ length: 100 }, (_, i) => 3 * Math.sin(7 * i + 1));
  const found = findingsOf(await look(times(6, () => new Dense(10, { kernelInitializer: large }))));
  expect(found[0]).toMatchObject({ kind: "exploding", layer: "0" });
  expect(found[0].text).toMatch(/^0: its gradient explodes, it is \S+ times as large as its weights;/);
});

it("units that a bias keeps below zero are dead", async () => {
  const biasInitializer = () => Float32Array.from({ length: 16 }, (_, i) => (i < 12 ? -100 : 1));
  const found = findingsOf(
    await look([new Dense(16, { activation: "relu", biasInitializer, name: "code" }), new Dense(10)]),
  );
  expect(found.filter(({ kind }) => kind === "dead")).toMatchObject([{ layer: "code" }]);
  expect(found.find(({ kind }) => kind === "dead")!.text).toMatch(/^code: 12 of 16 units are dead/);
});

it("a look changes nothing: moving averages are put back", async () => {
  const model = new Sequential([new Dense(4), new BatchNormalization(), new Dense(10)]).build([8, 10]);
  const values = async () =>
    Promise.all([...model.state().values()].map(async (t) => Array.from(await t.data())));
  const before = await values();
  await lookAtGradients(model, batch(10), meanSquaredError);
  expect(await values()).toEqual(before);
});
