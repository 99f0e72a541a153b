// fovea eval: how good is a network? Noise is added to clean images, the network takes it out, PSNR and SSIM are printed.
// The protocol is enhance/evaluate.ts.

import { Command } from "commander";
import { Denoiser } from "../enhance/denoiser.js";
import { tryOn } from "../enhance/evaluate.js";
import { loadModel } from "../enhance/files.js";
import { convertChannels } from "../image/colour.js";
import { listImages, readImage } from "../image/files.js";
import { ssim } from "../image/metrics.js";
import { interruptible } from "./interrupt.js";
import {
  architectureOption,
  backendOption,
  eagerOption,
  jsonOption,
  modelOption,
  seedOption,
  sigmaList,
  threadsOption,
  type SharedOptions,
  wholeNumber,
} from "./options.js";
import { showProgress } from "./progress.js";
import { print, printJson, rounded, withBackend } from "./session.js";

interface EvalFlags extends SharedOptions {
  model: string;
  arch?: string;
  data: string;
  sigma: number[];
  limit?: number;
  seed: number;
  eager?: boolean;
}

export const evalCommand = (): Command =>
  new Command("eval")
    .description(
      "Adds Gaussian noise to clean images, restores them with a network, and prints PSNR and SSIM.\n" +
        "Noise is neither clipped nor rounded; the output is rounded to 8 bits. A grey network sees colour images as grey.",
    )
    .addOption(modelOption().makeOptionMandatory())
    .requiredOption("--data <dir>", "folder of clean images, or one image")
    .option("--sigma <n,...>", "noise levels in 8-bit grey levels", sigmaList, [25])
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
  fovea eval --model dncnn-s-25.safetensors --arch dncnn --data holdout/`,
    )
    .action((flags: EvalFlags) =>
      interruptible((signal) => withBackend(flags, (backend) => evaluate(flags, backend.name, signal))),
    );

interface Row {
  readonly name: string;
  readonly psnrNoisy: number;
  readonly psnr: number;
  readonly ssim: number;
}

async function evaluate(flags: EvalFlags, backend: string, signal: AbortSignal): Promise<void> {
  const { model, file } = loadModel(flags.model, flags.arch);
  const files = listImages(flags.data).slice(0, flags.limit);
  const denoiser = new Denoiser(model, { eager: flags.eager });
  const progress = showProgress("eval");
  try {
    for (const [level, sigma] of flags.sigma.entries()) {
      const rows: Row[] = [];
      let seconds = 0;
      for (const [index, image] of files.entries()) {
        progress.update((level * files.length + index) / (files.length * flags.sigma.length), image);
        const clean = convertChannels(await readImage(image), model.channels as 1 | 3);
        const started = performance.now();
        const trial = await tryOn(denoiser, clean, sigma, flags.seed, index, { signal });
        seconds += (performance.now() - started) / 1000;
        const { psnrNoisy, psnr } = trial;
        rows.push({ name: image, psnrNoisy, psnr, ssim: ssim(clean, trial.restored) });
      }
      const last = level === flags.sigma.length - 1;
      if (last) progress.stop();
      if (flags.json) printJson(result(rows, { sigma, seed: flags.seed, seconds, model: file, backend }));
      else printTable(rows, sigma, seconds, backend);
    }
  } finally {
    progress.stop();
    denoiser.dispose();
    model.dispose();
  }
}

const mean = (rows: readonly Row[], pick: (row: Row) => number): number =>
  rows.reduce((sum, row) => sum + pick(row), 0) / rows.length;

interface Circumstances {
  readonly sigma: number;
  readonly seed: number;
  readonly seconds: number;
  readonly model: string;
  readonly backend: string;
}

function result(rows: readonly Row[], { sigma, seed, seconds, model, backend }: Circumstances) {
  return {
    images: rows.length,
    sigma,
    psnrNoisy: rounded(mean(rows, (row) => row.psnrNoisy)),
    psnr: rounded(mean(rows, (row) => row.psnr)),
    ssim: rounded(mean(rows, (row) => row.ssim)),
    seconds: rounded(seconds, 2),
    model,
    backend,
    seed,
  };
}

function printTable(rows: readonly Row[], sigma: number, seconds: number, backend: string): void {
  const width = Math.max(5, ...rows.map((row) => row.name.length));
  const line = (name: string, ...cells: string[]) =>
    `${name.padEnd(width)}${cells.map((cell) => cell.padStart(11)).join("")}`;
  const figures = (row: Omit<Row, "name">) => [
    row.psnrNoisy.toFixed(2),
    row.psnr.toFixed(2),
    row.ssim.toFixed(4),
  ];
  print(`sigma ${sigma}, ${rows.length} images, ${seconds.toFixed(1)} s on ${backend}`);
  print(line("image", "noisy dB", "result dB", "SSIM"));
  for (const row of rows) print(line(row.name, ...figures(row)));
  const means = {
    psnrNoisy: mean(rows, (r) => r.psnrNoisy),
    psnr: mean(rows, (r) => r.psnr),
    ssim: mean(rows, (r) => r.ssim),
  };
  print(line("mean", ...figures(means)));
}
