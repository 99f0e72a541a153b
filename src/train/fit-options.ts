// What fit() is told: stop conditions, batches, validation, snapshots, reports; and the check of it.

import { checkOptions, describe } from "../base/arguments.js";
import { UserError } from "../base/errors.js";
import { Layer } from "../nn/layer.js";
import type { Loss } from "../nn/losses.js";
import { Optimizer } from "../optim/index.js";
import type { Ranks } from "../ranks/ranks.js";
import type { MovingAverage } from "./moving-average.js";
import type { Objective } from "./objective.js";
import type { Snapshot } from "./snapshot.js";

export interface StepReport {
  /** Steps done, this one included. */
  readonly step: number;
  readonly loss: number;
  /** The loss, its parts where there are several, and the metrics, by name. */
  readonly figures: Readonly<Record<string, number>>;
  readonly learningRate: number;
  readonly samplesPerSecond: number;
  /** How much of the run is done, in [0, 1], by whichever limit is nearest; 0 when there is none. */
  readonly progress: number;
  /** Seconds that are left by that limit. */
  readonly secondsLeft: number | undefined;
}

export interface Validation {
  /** Evaluate after every so many steps, or seconds, and at the end unless that is by `signal`. */
  readonly everySteps?: number;
  readonly everySeconds?: number;
  /** The figure, larger is better (a PSNR, an accuracy, minus a loss). */
  measure(): Promise<number>;
}

export type StopReason = "steps" | "epochs" | "minutes" | "stopLoss" | "patience" | "aborted";

/** What the function fit is told: optimiser, loss, when to stop, and who is told what. */
export interface FitOptions {
  optimizer: Optimizer;
  loss: Loss | Objective;
  /** Follows the weights; a new run's begins where they do. Part of every snapshot. */
  average?: MovingAverage;
  /** Stop conditions: the first that is met ends training. At least one of the first three, or `signal`, must be there. */
  epochs?: number;
  steps?: number;
  minutes?: number;
  /** Stops when the running mean of the loss over 100 steps (fewer at the start) is at or below this. */
  stopLoss?: number;
  /** Stops after so many validations without a new best. */
  patience?: number;
  /** Ctrl-C: stops after the step that is running. */
  signal?: AbortSignal;
  validation?: Validation;
  /** Learning rate by progress in [0, 1], instead of the optimiser's schedule by steps: for runs limited by minutes. */
  learningRateAt?: (progress: number) => number;
  /** For arrays: samples a batch (default 32), and the seed of their order. */
  batchSize?: number;
  seed?: number;
  /** Runs every step operation by operation instead of replaying a recorded program. */
  eager?: boolean;
  /** With others: rank 0's `resume` counts, and only rank 0 is given snapshots. */
  resume?: Snapshot;
  /**
   * Several processes that train one model: each computes its samples of every batch, and all that is told is of the whole batch.
   * Everything else here must be alike on all of them.
   */
  ranks?: Ranks;
  /** Bytes of gradients that travel together (default 1 MiB). */
  bucketBytes?: number;
  /** Steps that earlier calls have made, where learning rates, Adam's correction and random draws go on from (default 0). */
  stepsBefore?: number;
  /** Steps between snapshots (default 100); `onSnapshot` gets each, and the last one at the end. */
  snapshotEvery?: number;
  /** Seconds between snapshots instead. */
  snapshotSeconds?: number;
  onSnapshot?(snapshot: Snapshot): void | Promise<void>;
  onStep?(report: StepReport): unknown;
  onValidation?(step: number, figure: number, isBest: boolean): void | Promise<void>;
}

const fitOptions: { readonly [Name in keyof Required<FitOptions>]: true } = {
  ...{
    optimizer: true,
    loss: true,
    average: true,
    epochs: true,
    steps: true,
    minutes: true,
    stopLoss: true,
    patience: true,
  },
  ...{ signal: true, validation: true, learningRateAt: true, batchSize: true, seed: true, eager: true },
  ...{
    resume: true,
    ranks: true,
    bucketBytes: true,
    stepsBefore: true,
    snapshotEvery: true,
    snapshotSeconds: true,
  },
  ...{ onSnapshot: true, onStep: true, onValidation: true },
};

/** Throws UserError when an argument is not what fit() takes. */
export function checkFitArguments(model: unknown, data: unknown, options: FitOptions): void {
  const fail = (what: string, given: unknown): never => {
    throw new UserError(`fit: ${what}, not ${describe(given)}.`);
  };
  if (!(model instanceof Layer)) fail("the first argument is a model", model);
  if (typeof data !== "object" || data === null || !("batch" in data || ("x" in data && "y" in data)))
    fail("the second argument is the data, { x, y } or batches by number", data);
  checkOptions("fit", options, fitOptions);
  if (!(options.optimizer instanceof Optimizer))
    fail("the optimizer is an object such as new Adam()", options.optimizer);
  if (typeof options.loss !== "function" && !(options.loss && "losses" in Object(options.loss)))
    fail("the loss is a function such as meanSquaredError", options.loss);
  for (const name of ["epochs", "steps", "minutes", "stopLoss", "patience"] as const)
    if (options[name] !== undefined && !(typeof options[name] === "number" && !Number.isNaN(options[name])))
      fail(`${name} is a number`, options[name]);
}
