// One run of `fovea train`: fit() called, and what it reports written down: checkpoints, best weights, the log, the progress. Over
// ranks all of them run it, and rank 0 alone has files and speaks.

import type { Backend } from "../../backend/backend.js";
import { UserError } from "../../base/errors.js";
import { clock } from "../../base/units.js";
import { blindTaskOf } from "../../data/degrade/blind.js";
import { patchBatches } from "../../data/patch-batches.js";
import type { PatchDataset } from "../../data/patches.js";
import { type ImageModel, loadWeights } from "../../models/index.js";
import { readTensors, weightsOf } from "../../nn/weights.js";
import { Adam } from "../../optim/index.js";
import { together } from "../../ranks/ranks.js";
import { RunLog, type RunFiles, writeCheckpoint } from "../../train/files.js";
import { fit, type FitResult } from "../../train/fit.js";
import type { StepReport } from "../../train/fit-options.js";
import { MovingAverage } from "../../train/moving-average.js";
import type { Snapshot } from "../../train/snapshot.js";
import { Interrupted } from "../interrupt.js";
import { type Progress, showProgress } from "../progress.js";
import type { Team } from "../ranks.js";
import { print, printJson, rounded, say } from "../session.js";
import { Extras } from "./extras.js";
import { lossOf, type Start, type TrainFlags } from "./run-config.js";
import { RunawayWatch } from "./runaway.js";
import { bucketBytes, type Sums, sumsBetween } from "./sums.js";
import type { Validator } from "./validator.js";

/** Seconds between checkpoints on the disk, and between step lines of --json. */
const saveSeconds = 30;
const reportSeconds = 1;

/** What rank 0 tells and writes down; the others only compute. */
export class Run {
  private readonly log: RunLog | undefined;
  private readonly progress: Progress | undefined;
  private extras: Extras | undefined;
  private validator: Validator | undefined;
  private readonly fromStep: number;
  private lastReport = -Infinity;
  private validation = "";
  private lossMean: number | undefined;
  private readonly runaway = new RunawayWatch();

  constructor(
    private readonly files: RunFiles | undefined,
    private readonly start: Start,
    private readonly model: ImageModel,
    private readonly average: ImageModel | undefined,
    private readonly flags: TrainFlags,
    private readonly backend: Backend,
    private readonly team: Team,
  ) {
    this.fromStep = start.snapshot?.step ?? 0;
    if (!files) return;
    this.log = new RunLog(files.log, this.fromStep);
    this.progress = showProgress("train");
  }

  async go(patches: PatchDataset, validator: Validator | undefined, signal: AbortSignal): Promise<void> {
    const { config, snapshot } = this.start;
    const { ranks, mpi } = this.team;
    const { files } = this;
    const optimizer = new Adam(config.lr);
    await together(ranks, () => {
      if (snapshot && files) checkFits(snapshot, this.model, this.average, files.checkpoint);
    });
    const average = this.average && new MovingAverage(this.average, config.ema!);
    this.announce(patches);
    const data = patchBatches(patches, this.model);
    const { flags, model, log, progress } = this;
    if (files && log && progress)
      this.extras = new Extras({ files, config, flags, model, data, log, progress });
    this.validator = validator;
    try {
      const before = await mpi?.traffic();
      const result = await fit(this.model, data, {
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
        ranks,
        bucketBytes: bucketBytes(),
        validation: validator && { ...validator.cadence, measure: () => validator.measure(ranks) },
        ...(config.saveEvery === undefined
          ? { snapshotSeconds: saveSeconds }
          : { snapshotEvery: config.saveEvery }),
        ...(files && {
          onSnapshot: (state) => this.save(files, state),
          onStep: (report) => this.report(report),
          onValidation: (step, figure, isBest) => this.validated(files, step, figure, isBest),
        }),
      });
      const sums = before && sumsBetween(before, await mpi!.traffic(), result, this.fromStep);
      this.finish(result, signal, sums);
    } finally {
      average?.dispose();
      optimizer.dispose();
    }
  }

  close(): void {
    this.progress?.stop();
    this.extras?.close();
    this.log?.close();
  }

