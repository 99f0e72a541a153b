// compile, fit, evaluate: what names mean, what samples may be given as, callbacks, and mistakes in one sentence.

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { setBackend } from "../../../src/backend/current.js";
import { ReferenceBackend } from "../../../src/backend/reference/reference-backend.js";
import { host } from "../../../src/base/host.js";
import { Sequential } from "../../../src/models/sequential.js";
import { type CallContext, Dense, Input, l1, Layer, meanSquaredError } from "../../../src/nn/index.js";
import { mean, square } from "../../../src/ops/index.js";
import { Adam } from "../../../src/optim/index.js";
import { tensor, type Tensor } from "../../../src/tensor/tensor.js";
import { EarlyStopping } from "../../../src/train/callbacks.js";
import { arrayBatches } from "../../../src/train/data.js";
import { fit as fitLoop } from "../../../src/train/fit.js";
import { barLine, epochLine } from "../../../src/train/progress-bar.js";

beforeEach(() => setBackend(new ReferenceBackend({ precision: "float32" })));
afterEach(() => vi.restoreAllMocks());

const rows = [[0, 1], [1, 0], [1, 1], [0, 0], [0.5, 0.5], [0.2, 0.9]]; // prettier-ignore
const net = (units = 2) =>
  new Sequential([Input({ shape: [2] }), new Dense(units, { activation: "sigmoid" })]);
const quiet = { verbose: 0 } as const;

function compiled(more: object = {}, units = 2) {
  const model = net(units);
  model.compile({ optimizer: "adam", loss: "mse", ...more });
  return model;
}

describe("samples", () => {
  it("may be nested arrays, typed arrays, tensors or { data, shape }, with the same result", async () => {
    const flat = Float32Array.from(rows.flat());
    const forms = [rows, flat, [...rows.map((row) => [row[0], row[1]])], tensor(rows), { data: flat, shape: [6, 2] }]; // prettier-ignore
    const losses = [];
    for (const form of forms)
      losses.push((await compiled().fit(form, form, { epochs: 2, ...quiet })).history);
    for (const other of losses) expect(other).toEqual(losses[0]);
  });

  it("are refused by name where they do not fit", async () => {
    const model = compiled();
    const refused = (x: unknown, y: unknown, options: object = {}) =>
      expect(model.fit(x as never, y as never, { ...quiet, ...options })).rejects;
    await refused(new Float32Array(7), rows).toThrow(
      "7 numbers of x are no whole number of samples of shape [2]",
    );
    await refused(rows, rows.slice(1)).toThrow("x holds 6 samples and y 5");
    await refused([[1, 2, 3]], rows).toThrow("each sample of x has the shape [3], and the model takes [2]");
    await refused({ data: [1, 2, 3], shape: [2, 2] }, rows).toThrow(
      "x.data holds 3 numbers and the shape [2, 2] needs 4",
    );
    await refused("digits", rows).toThrow("x must be nested arrays");
    await refused([], rows).toThrow(/at least 1|the model takes/);
    await refused(rows, rows, { epochs: NaN }).toThrow(
      "epochs must be a whole number of at least 1, not NaN",
    );
    await refused(rows, rows, { batchSize: 0 }).toThrow(
      "batchSize must be a whole number of at least 1, not 0",
    );
    await refused(rows, rows, { batch_size: 2 }).toThrow(
      'fit has no option "batch_size"; did you mean "batchSize"?',
    );
    await refused(rows, rows, { validationSplit: 1 }).toThrow("validationSplit must lie in [0, 1)");
    await refused([[0, 1]], [[0, 1]], { validationSplit: 0.5 }).toThrow(
      "leaves nothing of 1 samples to train on",
    );
    await expect(net().fit(rows, rows)).rejects.toThrow("compile the model first");
  });

  it("of the plain loop are checked too", async () => {
    const good = { data: Float32Array.from(rows.flat()), shape: [6, 2] };
    const short = { data: new Float32Array(8), shape: [6, 2] };
    const train = (x: typeof good, options: object) =>
      fitLoop(
        net(),
        { x, y: good },
        { optimizer: new Adam(), loss: meanSquaredError, epochs: 1, ...options },
      );
    await expect(train(short, {})).rejects.toThrow("x.data holds 8 numbers and the shape [6, 2] needs 12");
    await expect(train(good, { epochs: NaN })).rejects.toThrow("fit: epochs is a number, not NaN");
    await expect(train(good, { batchSize: 0 })).rejects.toThrow(
      "batchSize must be a whole number of at least 1, not 0",
    );
  });
});

