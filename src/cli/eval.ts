// fovea eval: how good is a network? Clean images get noise added, or have bad counterparts; the network mends them, PSNR and SSIM
// are printed. The protocol is enhance/evaluate.ts, which files belong together eval/inputs.ts.

import { Command, Option } from "commander";
import { UserError } from "../base/errors.js";
import { withEveryMistake } from "../base/every-mistake.js";
import { jpeg } from "../data/degrade/jpeg.js";
import { scaleOf } from "../enhance/enlarge.js";
import { restoreAndCompare, tryOn, type Trial } from "../enhance/evaluate.js";
import { Shelf } from "../enhance/shelf-node.js";
import { type Task, tasks } from "../enhance/tasks.js";
import type { ImageModel } from "../models/index.js";
import { convertChannels, isGrey } from "../image/colour.js";
import { readImage } from "../image/files.js";
import { type Image } from "../image/image.js";
import { toImage, toPlane } from "../image/plane.js";
import { ssim } from "../image/metrics.js";
import { type Pair, pairsOf } from "./eval/inputs.js";
import { interruptible } from "./interrupt.js";
import {
  architectureOption,
  backendOption,
  eagerOption,
  jsonOption,
  modelOption,
  oneOf,
  qualityList,
  seedOption,
  sigmaList,
  threadsOption,
  type SharedOptions,
  wholeNumber,
} from "./options.js";
import { showProgress } from "./progress.js";
import { print, printJson, rounded, say, withBackend } from "./session.js";

interface EvalFlags extends SharedOptions {
  model: string;
  arch?: string;
  task: Task;
  data: string;
  input?: string;
  sigma?: number[];
  quality?: number[];
  limit?: number;
  seed: number;
  eager?: boolean;
}

export const evalCommand = (): Command =>
  new Command("eval")
    .description(
      "Restores bad images with a network and prints PSNR and SSIM against the clean ones. denoise: Gaussian noise is added, neither\n" +
        "clipped nor rounded. photo: the bad ones are files, paired by the order of their names. deblock: they are saved as JPEG, by\n" +
        "libjpeg's tables. Outputs are rounded to 8 bits; a grey network sees colour images as grey.",
    )
    .addOption(modelOption().makeOptionMandatory())
    .addOption(
      new Option("--task <name>", "denoise, photo or deblock")
        .default("denoise")
        .argParser(oneOf("--task", tasks)),
    )
    .requiredOption(
      "--data <dir>",
      "clean images: a folder, a pattern such as 'pairs/*_mean.jpg', or one image",
    )
    .option("--input <dir>", "photo: the same pictures, bad")
    .option("--sigma <n,...>", "denoise: noise levels in 8-bit grey levels (default: 25)", sigmaList)
    .option("--quality <n,...>", "deblock: JPEG qualities from 1 to 100 (default: 10)", qualityList)
    .option("--limit <n>", "only the first images", wholeNumber("--limit", "12"))
    .addOption(architectureOption())
    .addOption(seedOption("the noise"))
    .addOption(backendOption())
    .addOption(threadsOption())
    .addOption(eagerOption())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