  private announce(patches: PatchDataset): void {
    const { model, data, sigma, task } = this.start.config;
    const from = this.fromStep > 0 ? `, from step ${this.fromStep} on` : "";
    const parameters = [...this.model.parameters().values()].reduce((n, p) => n + p.size, 0);
    const level = typeof sigma === "number" ? String(sigma) : sigma.join("..");
    const damage = blindTaskOf(task)?.damage ?? `sigma ${level}`;
    const { size } = this.team.ranks;
    const together = size > 1 ? `, ${size} ranks` : "";
    this.progress?.note(
      `${model.architecture} (${parameters.toLocaleString("en-US")} parameters) on ${patches.size} images of ${data}, ${damage}, backend ${this.backend.name}${together}${from}`,
    );
    this.json({
      event: "start",
      model: model.architecture,
      parameters,
      images: patches.size,
      step: this.fromStep,
      backend: this.backend.name,
      ...(size > 1 ? { ranks: size } : {}),
    });
  }

  private save({ checkpoint }: RunFiles, snapshot: Snapshot): void {
    writeCheckpoint(checkpoint, { snapshot, config: this.start.config });
    this.json({ event: "checkpoint", step: snapshot.step, file: checkpoint });
  }

  private async report(told: StepReport): Promise<void> {
    const { step, loss, learningRate, samplesPerSecond, progress, secondsLeft } = told;
    const imagesPerSecond = rounded(samplesPerSecond, 1);
    this.log?.write({ step, loss, learningRate, imagesPerSecond });
    await this.extras?.afterStep(told);
    this.lossMean = this.lossMean === undefined ? loss : 0.98 * this.lossMean + 0.02 * loss;
    const runaway = this.runaway.check(loss);
    if (runaway)
      this.progress?.note(
        `step ${step}: ${runaway}; the training has diverged: stop it, and begin with a smaller --lr, or from the best weights so far (--init).`,
      );
    const left = secondsLeft === undefined ? "" : `, ${clock(secondsLeft)} left`;
    this.progress?.update(
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

  private async validated({ best }: RunFiles, step: number, psnr: number, isBest: boolean): Promise<void> {
    this.validation = `, validation ${psnr.toFixed(2)} dB`;
    this.log?.write({ step, validationPsnr: psnr, best: isBest });
    this.progress?.note(`step ${step}: validation ${psnr.toFixed(3)} dB${isBest ? ", the best so far" : ""}`);
    this.json({ event: "validation", step, psnr: rounded(psnr), best: isBest });
    await this.extras?.afterValidation(step, psnr, this.validator?.sample);
    if (!isBest) return;
    const weights = await readTensors(weightsOf(this.average ?? this.model));
    const tensors = new Map([...weights].map(([name, array]) => [`model.${name}`, array]));
    const snapshot = { step, minutes: 0, best: psnr, tensors };
    writeCheckpoint(best, { snapshot, config: this.start.config }, true);
  }

  private finish(
    { reason, steps, minutes, loss, best }: FitResult,
    signal: AbortSignal,
    sums: Sums | undefined,
  ): void {
    this.progress?.stop();
    // Another rank may have had the signal alone.
    const stopped = (signal.reason as Interrupted | undefined) ?? new Interrupted("", 143);
    if (!this.files) {
      if (reason === "aborted") throw stopped.saying("");
      return;
    }
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
      ...sums,
    });
    this.extras?.report({
      steps: steps.toLocaleString("en-US"),
      time: clock(minutes * 60),
      ...(best === undefined ? {} : { "best validation": `${best.toFixed(2)} dB` }),
    });
    if (reason === "aborted")
      throw stopped.saying(
        `interrupted after step ${steps}, which is saved; fovea train --out ${folder} --resume goes on.`,
      );
    const quality = best === undefined ? "" : `, best validation ${best.toFixed(2)} dB`;
    const told = Number.isFinite(loss) ? `, loss ${loss.toFixed(5)}` : "";
    const summary = `${folder}: ${steps} steps in ${clock(minutes * 60)}${told}${quality} (${reasons[reason]})`;
    if (this.flags.json) say(summary);
    else print(summary);
  }

  private json(event: Readonly<Record<string, unknown>>): void {
    if (this.flags.json && this.files) printJson(event);
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
