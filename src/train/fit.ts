// fit: the classic six steps. Initialise (build), forward, loss, backpropagate, update, repeat until a stop condition.
// One step's computation is training-step.ts; what is kept of a run is snapshot.ts; files and progress bars are the caller's.

import { breather } from "../base/breathe.js";
import { UserError } from "../base/errors.js";
import { findNonFinite } from "../inspect/non-finite.js";
import { alone, type Ranks } from "../ranks/ranks.js";
import { Cadence } from "./cadence.js";
import { arrayBatches, type ArraySamples, type TrainingData } from "./data.js";
import { Decisions } from "./decisions.js";
import { checkFitArguments, type FitOptions, type StopReason, type Validation } from "./fit-options.js";
import { RankedStep } from "./ranked-step.js";
import { beginAlike, rowsOfRank, shareOf } from "./share.js";
import { restoreSnapshot, type Snapshot, takeSnapshot, type Trained } from "./snapshot.js";
import { type Trainable, TrainingStep } from "./training-step.js";

/** Why fit ended, after how many steps and minutes, and the figures then. */
export interface FitResult {
  readonly reason: StopReason;
  readonly steps: number;
  readonly minutes: number;
  /** Mean loss over the last 100 steps. */
  readonly loss: number;
  readonly best: number | undefined;
  /** Milliseconds that steps have waited for other ranks' gradients. */
  readonly waitedMs: number;
}

/** Training cannot go on: a loss is not a number. The last good snapshot has been handed out. */
export class DivergedError extends Error {
  override name = "DivergedError";
}

const window = 100;

/**
 * Trains a model in place.
 * @param data batches by number, or arrays { x, y } whose first axis counts samples
 * @throws DivergedError when the loss becomes NaN or infinite, naming the operation that made it
 */
export async function fit(
  model: Trainable,
  data: TrainingData | { x: ArraySamples; y: ArraySamples },
  options: FitOptions,
): Promise<FitResult> {
  checkFitArguments(model, data, options);
  const source = "batch" in data ? data : arrayBatches(data.x, data.y, options.batchSize, options.seed);
  const { inputShapes } = source;
  model.build(inputShapes.length === 1 ? inputShapes[0] : inputShapes, options.seed);
  const run = new Run(model, source, options);
  try {
    return await run.untilStopped();
  } finally {
    run.dispose();
  }
}

class Run {
  private readonly trainingStep: TrainingStep;
  private readonly ranks: Ranks;
  private readonly decisions: Decisions;
  private readonly validations: Cadence;
  /** Samples of all ranks in a step. */
  private readonly batchSize: number;
  private readonly trained: Trained;
  private readonly lastStep: number;
  private readonly losses: number[] = [];
  private step: number;
  private best: number | undefined;
  private sinceBest: number;
  private firstStep: number;
  private readonly stepsBefore: number;
  private minutesBefore: number;
  private readonly started = performance.now();
  private good: Snapshot | undefined;

  constructor(
    model: Trainable,
    private readonly data: TrainingData,
    private readonly options: FitOptions,
  ) {
    const { steps = Infinity, epochs = Infinity, minutes, signal, resume } = options;
    const { optimizer, loss, average, ranks = alone, bucketBytes } = options;
    this.lastStep = Math.min(steps, epochs * data.stepsPerEpoch);
    if (
      this.lastStep === Infinity &&
      minutes === undefined &&
      !signal &&
      options.stopLoss === undefined &&
      !options.patience
    )
      throw new UserError(
        "fit: give a stop condition: epochs, steps, minutes, stopLoss, patience or signal.",
      );
    this.ranks = ranks;
    this.validations = new Cadence(options.validation?.everySteps, options.validation?.everySeconds);
    this.decisions = new Decisions(ranks, {
      isAborted: () => signal?.aborted ?? false,
      minutes: () => this.minutes(),
      isValidationDue: (step) => options.validation !== undefined && this.validations.isDue(step),
    });
    [this.batchSize] = data.inputShapes[0];
    const eager = options.eager ?? false;
    if (ranks.size === 1) this.trainingStep = new TrainingStep(model, data, loss, optimizer, eager, average);
    else {
      const rows = rowsOfRank(this.batchSize, ranks);
      const ranked = { ranks, rows, decisions: this.decisions, bucketBytes };
      this.trainingStep = new RankedStep(model, data, loss, optimizer, eager, average, ranked);
      this.data = shareOf(data, rows);
    }
    this.trained = { model, optimizer, average };
    if (resume) restoreSnapshot(this.trained, resume);
    this.step = this.firstStep = resume?.step ?? 0;
    this.stepsBefore = options.stepsBefore ?? 0;
    this.minutesBefore = resume?.minutes ?? 0;
    this.best = resume?.best;
    this.sinceBest = resume?.sinceBest ?? 0;
  }

