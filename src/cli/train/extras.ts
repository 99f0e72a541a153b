// What a run does beside training when it is asked to, and the report that it always leaves: one object that the session tells of
// each step and each validation. The parts are watch.ts's.

import path from "node:path";
import fs from "node:fs";
import { UserError } from "../../base/errors.js";
import type { Image } from "../../image/image.js";
import type { ImageModel } from "../../models/index.js";
import { readTensors, weightsOf } from "../../nn/weights.js";
import type { TrainingData } from "../../train/data.js";
import { type RunFiles, type RunLog, stepName, writeCheckpoint } from "../../train/files.js";
import type { StepReport } from "../../train/fit-options.js";
import type { Progress } from "../progress.js";
import { printJson } from "../session.js";
import { lossOf, type RunConfig, type TrainFlags } from "./run-config.js";
import { GradientWatch, keepPicture, TensorBoardLog, writeReport } from "./watch.js";

export interface ExtrasOf {
  readonly files: RunFiles;
  readonly config: RunConfig;
  readonly flags: TrainFlags;
  readonly model: ImageModel;
  readonly data: TrainingData;
  readonly log: RunLog;
  readonly progress: Progress;
}

export class Extras {
  private readonly watch: GradientWatch | undefined;
  private readonly board: TensorBoardLog | undefined;

  constructor(private readonly of: ExtrasOf) {
    const { flags, config, model, data } = of;
    if (flags.watch) this.watch = new GradientWatch(model, data, lossOf(config.loss), config.steps);
    if (flags.tensorboard !== undefined) this.board = new TensorBoardLog(flags.tensorboard);
  }

  async afterStep({ step, loss, learningRate }: StepReport): Promise<void> {
    this.board?.write(step, { scalars: { loss, "learning rate": learningRate } });
    const seen = await this.watch?.look(step);
    if (seen) {
      const { look, news } = seen;
      this.of.log.write({ step, gradients: look, findings: news });
      this.board?.gradients(step, look);
      for (const { text } of news) this.of.progress.note(`step ${step}: ${text}`);
      if (this.of.flags.json) printJson({ event: "gradients", step, ...look, findings: news });
    }
    if (this.of.flags.keep !== undefined && step % this.of.flags.keep === 0) await this.keepWeights(step);
  }

  async afterValidation(step: number, psnr: number, sample: Image | undefined): Promise<void> {
    this.board?.write(step, { scalars: { "validation PSNR": psnr } });
    if (sample) {
      await keepPicture(this.of.files, step, sample);
      await this.board?.picture(step, sample);
    }
    this.report({ "last validation": `${psnr.toFixed(2)} dB` });
  }

  /** Writes RUN/report.html; a part that is not installed costs the report, not the run. */
  report(figures: Readonly<Record<string, string>>): void {
    const { files, config, progress } = this.of;
    const told = {
      network: config.model.architecture,
      task: config.task,
      loss: config.loss,
      data: config.data,
    };
    try {
      writeReport(files, path.basename(path.resolve(files.folder)), { ...told, ...figures });
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      progress.note(error.message);
    }
  }

  close(): void {
    this.board?.close();
  }

  /** A state for the slider of fovea inspect. */
  private async keepWeights(step: number): Promise<void> {
    const { files, config, model } = this.of;
    const weights = await readTensors(weightsOf(model));
    const tensors = new Map([...weights].map(([name, array]) => [`model.${name}`, array]));
    fs.mkdirSync(files.steps, { recursive: true });
    const file = path.join(files.steps, stepName(step, "safetensors"));
    writeCheckpoint(file, { snapshot: { step, minutes: 0, tensors }, config }, true);
  }
}
