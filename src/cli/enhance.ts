// fovea enhance: photographs in, better photographs out. Which inputs and where to is enhance/jobs.ts in this folder; what is done
// to a picture is the room enhance/.

import fs from "node:fs";
import path from "node:path";
import { Command, Option } from "commander";
import { UserError } from "../base/errors.js";
import { type Chosen, parseMethod } from "../enhance/classical/apply.js";
import { methods } from "../enhance/classical/methods.js";
import { defaultMaxMemory } from "../enhance/denoiser.js";
import { UnsoundResult } from "../enhance/audit.js";
import { Shelf, type Shelved } from "../enhance/shelf-node.js";
import { type Task, tasks } from "../enhance/tasks.js";
import { isDiskFault, reasonOf } from "../formats/files.js";
import { readImage, writeImage } from "../image/files.js";
import { describeImage } from "../image/image.js";
import { bundledModel } from "../models/bundled-node.js";
import { byMethod, byNetwork, type Enhancer } from "./enhance/enhancers.js";
import { type Job, named, planFor } from "./enhance/jobs.js";
import { explain } from "./errors.js";
import { Interrupted, interruptible } from "./interrupt.js";
import {
  architectureOption,
  backendOption,
  eagerOption,
  jsonOption,
  modelOption,
  numberFromTo,
  oneOf,
  positiveNumber,
  type SharedOptions,
  sigmaOrAuto,
  threadsOption,
  wholeNumber,
} from "./options.js";
import { type Progress, showProgress } from "./progress.js";
import { printJson, rounded, say, withBackend } from "./session.js";

interface EnhanceFlags extends SharedOptions {
  output?: string;
  recursive?: boolean;
  force?: boolean;
  stripMetadata?: boolean;
  task?: Task;
  model?: string;
  arch?: string;
  method?: Chosen;
  strength: number;
  sigma: number | "auto";
  tile?: number;
  maxMemory?: number;
  eager?: boolean;
}

export const enhanceCommand = (): Command =>
  new Command("enhance")
    .description(
      "Enhances images: PNG, and with the package sharp also JPEG, WebP, TIFF and AVIF. What leaves is what came in, but better:\n" +
        "format, size, alpha, bit depth, colour space, EXIF and other metadata are kept; the picture is turned the right way up.\n" +
        "photo.png becomes photo.enhanced.png beside it, unless -o says where to. One broken file does not keep the others waiting.",
    )
    .argument("<input...>", "images, folders of images, or patterns such as 'photos/**/*.png'")
    .option(
      "-o, --output <path>",
      "where to write: a file, or a folder (needed to be one for several inputs)",
    )
    .option("--recursive", "folders with all that is below them; -o keeps the tree")
    .option("--force", "replace results that are there already")
    .option("--strip-metadata", "leave out EXIF, XMP, text and the like, all but the colour space")
    .addOption(
      new Option(
        "--task <name>",
        "what to mend: photo (what a camera leaves) or denoise (Gaussian noise of a known or estimated level) (default: photo)",
      ).argParser(oneOf("--task", tasks)),
    )
    .option(
      "--strength <x>",
      "how much of it, from 0 (nothing) over 1 (as trained) to 2",
      numberFromTo("--strength", 0, 2, "0.7"),
      1,
    )
    .addOption(modelOption())
    .addOption(architectureOption())
    .addOption(
      new Option(
        "--method <name>",
        `a classical method instead of a network: ${Object.keys(methods).join(", ")}; parameters follow a colon`,
      )
        .argParser((text) => parseMethod(text))
        .conflicts([
          "task",
          "model",
          "arch",
          "strength",
          "sigma",
          "tile",
          "maxMemory",
          "backend",
          "threads",
          "eager",
        ]),
    )
    .option("--sigma <n>", "noise level in 8-bit grey levels, or auto to estimate it", sigmaOrAuto, "auto")
    .option(
      "--tile <n>",
      "side of the tiles in pixels (default: by --max-memory)",
      wholeNumber("--tile", "512"),
    )
    .option(
      "--max-memory <MB>",
      `memory that a tile may take (default: ${defaultMaxMemory})`,
      positiveNumber("--max-memory", "512"),
    )
    .addOption(backendOption())
    .addOption(threadsOption())
    .addOption(eagerOption())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
