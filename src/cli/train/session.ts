// One run of `fovea train`: data, model and optimiser put together, fit() called, and what it reports written down: checkpoints,
// best weights, the log, the progress.

import fs from "node:fs";
import type { Backend } from "../../backend/backend.js";
import { UserError } from "../../base/errors.js";
import { degradePhoto } from "../../data/degrade/photo.js";
import { loadPatches } from "../../data/files.js";
import { patchBatches } from "../../data/patch-batches.js";
import type { PatchDataset } from "../../data/patches.js";
import { loadModel } from "../../enhance/files.js";
import { adaptWeights, createModel, type ImageModel, loadWeights } from "../../models/index.js";
import { readTensors, weightsOf } from "../../nn/weights.js";
import { Adam } from "../../optim/index.js";
import { openRun, RunLog, type RunFiles, writeCheckpoint } from "../../train/files.js";
import { fit, type FitResult } from "../../train/fit.js";
import type { StepReport } from "../../train/fit-options.js";
import { lockRun } from "../../train/lock-node.js";
import { MovingAverage } from "../../train/moving-average.js";
import type { Snapshot } from "../../train/snapshot.js";
import type { Interrupted } from "../interrupt.js";
import { clock, type Progress, showProgress } from "../progress.js";
import { print, printJson, rounded, say, withBackend } from "../session.js";
import { lossOf, type RunConfig, type Start, startOf, type TrainFlags } from "./run-config.js";
import { Validator } from "./validator.js";

/** Seconds between checkpoints on the disk, and between step lines of --json. */
const saveSeconds = 30;
const reportSeconds = 1;

export async function train(flags: TrainFlags, signal: AbortSignal): Promise<void> {
  if (flags.out === undefined)
    throw new UserError(
      "fovea train needs a folder to write to; add --out RUN, for example --out runs/mine.",
    );
  const isNew = !fs.existsSync(flags.out);
  const files = openRun(flags.out);
  const unlock = lockRun(files.folder);
  try {
    await trainIn(files, flags, signal);
  } finally {
    unlock();
    // A run that never began leaves no folder behind.
    if (isNew && fs.readdirSync(files.folder).length === 0) fs.rmdirSync(files.folder);
  }
}

async function trainIn(files: RunFiles, flags: TrainFlags, signal: AbortSignal): Promise<void> {
  const start = startOf(flags, files);
  await withBackend(flags, async (backend) => {
    const { config } = start;
    const patches = await loadPatches(config.data, channelsOf(config), {
      patch: config.patch,
      batchSize: config.batch,
      sigma: config.sigma,
      seed: config.seed,
      draw: config.draw,
      degrade: config.task === "photo" ? degradePhoto : undefined,
    });
    const model = await newModel(config, start.snapshot === undefined);
    const average =
      config.ema === undefined ? undefined : await newModel(config, start.snapshot === undefined);
    const better = average ?? model;
    const validator =
      config.val === undefined ? undefined : await Validator.load(config.val, better, config, flags.eager);
    const run = new Run(files, start, model, average, flags, backend);
    try {
      await run.go(patches, validator, signal);
    } catch (error) {
      throw isMemory(error) ? tooLarge(config) : error;
    } finally {
      run.close();
      validator?.dispose();
      model.dispose();
      average?.dispose();
    }
  });
}

/** The run's network as it begins: drawn from the seed, or from --init. */
async function newModel({ model: described, seed, init }: RunConfig, begins: boolean): Promise<ImageModel> {
  const model = createModel(described, seed);
  if (init === undefined || !begins) return model;
  const { model: source, file } = loadModel(init);
  const weights = adaptWeights(await readTensors(weightsOf(source)), source.config, model);
  source.dispose();
  loadWeights(model, weights, file);
  return model;
}

/** Arrays that cannot be had, in the words of JavaScript and of C++. */
const isMemory = (error: unknown): boolean =>
  error instanceof Error &&
  /allocation failed|invalid typed array length|invalid array.* length|bad_alloc|out of memory/i.test(
    error.message,
  );

const tooLarge = ({ batch, patch }: RunConfig): UserError =>
  new UserError(
    `--batch ${batch} with --patch ${patch} takes more memory than there is; give fewer or smaller patches.`,
  );

const channelsOf = (config: RunConfig) => config.model.options.channels as 1 | 3;

class Run {
  private readonly log: RunLog;
  private readonly progress: Progress;
  private readonly fromStep: number;
  private lastReport = -Infinity;
  private validation = "";
  private lossMean: number | undefined;

  constructor(
    private readonly files: RunFiles,
    private readonly start: Start,
    private readonly model: ImageModel,
    private readonly average: ImageModel | undefined,
    private readonly flags: TrainFlags,
    private readonly backend: Backend,
  ) {
    this.fromStep = start.snapshot?.step ?? 0;
    this.log = new RunLog(files.log, this.fromStep);
    this.progress = showProgress("train");
  }

  async go(patches: PatchDataset, validator: Validator | undefined, signal: AbortSignal): Promise<void> {
    const { config, snapshot } = this.start;
    const optimizer = new Adam(config.lr);
    if (snapshot) checkFits(snapshot, this.model, this.average, this.files.checkpoint);
    const average = this.average && new MovingAverage(this.average, config.ema!);
    this.announce(patches);
    try {
      const result = await fit(this.model, patchBatches(patches, this.model), {
        optimizer,
        average,
        loss: lossOf(config.loss),
        steps: config.steps,
        epochs: config.epochs,
        minutes: config.minutes,
        stopLoss: config.stopLoss,
        patience: config.patience,
        seed: config.seed,
        signal,
        resume: snapshot,
        eager: this.flags.eager,
        learningRateAt: (progress) => (config.lr * (1 + Math.cos(Math.PI * progress))) / 2,
        validation: validator && { ...validator.cadence, measure: () => validator.measure() },
        ...(config.saveEvery === undefined
          ? { snapshotSeconds: saveSeconds }
          : { snapshotEvery: config.saveEvery }),
        onSnapshot: (state) => this.save(state),
        onStep: (report) => this.report(report),
        onValidation: (step, figure, isBest) => this.validated(step, figure, isBest),
      });
      this.finish(result, signal);
    } finally {
      average?.dispose();
      optimizer.dispose();
    }
  }

