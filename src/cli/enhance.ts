// fovea enhance: photographs in, better photographs out. Which inputs and where to is decided here; what is done to a picture
// is enhance/enhance.ts.

import fs from "node:fs";
import path from "node:path";
import { Command, Option } from "commander";
import { glob, isDynamicPattern } from "tinyglobby";
import { UserError } from "../base/errors.js";
import { defaultMaxMemory, Denoiser } from "../enhance/denoiser.js";
import { enhanceImage } from "../enhance/enhance.js";
import { loadModel } from "../enhance/files.js";
import { reasonOf } from "../formats/files.js";
import { imageFormatOf, listImages, readImage, writeImage } from "../image/files.js";
import { describeImage } from "../image/image.js";
import { explain } from "./errors.js";
import {
  architectureOption,
  backendOption,
  eagerOption,
  jsonOption,
  modelOption,
  oneOf,
  positiveNumber,
  type SharedOptions,
  sigmaOrAuto,
  threadsOption,
  wholeNumber,
} from "./options.js";
import { clock, type Progress, showProgress } from "./progress.js";
import { interruptible, printJson, rounded, say, withBackend } from "./session.js";

interface EnhanceFlags extends SharedOptions {
  output?: string;
  task: string;
  model?: string;
  arch?: string;
  sigma: number | "auto";
  tile?: number;
  maxMemory?: number;
  eager?: boolean;
}

