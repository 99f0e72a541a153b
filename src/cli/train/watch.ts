// What a run tells beside its loss: looks at its gradients now and then (--watch gradients), pictures of its validation, weights that
// are kept (--keep), TensorBoard's events (--tensorboard), and the report that gathers all of it.

import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { UserError } from "../../base/errors.js";
import { writeFileAtomic, reasonOf } from "../../formats/files.js";
import { eventRecord, firstRecord, type TensorBoardEvent } from "../../formats/tensorboard.js";
import { encodeImage, writeImage } from "../../image/files.js";
import type { Image } from "../../image/image.js";
import { findingsOf, type Finding, type GradientLook, lookAtGradients } from "../../inspect/gradient-look.js";
import { type LogEntry, reportPage } from "../../inspect/html/report.js";
import type { AnyLayer } from "../../nn/layer.js";
import type { Loss } from "../../nn/losses.js";
import { shapesOf, type TrainingData, valuesOf } from "../../train/data.js";
import { readLog, type RunFiles, stepName } from "../../train/files.js";
import { Cadence } from "../../train/cadence.js";

/** Looks at gradients a run has, if its end is known, and the seconds between two otherwise. */
const looksPerRun = 40;
const lookSeconds = 20;

/** Looks at a model's gradients when it is time, and says of each layer once what is wrong with it. */
export class GradientWatch {
  private readonly cadence: Cadence;
  private readonly told = new Set<string>();

  constructor(
    private readonly model: AnyLayer,
    private readonly data: TrainingData,
    private readonly loss: Loss,
    steps: number | undefined,
  ) {
    this.cadence =
      steps === undefined
        ? new Cadence(undefined, lookSeconds)
        : new Cadence(Math.max(1, Math.round(steps / looksPerRun)), undefined);
  }

  /** After a step, with that step's batch; undefined when it is not time. */
  async look(step: number): Promise<{ look: GradientLook; news: Finding[] } | undefined> {
    if (step !== 1 && !this.cadence.isDue(step)) return undefined;
    const { inputs, target } = this.data.batch(step - 1);
    const targets = shapesOf(this.data.targetShape);
    const batch = {
      inputs: inputs.map((data, i) => ({ data, shape: this.data.inputShapes[i] })),
      targets: valuesOf(target).map((data, i) => ({ data, shape: targets[i] })),
    };
    const look = await lookAtGradients(this.model, batch, this.loss);
    this.cadence.done();
    const news = findingsOf(look).filter(({ kind, layer }) => !this.told.has(`${kind} ${layer}`));
    for (const { kind, layer } of news) this.told.add(`${kind} ${layer}`);
    return { look, news };
  }
}

/** An event file in a folder that TensorBoard watches. */
export class TensorBoardLog {
  private readonly handle: number;

  constructor(folder: string) {
    const now = Date.now() / 1000;
    const file = path.join(folder, `events.out.tfevents.${Math.floor(now)}.${os.hostname()}.${process.pid}`);
    try {
      fs.mkdirSync(folder, { recursive: true });
      this.handle = fs.openSync(file, "ax");
      fs.writeSync(this.handle, firstRecord(now));
    } catch (error) {
      throw new UserError(`--tensorboard ${folder} cannot be written: ${reasonOf(error)}`);
    }
  }

  write(step: number, values: Omit<TensorBoardEvent, "step" | "wallTime">): void {
    fs.writeSync(this.handle, eventRecord({ wallTime: Date.now() / 1000, step, ...values }));
  }

  /** What a look at the gradients found, by parameter. */
  gradients(step: number, { parameters }: GradientLook): void {
    const finite = parameters.filter(({ gradient }) => Number.isFinite(gradient));
    this.write(step, {
      scalars: Object.fromEntries(finite.map(({ name, gradient }) => [`gradient norm/${name}`, gradient])),
      histograms: Object.fromEntries(
        finite.map(({ name, min, max, histogram }) => [`gradient/${name}`, { min, max, counts: histogram }]),
      ),
    });
  }

  async picture(step: number, image: Image): Promise<void> {
    const { width, height, channels } = image;
    const png = await encodeImage(image, "png", "a picture");
    this.write(step, { images: { validation: { width, height, channels, png } } });
  }

  close(): void {
    fs.closeSync(this.handle);
  }
}

/** Most pictures that are kept, evenly spread: every second one goes when there are more. */
const mostPictures = 24;

/** Keeps a picture of the validation in the run's folder. */
export async function keepPicture(files: RunFiles, step: number, image: Image): Promise<void> {
  fs.mkdirSync(files.pictures, { recursive: true });
  await writeImage(path.join(files.pictures, stepName(step, "png")), image);
  const kept = fs.readdirSync(files.pictures).sort();
  if (kept.length > mostPictures)
    for (const [i, name] of kept.entries())
      if (i % 2 === 1 && i < kept.length - 1) fs.rmSync(path.join(files.pictures, name));
}

/** Writes RUN/report.html from what the run's folder holds. */
export function writeReport(files: RunFiles, title: string, figures: Readonly<Record<string, string>>): void {
  const names = fs.existsSync(files.pictures) ? fs.readdirSync(files.pictures).sort() : [];
  const pictures = names.map((name) => ({
    label: `step ${Number(/\d+/.exec(name)?.[0]).toLocaleString("en-US")}: bad, mended, clean`,
    source: `data:image/png;base64,${fs.readFileSync(path.join(files.pictures, name)).toString("base64")}`,
  }));
  const log = readLog(files.log) as LogEntry[];
  writeFileAtomic(files.report, reportPage({ title, figures, log, pictures }));
}
