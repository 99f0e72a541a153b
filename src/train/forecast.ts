// What a training will take, told before it: operations and memory of one step, and its time, measured on real steps. The weights
// and the optimiser's memory are put back as they were.

import { currentBackend } from "../backend/current.js";
import type { KernelCall } from "../backend/backend.js";
import { kernels } from "../backend/kernels.js";
import { clock, inBytes, inFull, inOperations, inSeconds } from "../base/units.js";
import { sizeOf } from "../base/shape.js";
import { shapesOf, type TrainingData } from "./data.js";
import { fit } from "./fit.js";
import type { FitOptions } from "./fit-options.js";
import { restoreSnapshot, type Snapshot, tensorsOf, type Trained } from "./snapshot.js";
import { type Trainable, TrainingStep } from "./training-step.js";

/** One step's cost on this machine's current backend. */
export interface StepCost {
  /** Trainable numbers. */
  readonly parameters: number;
  /** Floating-point operations of a step: forward, backward and update, counted as a direct evaluation's. */
  readonly operations: number;
  /** What the backend holds while it trains: weights, optimiser's memory, batch, and the arena of all values in between. */
  readonly bytes: number;
  /** Seconds of a step, the mean over the later half of those that were made. */
  readonly seconds: number;
  /** Seconds once, in the first steps: the program is recorded and optimised, caches and compilers warm up. */
  readonly secondsBefore: number;
}

/** The first steps, and at least the first half of them, warm caches and compilers up; their time counts as spent once. */
const warmUp = 2;
const fewestSteps = 3;

/**
 * Makes a few steps of training, at least 3 and for `seconds`, and puts everything back.
 * @param options as fit takes them; when to stop, validations and reports are left out
 */
export async function stepCost(
  model: Trainable,
  data: TrainingData,
  { optimizer, loss, average, eager, seed, signal }: FitOptions,
  seconds = 2,
): Promise<StepCost> {
  const { inputShapes } = data;
  model.build(inputShapes.length === 1 ? inputShapes[0] : inputShapes, seed);
  const plan = planned({ model, optimizer, average }, data, loss);
  const enough = new AbortController();
  const ends: number[] = [];
  let before: Snapshot | undefined;
  const started = performance.now();
  await fit(model, data, {
    ...{ optimizer, loss, average, eager, seed, learningRateAt: () => 0 },
    signal: signal ? AbortSignal.any([signal, enough.signal]) : enough.signal,
    snapshotEvery: Infinity,
    onSnapshot: (snapshot) => void (before ??= snapshot),
    onStep: () => {
      const now = performance.now();
      ends.push(now);
      const counted = ends.length - warmUp;
      if (counted >= fewestSteps && now - ends[warmUp - 1] > 1000 * seconds) enough.abort();
    },
  });
  restoreSnapshot({ model, optimizer, average }, before!);
  const first = Math.max(warmUp, Math.floor(ends.length / 2));
  const perStep = (ends[ends.length - 1] - ends[first - 1]) / (ends.length - first) / 1000;
  return {
    parameters: sum([...model.parameters().values()].map((p) => p.size)),
    ...plan,
    seconds: perStep,
    secondsBefore: Math.max(0, (ends[first - 1] - started) / 1000 - first * perStep),
  };
}

/** What follows from the step's program alone. */
function planned(
  { model, optimizer, average }: Trained,
  data: TrainingData,
  loss: FitOptions["loss"],
): Pick<StepCost, "operations" | "bytes"> {
  const step = new TrainingStep(model, data, loss, optimizer, false, average);
  const { calls, arenaLength } = step.program();
  step.dispose();
  const lasting = [...tensorsOf({ model, optimizer, average }).values()].map(({ shape }) => shape);
  const sizes = [...lasting, ...data.inputShapes, ...shapesOf(data.targetShape)].map(sizeOf);
  const flops = (call: KernelCall) => (kernels[call.kernel].flops as (call: KernelCall) => number)(call);
  return {
    operations: sum(calls.map(flops)),
    bytes: (currentBackend().precision === "float64" ? 8 : 4) * (sum(sizes) + arenaLength),
  };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

/** A whole training's cost. */
export interface Forecast extends StepCost {
  readonly steps: number;
  /** Samples of a step. */
  readonly batchSize: number;
  /** Seconds of one validation, and how many there will be. */
  readonly validationSeconds: number;
  readonly validations: number;
  /** Seconds of it all. */
  readonly totalSeconds: number;
}

/** The cost of so many such steps and validations. */
export const forecastOf = (
  cost: StepCost,
  { steps, batchSize, validationSeconds = 0, validations = 0 }: { steps: number; batchSize: number; validationSeconds?: number; validations?: number }, // prettier-ignore
): Forecast => ({
  ...{ ...cost, steps, batchSize, validationSeconds, validations },
  totalSeconds: cost.secondsBefore + steps * cost.seconds + validations * validationSeconds,
});

/** The forecast in three lines. */
export function forecastText(forecast: Forecast): string {
  const { operations, seconds, bytes, steps, batchSize, validations, validationSeconds } = forecast;
  const validating =
    validations > 0 ? `, ${inFull(validations)} validations of ${inSeconds(validationSeconds)}` : "";
  return [
    `A step of ${inFull(batchSize)} samples: ${inOperations(operations)} operations, ${inSeconds(seconds)} on this machine (${currentBackend().name}, ${inOperations(operations / seconds)}FLOP/s)`,
    `Memory: ${inBytes(bytes)} for weights, optimizer, batch and activations`,
    `Time: about ${clock(forecast.totalSeconds)} for ${inFull(steps)} steps${validating}`,
  ].join("\n");
}