export const enhanceCommand = (): Command =>
  new Command("enhance")
    .description(
      "Enhances images: PNG, and with the package sharp also JPEG, WebP and TIFF. Alpha, bit depth and colour type are kept.\n" +
        "photo.png becomes photo.enhanced.png beside it, unless -o says where to.",
    )
    .argument("<input...>", "images, folders of images, or patterns such as 'photos/**/*.png'")
    .option(
      "-o, --output <path>",
      "where to write: a file, or a folder (needed to be one for several inputs)",
    )
    .addOption(
      new Option("--task <name>", "what to do").default("denoise").argParser(oneOf("--task", ["denoise"])),
    )
    .addOption(modelOption())
    .addOption(architectureOption())
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
  fovea enhance photo.png --model runs/mine
  fovea enhance photos/ -o better/ --model runs/mine
  fovea enhance scan.png --sigma 15 -o clean.png --model runs/mine`,
    )
    .action((inputs: string[], flags: EnhanceFlags) =>
      interruptible((signal) => enhance(inputs, flags, signal)),
    );

async function enhance(inputs: readonly string[], flags: EnhanceFlags, signal: AbortSignal): Promise<void> {
  if (flags.model === undefined)
    throw new UserError(
      "There is no bundled model yet, so --model FILE must name one; fovea train --data photos/ --sigma 0..55 --minutes 20 --out runs/mine trains one.",
    );
  const model = flags.model;
  const jobs = await jobsFor(inputs, flags.output);
  await withBackend(flags, async (backend) => {
    const loaded = loadModel(model, flags.arch);
    const denoiser = new Denoiser(loaded.model, flags);
    try {
      let failed = 0;
      for (const [i, job] of jobs.entries()) {
        const label = jobs.length > 1 ? `${i + 1}/${jobs.length} ${job.input}` : job.input;
        const progress = showProgress(label);
        try {
          await enhanceFile(job, denoiser, flags, backend.name, progress, signal);
        } catch (error) {
          // One bad file does not keep the others waiting; whatever is not the file's fault ends the command.
          if (!(error instanceof UserError) || jobs.length === 1) throw error;
          failed++;
          progress.stop();
          say(explain(error, "enhance"));
        } finally {
          progress.stop();
        }
      }
      if (failed > 0)
        throw new UserError(
          `${failed} of ${jobs.length} images could not be enhanced; see the messages above.`,
        );
    } finally {
      denoiser.dispose();
      loaded.model.dispose();
    }
  });
}

interface Job {
  readonly input: string;
  readonly output: string;
}

async function enhanceFile(
  { input, output }: Job,
  denoiser: Denoiser,
  { sigma, json }: EnhanceFlags,
  backend: string,
  progress: Progress,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  const image = await readImage(input);
  const started = performance.now();
  const onTile = (done: number, total: number) => {
    const seconds = (performance.now() - started) / 1000;
    progress.update(done / total, `tile ${done}/${total}, ${clock((seconds / done) * (total - done))} left`);
  };
  const { image: enhanced, sigmas } = await enhanceImage(image, denoiser, { sigma, onTile, signal });
  const seconds = (performance.now() - started) / 1000;
  signal.throwIfAborted();
  await writeImage(output, enhanced);
  progress.stop();
  const levels = sigmas.map((s) => s.toFixed(1)).join(", ");
  const noise =
    sigmas.length === 0 ? "" : `, noise ${sigma === "auto" ? "estimated as " : ""}sigma ${levels}`;
  say(`${input} (${describeImage(image)})${noise} -> ${output}, ${seconds.toFixed(1)} s`);
  if (json)
    printJson({
      input,
      output,
      width: image.width,
      height: image.height,
      channels: image.channels,
      bitDepth: image.bitDepth,
      sigma: sigmas.map((s) => rounded(s, 2)),
      seconds: rounded(seconds, 2),
      backend,
    });
}

/** Each input with its output. Throws UserError before anything is computed: missing inputs, outputs that cannot be. */
async function jobsFor(inputs: readonly string[], output: string | undefined): Promise<Job[]> {
  const files: string[] = [];
  let several = inputs.length > 1;
  for (const input of inputs) {
    const isPattern = isDynamicPattern(input) && !fs.existsSync(input);
    several ||= isPattern || isExistingFolder(input);
    if (isPattern) files.push(...(await matching(input)));
    else if (isExistingFolder(input)) files.push(...imagesIn(input));
    else files.push(...listImages(input));
  }
  const unique = [...new Map(files.map((file) => [path.resolve(file), file])).values()];
  const isFolder = output !== undefined && (several || isExistingFolder(output) || output.endsWith(path.sep));
  if (isFolder) makeFolder(output);
  else if (output !== undefined) imageFormatOf(output);
  const jobs = unique.map((input) => ({ input, output: outputFor(input, output, isFolder) }));
  const writers = new Map<string, string>();
  for (const job of jobs) {
    if (!isExistingFolder(path.dirname(job.output)))
      throw new UserError(
        `Cannot write ${job.output}: there is no folder ${path.dirname(job.output)}; make it first.`,
      );
    if (sameFile(job.input, job.output))
      throw new UserError(
        `-o ${output} would overwrite the input ${job.input}; choose another name or folder.`,
      );
    const other = writers.get(path.resolve(job.output));
    if (other !== undefined)
      throw new UserError(
        `${other} and ${job.input} would both be written to ${job.output}; enhance them one by one.`,
      );
    writers.set(path.resolve(job.output), job.input);
  }
  return jobs;
}

/** Images that a pattern names, in natural order; the results of earlier runs are not inputs. */
async function matching(pattern: string): Promise<string[]> {
  const found = await glob(pattern, { absolute: false, onlyFiles: true });
  const images = found.filter((file) => isImageName(file) && !isResult(file));
  if (images.length === 0)
    throw new UserError(`The pattern ${pattern} matches no images; check it, and quote it for the shell.`);
  return images.sort(new Intl.Collator("en", { numeric: true }).compare);
}

/** A folder's images, without the results that earlier runs put there. */
function imagesIn(folder: string): string[] {
  const images = listImages(folder).filter((file) => !isResult(file));
  if (images.length === 0)
    throw new UserError(`The folder ${folder} has no images but results of fovea enhance; give another.`);
  return images;
}

const isResult = (file: string): boolean => path.parse(file).name.endsWith(".enhanced");

function isImageName(file: string): boolean {
  try {
    imageFormatOf(file);
    return true;
  } catch {
    return false;
  }
}

function outputFor(input: string, output: string | undefined, isFolder: boolean): string {
  const { dir, name } = path.parse(input);
  const ext = isImageName(input) ? path.extname(input) : ".png";
  if (output === undefined) return path.join(dir, `${name}.enhanced${ext}`);
  return isFolder ? path.join(output, `${name}${ext}`) : output;
}

function isExistingFolder(file: string): boolean {
  return fs.existsSync(file) && fs.statSync(file).isDirectory();
}

function makeFolder(folder: string): void {
  try {
    fs.mkdirSync(folder, { recursive: true });
    fs.accessSync(folder, fs.constants.W_OK);
  } catch (error) {
    throw new UserError(`Cannot write into the folder ${folder} of -o: ${reasonOf(error)}`);
  }
}

function sameFile(a: string, b: string): boolean {
  if (path.resolve(a) === path.resolve(b)) return true;
  if (!fs.existsSync(a) || !fs.existsSync(b)) return false;
  const [left, right] = [fs.statSync(a), fs.statSync(b)];
  return left.ino === right.ino && left.dev === right.dev;
}