  close(): void {
    this.progress.stop();
    this.log.close();
  }

  private announce(patches: PatchDataset): void {
    const { model, data, sigma, task } = this.start.config;
    const from = this.fromStep > 0 ? `, from step ${this.fromStep} on` : "";
    const parameters = [...this.model.parameters().values()].reduce((n, p) => n + p.size, 0);
    const level = typeof sigma === "number" ? String(sigma) : sigma.join("..");
    const damage = task === "photo" ? "a camera's noise and JPEG" : `sigma ${level}`;
    this.progress.note(
      `${model.architecture} (${parameters.toLocaleString("en-US")} parameters) on ${patches.size} images of ${data}, ${damage}, backend ${this.backend.name}${from}`,
    );
    this.json({
      event: "start",
      model: model.architecture,
      parameters,
      images: patches.size,
      step: this.fromStep,
      backend: this.backend.name,
    });
  }

  private save(snapshot: Snapshot): void {
    writeCheckpoint(this.files.checkpoint, { snapshot, config: this.start.config });
    this.json({ event: "checkpoint", step: snapshot.step, file: this.files.checkpoint });
  }

  private report({ step, loss, learningRate, samplesPerSecond, progress, secondsLeft }: StepReport): void {
    const imagesPerSecond = rounded(samplesPerSecond, 1);
    this.log.write({ step, loss, learningRate, imagesPerSecond });
    this.lossMean = this.lossMean === undefined ? loss : 0.98 * this.lossMean + 0.02 * loss;
    const left = secondsLeft === undefined ? "" : `, ${clock(secondsLeft)} left`;
    this.progress.update(
      progress,
      `step ${step}, loss ${this.lossMean.toFixed(5)}, ${imagesPerSecond} images/s${this.validation}${left}`,
    );
    if (performance.now() - this.lastReport < reportSeconds * 1000) return;
    this.lastReport = performance.now();
    this.json({
      event: "step",
      step,
      loss,
      learningRate,
      imagesPerSecond,
      secondsLeft: secondsLeft && Math.round(secondsLeft),
    });
  }

  private async validated(step: number, psnr: number, isBest: boolean): Promise<void> {
    this.validation = `, validation ${psnr.toFixed(2)} dB`;
    this.log.write({ step, validationPsnr: psnr, best: isBest });
    this.progress.note(`step ${step}: validation ${psnr.toFixed(3)} dB${isBest ? ", the best so far" : ""}`);
    this.json({ event: "validation", step, psnr: rounded(psnr), best: isBest });
    if (!isBest) return;
    const weights = await readTensors(weightsOf(this.average ?? this.model));
    const tensors = new Map([...weights].map(([name, array]) => [`model.${name}`, array]));
    const snapshot = { step, minutes: 0, best: psnr, tensors };
    writeCheckpoint(this.files.best, { snapshot, config: this.start.config }, true);
  }

  private finish({ reason, steps, minutes, loss, best }: FitResult, signal: AbortSignal): void {
    this.progress.stop();
    const { folder } = this.files;
    this.json({
      event: "end",
      reason,
      steps,
      minutes: rounded(minutes, 2),
      // None where there was nothing left to do.
      ...(Number.isFinite(loss) ? { loss } : {}),
      best: best && rounded(best),
      run: folder,
    });
    if (reason === "aborted")
      throw (signal.reason as Interrupted).saying(
        `interrupted after step ${steps}, which is saved; fovea train --out ${folder} --resume goes on.`,
      );
    const quality = best === undefined ? "" : `, best validation ${best.toFixed(2)} dB`;
    const told = Number.isFinite(loss) ? `, loss ${loss.toFixed(5)}` : "";
    const summary = `${folder}: ${steps} steps in ${clock(minutes * 60)}${told}${quality} (${reasons[reason]})`;
    if (this.flags.json) say(summary);
    else print(summary);
  }

  private json(event: Readonly<Record<string, unknown>>): void {
    if (this.flags.json) printJson(event);
  }
}

/** Throws UserError when a checkpoint's tensors are not those of the model that its configuration describes. */
function checkFits(
  { tensors }: Snapshot,
  model: ImageModel,
  average: ImageModel | undefined,
  file: string,
): void {
  const weights = [...tensors].filter(([name]) => name.startsWith("model."));
  loadWeights(model, new Map(weights.map(([name, t]) => [name.slice("model.".length), t])), file);
  for (const [name, p] of model.parameters())
    for (const slot of ["m", "v"]) {
      const memory = tensors.get(`optimizer.${name}.${slot}`);
      if (memory?.shape.join() !== p.shape.join())
        throw new UserError(`${file} lacks the optimiser's memory of ${name}; take an earlier checkpoint.`);
    }
  for (const [name, p] of average?.parameters() ?? [])
    if (tensors.get(`average.${name}`)?.shape.join() !== p.shape.join())
      throw new UserError(`${file} lacks the moving average of ${name}; take an earlier checkpoint.`);
}

const reasons: Readonly<Record<Exclude<FitResult["reason"], "aborted">, string>> = {
  steps: "all steps done",
  epochs: "all epochs done",
  minutes: "the time is up",
  stopLoss: "the loss is low enough",
  patience: "validation no longer improves",
};
