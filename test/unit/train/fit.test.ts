import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { setBackend } from "../../../src/backend/current.js";
import { RandomStream } from "../../../src/base/random-stream.js";
import { ReferenceBackend } from "../../../src/backend/reference/reference-backend.js";
import { Sequential } from "../../../src/models/sequential.js";
import { Dense, Dropout } from "../../../src/nn/index.js";
import { meanSquaredError } from "../../../src/nn/losses.js";
import { log, mean, mul, sub } from "../../../src/ops/index.js";
import { Adam } from "../../../src/optim/index.js";
import { DivergedError, fit } from "../../../src/train/fit.js";
import type { FitOptions } from "../../../src/train/fit-options.js";
import { MovingAverage } from "../../../src/train/moving-average.js";
import type { Snapshot } from "../../../src/train/snapshot.js";

let backend: ReferenceBackend;
beforeEach(() => setBackend((backend = new ReferenceBackend({ precision: "float32" }))));
afterEach(() => backend.close());

function samples(count: number, width: number) {
  const stream = new RandomStream(5, 0);
  const data = Float32Array.from({ length: count * width }, () => stream.uniform());
  return { data, shape: [count, width] };
}

const net = () =>
  new Sequential([
    new Dense(6, { activation: "tanh" }),
    new Dropout(0.25),
    new Dense(8, { activation: "sigmoid" }),
  ]);

const options = (more: Partial<FitOptions> = {}): FitOptions => ({
  optimizer: new Adam(1e-2),
  loss: meanSquaredError,
  batchSize: 7,
  seed: 3,
  steps: 40,
  ...more,
});

async function weights(model: Sequential) {
  const out: number[][] = [];
  for (const t of model.parameters().values()) out.push([...(await t.data())]);
  return out;
}

describe("fit", () => {
  const x = samples(20, 8);

  it("lowers the loss, replayed or eager, to the same bits", async () => {
    const losses: number[][] = [[], []];
    const models = [net(), net()];
    for (const [i, model] of models.entries())
      await fit(model, { x, y: x }, options({ eager: i === 1, onStep: (r) => losses[i].push(r.loss) }));
    expect(losses[0]).toEqual(losses[1]);
    expect(await weights(models[0])).toEqual(await weights(models[1]));
    expect(losses[0].at(-1)).toBeLessThan(losses[0][0]);
  });

  it("keeps a moving average of the weights, which resumes to the same bits", async () => {
    const kernel = [...net().build(x.shape, 3).parameters().keys()][0];
    const averaged = async (more: Partial<FitOptions>, average = net()) => {
      average.build(x.shape, 3);
      const snapshots: Snapshot[] = [];
      const path: number[][] = [];
      const model = net();
      await fit(
        model,
        { x, y: x },
        {
          ...options({ steps: 6, snapshotEvery: 1, onSnapshot: (s) => void snapshots.push(s), ...more }),
          average: new MovingAverage(average, 0.6),
        },
      );
      for (let step = 0; step <= 6; step++) {
        const at = snapshots.find((s) => s.step === step);
        if (at) path.push([...at.tensors.get(`model.${kernel}`)!.data]);
      }
      return { average: await weights(average), snapshots, path };
    };
    const whole = await averaged({});
    const resumed = await averaged({ resume: whole.snapshots[3] });
    expect(resumed.average).toEqual(whole.average);
    expect((await averaged({ eager: true })).average).toEqual(whole.average);
    // By hand: the decay is 0.1, 2/11, 3/12, ... until it reaches 0.6.
    const expected = whole.path[0].slice();
    for (const [step, now] of whole.path.slice(1).entries())
      now.forEach(
        (w, i) => (expected[i] += (1 - Math.min(0.6, (1 + step) / (10 + step))) * (w - expected[i])),
      );
    const last = whole.snapshots.find((s) => s.step === 6)!.tensors.get(`average.${kernel}`)!.data;
    expected.forEach((value, i) => expect(last[i]).toBeCloseTo(value, 5));
  });

  it("resumes from any snapshot to the same bits", async () => {
    const snapshots: Snapshot[] = [];
    const whole = net();
    await fit(whole, { x, y: x }, options({ snapshotEvery: 13, onSnapshot: (s) => void snapshots.push(s) }));
    expect(snapshots.map((s) => s.step)).toEqual([0, 13, 26, 39, 40]);
    for (const resume of snapshots.slice(1, 3)) {
      const continued = net();
      await fit(continued, { x, y: x }, options({ resume }));
      expect(await weights(continued)).toEqual(await weights(whole));
    }
  });

  it.each([
    ["steps", { steps: 3 }, 3],
    ["epochs", { steps: undefined, epochs: 2 }, 6],
    ["minutes", { steps: undefined, minutes: 0 }, 0],
    ["stopLoss", { stopLoss: 10 }, 1],
    ["patience", { patience: 2, validation: { everySteps: 1, measure: async () => 1 } }, 3],
  ] as const)("stops by %s", async (reason, more, steps) => {
    const result = await fit(net(), { x, y: x }, options(more as Partial<FitOptions>));
    expect(result).toMatchObject({ reason, steps });
  });

  it("stops by a signal after the step that is running", async () => {
    const controller = new AbortController();
    const onStep = ({ step }: { step: number }) => void (step === 4 && controller.abort());
    const result = await fit(net(), { x, y: x }, options({ signal: controller.signal, onStep }));
    expect(result).toMatchObject({ reason: "aborted", steps: 4 });
  });

  it("keeps the best validation figure", async () => {
    const figures = [1, 3, 2, 2];
    const seen: boolean[] = [];
    const validation = { everySteps: 10, measure: async () => figures.shift()! };
    const result = await fit(
      net(),
      { x, y: x },
      options({ validation, onValidation: (_s, _f, best) => void seen.push(best) }),
    );
    expect(result.best).toBe(3);
    expect(seen).toEqual([true, true, false, false]);
  });

  it("names the operation that made a loss that is not finite, and restores the last good state", async () => {
    const model = net();
    const snapshots: Snapshot[] = [];
    const loss: FitOptions["loss"] = (p, t) => mean(log(sub(mul(p, 0), mul(t, 0))));
    const training = fit(model, { x, y: x }, options({ loss, onSnapshot: (s) => void snapshots.push(s) }));
    await expect(training).rejects.toThrow(DivergedError);
    await expect(training).rejects.toThrow(/step 1 .* unary log of shape \[7, 8\] made -Infinity/);
    expect((await weights(model)).flat()).toEqual([...snapshots[0].tensors].filter(([n]) => n.startsWith("model.")).flatMap(([, t]) => [...t.data])); // prettier-ignore
  });

  it("leaves memory flat over a hundred steps", async () => {
    const bytes: number[] = [];
    await fit(
      net(),
      { x, y: x },
      options({ steps: 110, onStep: () => void bytes.push(backend.memory().bytes) }),
    );
    expect(bytes[105]).toBe(bytes[5]);
  });

  it("refuses a run without an end", async () => {
    await expect(fit(net(), { x, y: x }, options({ steps: undefined }))).rejects.toThrow(/stop condition/);
  });
});