Examples:
  fovea eval --model runs/mine --data holdout/ --sigma 25
  fovea eval --model runs/mine --data holdout/ --sigma 15,25,50 --json
  fovea eval --task photo --model photo --input 'pairs/*_noisy.jpg' --data 'pairs/*_clean.jpg'
  fovea eval --task deblock --model runs/mine --data holdout/ --quality 10,20,30,40
  fovea eval --model dncnn_25.pth --data holdout/`,
    )
    .action((flags: EvalFlags) =>
      interruptible((signal) => withBackend(flags, (backend) => evaluate(flags, backend.name, signal))),
    );

interface Row {
  readonly name: string;
  readonly psnrInput: number;
  readonly psnr: number;
  /** NaN for pictures smaller than its window of 11 pixels. */
  readonly ssimInput: number;
  readonly ssim: number;
}

async function evaluate(flags: EvalFlags, backend: string, signal: AbortSignal): Promise<void> {
  checkTask(flags);
  const { task, seed } = flags;
  const pairs = await pairsOf(flags.data, flags.input, flags.limit);
  const shelf = new Shelf({ eager: flags.eager }, flags.arch);
  const progress = showProgress("eval");
  const levels = levelsOf(flags);
  try {
    await shelf.prepare(flags.model, {}, say);
    const { denoiser, file } = shelf.get(flags.model);
    checkScale(denoiser.model, file);
    const { channels } = denoiser.model;
    const read = async (file: string) => {
      const image = await readImage(file);
      // White noise is drawn for each channel of the network; other grey pictures stay grey.
      return convertChannels(image, task !== "denoise" && isGrey(image) ? 1 : (channels as 1 | 3));
    };
    for (const [number, level] of levels.entries()) {
      const { sigma, quality } = level;
      let seconds = 0;
      const rows = await withEveryMistake(pairs, async (pair, index) => {
        progress.update((number * pairs.length + index) / (pairs.length * levels.length), pair.clean);
        const clean = await read(pair.clean);
        const bad = quality ? asJpeg(clean, quality) : pair.input && (await read(pair.input));
        if (bad) checkSize(bad, clean, pair);
        const started = performance.now();
        const trial = await (bad
          ? restoreAndCompare(denoiser, bad, clean, 0, { signal })
          : tryOn(denoiser, clean, sigma!, seed, index, { signal }));
        seconds += (performance.now() - started) / 1000;
        return rowOf(pair.input ?? pair.clean, clean, trial);
      });
      const last = number === levels.length - 1;
      if (last) progress.stop();
      const told = {
        task,
        ...level,
        seed: sigma === undefined ? undefined : seed,
        seconds,
        model: file,
        backend,
      };
      if (flags.json) printJson(result(rows, told));
      else printTable(rows, told);
    }
  } finally {
    progress.stop();
    shelf.dispose();
  }
}

function checkScale(model: ImageModel, file: string): void {
  if (scaleOf(model) > 1)
    throw new UserError(
      `${file} enlarges pictures ${scaleOf(model)} times, which eval does not measure; name a network that keeps their size.`,
    );
}

interface Level {
  readonly sigma?: number;
  readonly quality?: number;
}

/** How bad the pictures are made, one after the other; photo's are bad already. */
function levelsOf({ task, sigma = [25], quality = [10] }: EvalFlags): Level[] {
  if (task === "denoise") return sigma.map((value) => ({ sigma: value }));
  return task === "deblock" ? quality.map((value) => ({ quality: value })) : [{}];
}

const asJpeg = (clean: Image, quality: number): Image => toImage(jpeg(toPlane(clean), quality));

/** Throws UserError for flags that do not belong to the task. */
function checkTask({ task, input, sigma, quality }: EvalFlags): void {
  if (task === "photo" && input === undefined)
    throw new UserError(
      "--task photo measures on pairs of files; add the bad pictures with --input, the clean ones being --data.",
    );
  if (task === "photo" && sigma !== undefined)
    throw new UserError("--task photo adds no noise; leave --sigma out, or give --task denoise.");
  if (task !== "photo" && input !== undefined)
    throw new UserError(
      `--input is for --task photo; leave it out, as --task ${task} makes the bad pictures itself.`,
    );
  if (task === "deblock" && sigma !== undefined)
    throw new UserError("--task deblock adds no noise; give --quality instead of --sigma.");
  if (task !== "deblock" && quality !== undefined)
    throw new UserError("--quality is for --task deblock; leave it out.");
}

function checkSize(bad: Image, clean: Image, { input, clean: file }: Pair): void {
  if (bad.width !== clean.width || bad.height !== clean.height)
    throw new UserError(
      `${input} is ${bad.width}x${bad.height} pixels and ${file} ${clean.width}x${clean.height}; pairs must show the same picture, so check --input and --data.`,
    );
}

function rowOf(name: string, clean: Image, { input, restored, psnrInput, psnr }: Trial): Row {
  const fits = Math.min(clean.width, clean.height) >= 11;
  const [ssimInput, similarity] = fits ? [ssim(clean, input), ssim(clean, restored)] : [NaN, NaN];
  return { name, psnrInput, psnr, ssimInput, ssim: similarity };
}

/** Over the pictures that have the figure. */
function mean(rows: readonly Row[], key: Exclude<keyof Row, "name">): number {
  const known = rows.filter((row) => !Number.isNaN(row[key]));
  return known.reduce((sum, row) => sum + row[key], 0) / known.length;
}

interface Circumstances {
  readonly task: Task;
  readonly sigma?: number;
  readonly quality?: number;
  readonly seed: number | undefined;
  readonly seconds: number;
  readonly model: string;
  readonly backend: string;
}

/** Pictures that came out nearer to the clean one than they went in. */
const betterOf = (rows: readonly Row[]): number => rows.filter((row) => row.psnr > row.psnrInput).length;

function result(
  rows: readonly Row[],
  { task, sigma, quality, seed, seconds, model, backend }: Circumstances,
) {
  const psnrInput = rounded(mean(rows, "psnrInput"));
  return {
    images: rows.length,
    task,
    ...(sigma === undefined ? {} : { sigma }),
    ...(quality === undefined ? {} : { quality }),
    psnrInput,
    ...(task === "denoise" ? { psnrNoisy: psnrInput } : {}),
    psnr: rounded(mean(rows, "psnr")),
    ssimInput: rounded(mean(rows, "ssimInput")),
    ssim: rounded(mean(rows, "ssim")),
    better: betterOf(rows),
    seconds: rounded(seconds, 2),
    model,
    backend,
    ...(seed === undefined ? {} : { seed }),
  };
}

function printTable(rows: readonly Row[], { sigma, quality, seconds, backend }: Circumstances): void {
  const width = Math.max(5, ...rows.map((row) => row.name.length));
  const line = (name: string, ...cells: string[]) =>
    `${name.padEnd(width)}${cells.map((cell) => cell.padStart(12)).join("")}`;
  const figures = (row: Omit<Row, "name">) => [
    row.psnrInput.toFixed(2),
    row.psnr.toFixed(2),
    row.ssimInput.toFixed(4),
    row.ssim.toFixed(4),
  ];
  const level =
    sigma !== undefined ? `sigma ${sigma}, ` : quality !== undefined ? `quality ${quality}, ` : "";
  print(`${level}${rows.length} images, ${seconds.toFixed(1)} s on ${backend}`);
  print(line("image", "input dB", "result dB", "input SSIM", "result SSIM"));
  for (const row of rows) print(line(row.name, ...figures(row)));
  const means = {
    psnrInput: mean(rows, "psnrInput"),
    psnr: mean(rows, "psnr"),
    ssimInput: mean(rows, "ssimInput"),
    ssim: mean(rows, "ssim"),
  };
  print(line("mean", ...figures(means)));
  print(`${betterOf(rows)} of ${rows.length} are better than their input`);
}