  async untilStopped(): Promise<FitResult> {
    const { snapshotEvery = 100, snapshotSeconds, validation } = this.options;
    const snapshots = new Cadence(snapshotSeconds === undefined ? snapshotEvery : undefined, snapshotSeconds);
    const breathe = breather();
    await this.beginAlike();
    await this.snapshot();
    let batch = this.data.batch(this.step);
    let reason = this.stopReason();
    while (!reason) {
      const learningRate =
        this.options.learningRateAt?.(this.progress()) ??
        this.options.optimizer.learningRate(this.stepsBefore + this.step);
      this.trainingStep.prepare(this.stepsBefore + this.step, batch, learningRate);
      const running = this.trainingStep.run();
      batch = this.data.batch(this.step + 1); // made while the step runs
      const figures = await running;
      const { loss } = figures;
      if (!Number.isFinite(loss)) await this.diverged(loss);
      this.step++;
      this.losses.push(loss);
      if (this.losses.length > window) this.losses.shift();
      await this.report(figures, learningRate);
      reason = this.stopReason();
      if (validation && (this.decisions.isValidationDue(this.step) || (reason && reason !== "aborted"))) {
        await this.validate(validation);
        this.validations.done();
        reason ??= this.stopReason();
      }
      if (snapshots.isDue(this.step) || reason) {
        await this.snapshot();
        snapshots.done();
      }
      await breathe();
    }
    return {
      ...{ reason, steps: this.step, minutes: this.minutes(), loss: this.meanLoss(), best: this.best },
      waitedMs: this.trainingStep instanceof RankedStep ? this.trainingStep.waitedMs : 0,
    };
  }

  /** All ranks go on from where rank 0 is. */
  private async beginAlike(): Promise<void> {
    const { step, minutesBefore: minutes, best, sinceBest } = this;
    const progress = await beginAlike(this.trained, { step, minutes, best, sinceBest }, this.ranks);
    this.step = this.firstStep = progress.step;
    [this.minutesBefore, this.best, this.sinceBest] = [
      progress.minutes,
      progress.best,
      progress.sinceBest ?? 0,
    ];
    await this.decisions.agree(this.step);
  }

  dispose(): void {
    this.trainingStep.dispose();
  }

  private minutes(): number {
    return this.minutesBefore + (performance.now() - this.started) / 60000;
  }

  private meanLoss(): number {
    return this.losses.reduce((a, b) => a + b, 0) / this.losses.length;
  }

  /** The nearest limit's share that is done. */
  private progress(): number {
    const byMinutes = this.options.minutes === undefined ? 0 : this.decisions.minutes / this.options.minutes;
    return Math.min(1, Math.max(byMinutes, this.step / this.lastStep));
  }

  private stopReason(): StopReason | undefined {
    const { minutes = Infinity, stopLoss = -Infinity, patience = Infinity, steps } = this.options;
    if (this.decisions.isAborted) return "aborted";
    if (this.step >= this.lastStep) return this.lastStep === steps ? "steps" : "epochs";
    if (this.decisions.minutes >= minutes) return "minutes";
    if (this.losses.length > 0 && this.meanLoss() <= stopLoss) return "stopLoss";
    if (this.sinceBest >= patience) return "patience";
    return undefined;
  }

  private async report(figures: { loss: number }, learningRate: number): Promise<void> {
    if (!this.options.onStep) return;
    const seconds = (performance.now() - this.started) / 1000;
    const progress = this.progress();
    const done = this.step - this.firstStep;
    const bySteps = (seconds / done) * (this.lastStep - this.step);
    const byMinutes = ((this.options.minutes ?? Infinity) - this.minutes()) * 60;
    const secondsLeft = Math.max(0, Math.min(bySteps, byMinutes));
    const samplesPerSecond = (done * this.batchSize) / seconds;
    await this.options.onStep({
      step: this.step,
      loss: figures.loss,
      figures,
      learningRate,
      samplesPerSecond,
      progress,
      secondsLeft: Number.isFinite(secondsLeft) ? secondsLeft : undefined,
    });
  }

  private async validate(validation: Validation): Promise<void> {
    const figure = await validation.measure();
    const isBest = this.best === undefined || figure > this.best;
    if (isBest) this.best = figure;
    this.sinceBest = isBest ? 0 : this.sinceBest + 1;
    await this.options.onValidation?.(this.step, figure, isBest);
  }

  private async snapshot(): Promise<void> {
    if (this.ranks.rank > 0) return;
    const { step, best, sinceBest } = this;
    const snapshot = await takeSnapshot(this.trained, {
      step,
      minutes: this.minutes(),
      best,
      sinceBest,
    });
    for (const [name, { data }] of snapshot.tensors)
      if (data.some((x) => !Number.isFinite(x))) return this.diverged(NaN, name);
    this.good = snapshot;
    await this.options.onSnapshot?.(snapshot);
  }

  /** Goes back to the last good snapshot and repeats from there, call by call, until the operation that broke is found. */
  private async diverged(loss: number, tensorName?: string): Promise<never> {
    const until = this.step;
    const { optimizer } = this.options;
    let found: string | undefined;
    let step = until;
    // Over ranks the operation is not looked for: what it was given may have come from another.
    if (this.good && this.ranks.size === 1) {
      restoreSnapshot(this.trained, this.good);
      for (step = this.good.step; step <= until && !found; step++) {
        const at = this.stepsBefore + step;
        const learningRate = this.options.learningRateAt?.(this.progress()) ?? optimizer.learningRate(at);
        this.trainingStep.prepare(at, this.data.batch(step), learningRate);
        found = await findNonFinite(this.trainingStep.compute);
      }
      restoreSnapshot(this.trained, this.good);
    }
    const what = tensorName ? `${tensorName} holds a number that is not finite` : `the loss became ${loss}`;
    const cause = found ? `: ${found} in step ${step}` : "";
    const kept = this.good ? `; the state after step ${this.good.step} is kept` : "";
    throw new DivergedError(
      `Training stopped at step ${until + 1} because ${what}${cause}${kept}. Try a smaller learning rate.`,
    );
  }
}