describe("compile", () => {
  it.each([
    [{ optimizer: "Adm" }, 'There is no optimizer "Adm"; did you mean "adam"?'],
    [{ optimizer: "rmsprop" }, 'There is no optimizer "rmsprop"; known are adam, adamW, sgd.'],
    [
      { loss: "binary_crossentropy" },
      'There is no loss "binary_crossentropy"; did you mean "binaryCrossentropy"?',
    ],
    [{ metrics: ["acuracy"] }, 'There is no metric "acuracy"; did you mean "accuracy"?'],
    [{ metric: ["mae"] }, 'compile has no option "metric"; did you mean "metrics"?'],
    [{ optimizer: Adam }, "the optimizer must be a name"],
  ])("%j", (options, message) => expect(() => compiled(options)).toThrow(message));
});

describe("fit", () => {
  it("learns classes given as numbers, and counts them right", async () => {
    const model = new Sequential([Input({ shape: [2] }), new Dense(3, { activation: "softmax" })]);
    model.compile({ optimizer: new Adam(0.1), loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] });
    const [x, y] = [[[0, 0], [4, 0], [0, 4], [0, 1], [5, 0], [1, 5]], Uint8Array.of(0, 1, 2, 0, 1, 2)]; // prettier-ignore
    const { history } = await model.fit(x, y, { epochs: 60, ...quiet });
    expect(history.accuracy.at(-1)).toBe(1);
    const [loss, accuracy] = (await model.evaluate(x, y)) as number[];
    expect(accuracy).toBe(1);
    expect(loss).toBeLessThan(0.2);
    expect(await model.evaluate(x, y, { returnDict: true })).toEqual({ loss, accuracy });
  });

  it("keeps the last samples for validation, unseen", async () => {
    const split = compiled({ metrics: ["mae"] });
    const { history } = await split.fit(rows, rows, { epochs: 2, validationSplit: 0.34, ...quiet });
    expect(Object.keys(history)).toEqual(["loss", "mae", "val_loss", "val_mae"]);
    const apart = compiled({ metrics: ["mae"] });
    const [train, test] = [rows.slice(0, 3), rows.slice(3)];
    const other = await apart.fit(train, train, { epochs: 2, validationData: [test, test], ...quiet });
    expect(other.history).toEqual(history);
  });

  it("goes on where it stopped when called again", async () => {
    const [once, twice] = [compiled(), compiled()];
    const options = { batchSize: 3, shuffle: false, ...quiet };
    await once.fit(rows, rows, { epochs: 4, ...options });
    await twice.fit(rows, rows, { epochs: 2, ...options });
    await twice.fit(rows, rows, { epochs: 2, ...options });
    for (const [name, t] of once.parameters())
      expect(await t.data()).toEqual(await twice.parameters().get(name)!.data());
  });

  it("calls back in Keras's order, and a callback ends it", async () => {
    const model = compiled();
    const seen: string[] = [];
    const callback = {
      onTrainBegin: () => seen.push("begin"),
      onEpochBegin: (epoch: number) => seen.push(`epoch ${epoch}`),
      onBatchEnd: (batch: number) => seen.push(`batch ${batch}`),
      onEpochEnd: async (epoch: number, logs: object) => {
        seen.push(`end ${epoch} ${Object.keys(logs).join()}`);
        model.stopTraining = epoch === 1;
      },
      onTrainEnd: () => seen.push("done"),
    };
    const { epoch } = await model.fit(rows, rows, {
      epochs: 9,
      batchSize: 3,
      callbacks: [callback],
      ...quiet,
    });
    expect(epoch).toEqual([0, 1]);
    expect(seen).toEqual(["begin", "epoch 0", "batch 0", "batch 1", "end 0 loss", "epoch 1", "batch 0", "batch 1", "end 1 loss", "done"]); // prettier-ignore
  });

  it("EarlyStopping waits, and puts the best weights back", async () => {
    const model = compiled({ optimizer: new Adam(3) }); // far too fast: it soon gets worse
    const stop = new EarlyStopping({ monitor: "loss", patience: 3, restoreBestWeights: true });
    const { history } = await model.fit(rows, rows, { epochs: 200, callbacks: [stop], ...quiet });
    const best = history.loss.indexOf(Math.min(...history.loss));
    expect(history.loss).toHaveLength(best + 4);
  });

  it("adds what layers add, and reports the parts", async () => {
    class Small extends Layer {
      protected forward(x: Tensor, { addLoss }: CallContext): Tensor {
        addLoss?.("size", mean(square(x)));
        return x;
      }
    }
    const code = new Dense(2, { activityRegularizer: l1(0.5) });
    const model = new Sequential([Input({ shape: [2] }), code, new Small()]);
    model.compile({ optimizer: "sgd", loss: "mse" });
    const figures = await model.evaluate(rows, rows, { returnDict: true, batchSize: 6 });
    expect(Object.keys(figures)).toEqual(["loss", "mse", "penalty", "size"]);
    expect(figures.loss).toBeCloseTo(figures.mse + figures.penalty + figures.size, 6);
    const codes = [...(await (await model.predict(rows)).data())];
    expect(figures.penalty).toBeCloseTo((0.5 * codes.reduce((sum, c) => sum + Math.abs(c), 0)) / 6, 6);
    const { history } = await model.fit(rows, rows, { epochs: 3, ...quiet });
    expect(history.penalty[2]).toBeLessThan(history.penalty[0]);
  });
});