Examples:
  fovea enhance photo.jpg
  fovea enhance photos/ --recursive -o better/
  fovea enhance scan.png --task denoise --sigma 15 -o clean.png
  fovea enhance photo.png --model runs/mine
  fovea enhance dull.jpg --method clahe:clip=3,tiles=8`,
    )
    .action((inputs: string[], flags: EnhanceFlags) =>
      interruptible((signal) => enhance(inputs, flags, signal)),
    );

async function enhance(inputs: readonly string[], flags: EnhanceFlags, signal: AbortSignal): Promise<void> {
  if (flags.method === undefined && flags.model === undefined) checkBundled(flags.task);
  const plan = await planFor(inputs, flags);
  const failed = new Failures(plan.jobs.length + plan.failures.length, flags.json);
  for (const { file, error } of plan.failures) failed.add(file, new UserError(error));
  const work = (enhancer: Enhancer) => new Work(enhancer, flags, signal);
  if (flags.method !== undefined) await enhanceAll(plan.jobs, work(byMethod(flags.method)), failed);
  else if (plan.jobs.length > 0)
    await withBackend(flags, async (backend) => {
      const shelf = new Shelf(flags, flags.arch);
      try {
        // The network's own mistakes are told before any picture is read.
        if (flags.model !== undefined) checkTask(shelf.get(flags.model), flags);
        await enhanceAll(plan.jobs, work(byNetwork(shelf, backend.name, flags)), failed);
      } finally {
        shelf.dispose();
      }
    });
  plan.notes.forEach(say);
  failed.conclude();
}

async function enhanceAll(jobs: readonly Job[], work: Work, failed: Failures): Promise<void> {
  for (const [i, job] of jobs.entries()) {
    const progress = showProgress(jobs.length > 1 ? `${i + 1}/${jobs.length} ${job.input}` : job.input);
    try {
      await work.on(job, progress);
    } catch (error) {
      progress.stop();
      if (error instanceof Interrupted || isLost(error)) throw error;
      failed.add(job.input, error instanceof UnsoundResult ? error.about(job.input) : error);
      if (!isDiskFault(error)) continue;
      for (const { input } of jobs.slice(i + 1))
        failed.add(input, new UserError(`${input} was not tried, as the disk cannot be written to.`));
      return;
    } finally {
      progress.stop();
    }
  }
}

/** A backend that is gone fails every picture alike. */
const isLost = (error: unknown): boolean => error instanceof Error && error.name === "DeviceLostError";

/** What is done to one picture after the other. */
class Work {
  constructor(
    private readonly enhancer: Enhancer,
    private readonly flags: EnhanceFlags,
    private readonly signal: AbortSignal,
  ) {}

  async on({ input, output }: Job, progress: Progress): Promise<void> {
    const { signal } = this;
    signal.throwIfAborted();
    const image = await readImage(input, { warn: say, signal });
    const started = performance.now();
    const { image: enhanced, remark, warning, fields } = await this.enhancer(image, progress, signal);
    const seconds = (performance.now() - started) / 1000;
    signal.throwIfAborted();
    makeFolder(path.dirname(output));
    await writeImage(output, enhanced, { stripMetadata: this.flags.stripMetadata, signal });
    progress.stop();
    say(`${input} (${describeImage(image)})${remark} -> ${output}, ${seconds.toFixed(1)} s`);
    if (warning !== undefined) say(warning);
    if (this.flags.json)
      printJson({
        input,
        output,
        width: image.width,
        height: image.height,
        channels: image.channels,
        bitDepth: image.bitDepth,
        seconds: rounded(seconds, 2),
        ...fields,
      });
  }
}

/** The pictures that were not enhanced: told when they fail, named once more at the end. */
class Failures {
  private readonly files: string[] = [];
  private last: unknown;

  /** @param all pictures that were asked for; what happened to a single one is the command's own error */
  constructor(
    private readonly all: number,
    private readonly json: boolean | undefined,
  ) {}

  add(file: string, error: unknown): void {
    this.files.push(file);
    this.last = error;
    const message = explain(error, "enhance");
    if (this.all > 1) say(message);
    if (this.json) printJson({ file, error: message.replace(/^fovea: /, "") });
  }

  /** Throws what there is to say when anything failed. */
  conclude(): void {
    if (this.files.length === 0) return;
    if (this.all === 1) throw this.last;
    throw new UserError(
      `${this.files.length} of ${this.all} images could not be enhanced: ${named(this.files)}; the messages above say why.`,
    );
  }
}

/** Says at once what is missing, before pictures are looked for. */
function checkBundled(task: Task = "photo"): void {
  const names = task === "photo" ? ["photo"] : ["denoise-grey", "denoise-color"];
  const missing = names.find((name) => !bundledModel(name));
  if (missing !== undefined)
    throw new UserError(
      `The bundled network ${missing} is not in this copy of Fovea, so --model FILE must name one; fovea models lists those that are, and fovea train --data photos/ --sigma 0..55 --minutes 20 --out runs/mine trains one.`,
    );
}

function checkTask({ file, config }: Shelved, { task }: EnhanceFlags): void {
  if (task !== undefined && config?.task !== undefined && task !== config.task)
    throw new UserError(
      `${file} is a network for --task ${config.task}, not ${task}; leave --task out, or --model.`,
    );
}

function makeFolder(folder: string): void {
  try {
    fs.mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw new UserError(`Cannot make the folder ${folder}: ${reasonOf(error)}`, { cause: error });
  }
}
