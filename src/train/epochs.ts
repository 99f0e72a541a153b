// Epochs round the training loop (fit.ts), as Keras counts them: figures averaged over an epoch, callbacks, a history.

import type { AnyLayer } from "../nn/layer.js";
import type { Optimizer } from "../optim/index.js";
import type { Callback, History, Logs, Trained } from "./callbacks.js";
import type { TrainingData } from "./data.js";
import { fit } from "./fit.js";
import type { Objective } from "./objective.js";

export interface EpochsOptions {
  readonly optimizer: Optimizer;
  readonly objective: Objective;
  readonly eager: boolean;
  readonly epochs: number;
  readonly seed: number;
  /** What earlier calls have done: the learning rate, random draws and the samples' order go on from there. */
  readonly before: { readonly steps: number; readonly epochs: number };
  readonly callbacks: readonly Callback[];
  /** Figures of the validation after an epoch; none without one. */
  validate(): Promise<Logs>;
  readonly signal?: AbortSignal;
}

/** Trains for some epochs. Resolves to their figures and the number of steps that were made. */
export async function trainEpochs(
  model: AnyLayer & Trained,
  data: TrainingData,
  options: EpochsOptions,
): Promise<{ history: History; steps: number }> {
  const { optimizer, objective: loss, eager, epochs, seed, before, callbacks } = options;
  const { stepsPerEpoch } = data;
  const history: History = { epoch: [], history: {} };
  const stop = new AbortController();
  model.stopTraining = false;
  let totals: Record<string, number> = {};
  let logs: Logs = {};
  const average = (steps: number): Logs =>
    Object.fromEntries(Object.entries(totals).map(([name, total]) => [name, total / steps]));
  const each = async (does: (callback: Callback) => unknown): Promise<void> => {
    for (const callback of callbacks) await does(callback);
    if (model.stopTraining) stop.abort();
  };
  const endOfEpoch = async (): Promise<number> => {
    const epoch = history.epoch.length;
    const validated = Object.entries(await options.validate());
    logs = {
      ...average(stepsPerEpoch),
      ...Object.fromEntries(validated.map(([name, figure]) => [`val_${name}`, figure])),
    };
    history.epoch.push(epoch);
    for (const [name, figure] of Object.entries(logs)) (history.history[name] ??= []).push(figure);
    await each((c) => c.onEpochEnd?.(epoch, logs));
    if (epoch + 1 < epochs && !model.stopTraining) await each((c) => c.onEpochBegin?.(epoch + 1));
    return -(logs.val_loss ?? logs.loss);
  };

  await each((c) => c.onTrainBegin?.(model));
  await each((c) => c.onEpochBegin?.(0));
  const { steps } = await fit(
    model,
    { ...data, batch: (step, rows) => data.batch(before.epochs * stepsPerEpoch + step, rows) },
    {
      ...{ optimizer, loss, eager, epochs, seed, stepsBefore: before.steps },
      signal: options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal,
      onStep: async ({ step, figures }) => {
        const batch = (step - 1) % stepsPerEpoch;
        if (batch === 0) totals = {};
        for (const [name, figure] of Object.entries(figures)) totals[name] = (totals[name] ?? 0) + figure;
        await each((c) => c.onBatchEnd?.(batch, average(batch + 1)));
      },
      validation: { everySteps: stepsPerEpoch, measure: endOfEpoch },
    },
  );
  await each((c) => c.onTrainEnd?.(logs));
  return { history, steps };
}