describe("the progress bar", () => {
  it("is drawn as Keras draws it", () => {
    const plain = (text: string) => text.replace(/\x1b\[\d*m/g, ""); // eslint-disable-line no-control-regex
    expect(plain(barLine(235, 235, 1.2, { loss: 0.277, val_loss: 0.00001 }))).toBe("235/235 ━━━━━━━━━━━━━━━━━━━━ 1s 5ms/step - loss: 0.2770 - val_loss: 1.0000e-5"); // prettier-ignore
    expect(plain(barLine(47, 235, 47, {}))).toBe(" 47/235 ━━━━━━━━━━━━━━━━━━━━ 188s 1s/step");
    expect(barLine(47, 235, 47, {})).toContain(`\x1b[32m${"━".repeat(4)}\x1b[0m`);
    expect(epochLine(10, 0.005, { loss: 1 })).toBe("10/10 - 0s - 500us/step - loss: 1.0000");
  });

  it("is drawn in place on a terminal, and a line an epoch elsewhere", async () => {
    const log = vi.spyOn(console, "log").mockImplementation(() => undefined);
    await compiled().fit(rows, rows, { epochs: 2 });
    expect(log.mock.calls.map(([line]) => String(line))).toEqual(["Epoch 1/2", expect.stringMatching(/^1\/1 - 0s - .*loss: 0\.\d{4}$/), "Epoch 2/2", expect.any(String)]); // prettier-ignore
    const written: string[] = [];
    host.terminal = { write: (text) => written.push(text) };
    await compiled().fit(rows, rows, { epochs: 1 });
    delete host.terminal;
    expect(written[0]).toBe("Epoch 1/1\n");
    expect(written.at(-1)).toMatch(/^\r1\/1 .*loss: .*\n$/);
  });

  it("draws a batch's order anew each epoch, or not at all", () => {
    const x = { data: Float32Array.from({ length: 50 }, (_, i) => i), shape: [50] };
    const [shuffled, plain] = [arrayBatches(x, x, 50), arrayBatches(x, x, 50, 0, false)];
    expect([...plain.batch(3).inputs[0]]).toEqual([...x.data]);
    expect([...shuffled.batch(0).inputs[0]]).not.toEqual([...shuffled.batch(1).inputs[0]]);
    expect([...shuffled.batch(1).inputs[0]].sort((a, b) => a - b)).toEqual([...x.data]);
  });
});
