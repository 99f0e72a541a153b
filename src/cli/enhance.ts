// fovea enhance: photographs in, better photographs out, by one process or dealt out to several (enhance/over-ranks.ts in this folder).
// Which inputs and where to is enhance/jobs.ts; what is done to a picture is the room enhance/.

import { Command, Option } from "commander";
import { UserError } from "../base/errors.js";
import { type Chosen, parseMethod } from "../enhance/classical/apply.js";
import { methods } from "../enhance/classical/methods.js";
import { defaultMaxMemory } from "../enhance/denoiser.js";
import { UnsoundResult } from "../enhance/audit.js";
import { Shelf, type Shelved } from "../enhance/shelf-node.js";
import type { ImageUseHints } from "../enhance/probe.js";
import { bundledOf, type Task, tasks } from "../enhance/tasks.js";
import { isDiskFault } from "../formats/files.js";
import { bundledModel } from "../models/bundled-node.js";
import { fromFirst, together } from "../ranks/ranks.js";
import { byMethod, byNetwork, type Enhancer } from "./enhance/enhancers.js";
import { Failures } from "./enhance/failures.js";
import { type Job, planFor } from "./enhance/jobs.js";
import { enhanceOverRanks, largestFirst } from "./enhance/over-ranks.js";
import { Work } from "./enhance/work.js";
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
import { showProgress } from "./progress.js";
import { withRanksBackend } from "./rank-backend.js";
import { mpiOption, noMpiOption, type RanksFlags, type Team, withRanks } from "./ranks.js";
import { printJson, say } from "./session.js";

interface EnhanceFlags extends SharedOptions, RanksFlags {
  output?: string;
  recursive?: boolean;
  force?: boolean;
  skipExisting?: boolean;
  stripMetadata?: boolean;
  task?: Task;
  model?: string;
  arch?: string;
  method?: Chosen;
  strength: number;
  sigma: number | "auto";
  range?: "1" | "255";
  order?: "rgb" | "bgr";
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
    .addOption(new Option("--force", "replace results that are there already").conflicts("skipExisting"))
    .option("--skip-existing", "leave out pictures whose results are there already: goes on with a folder")
    .option("--strip-metadata", "leave out EXIF, XMP, text and the like, all but the colour space")
    .addOption(
      new Option(
        "--task <name>",
        "what to mend: photo (what a camera leaves), denoise (Gaussian noise of a known or estimated level) or deblock (what JPEG leaves) (default: photo)",
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
    .addOption(
      new Option("--range <n>", "of an ONNX network whose white is not found out: 1 or 255").choices([
        "1",
        "255",
      ]),
    )
    .addOption(
      new Option("--order <name>", "of an ONNX network's colours (default: rgb)").choices(["rgb", "bgr"]),
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
    .addOption(mpiOption())
    .addOption(noMpiOption())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
Examples:
  fovea enhance photo.jpg
  fovea enhance photos/ --recursive -o better/ --skip-existing
  fovea enhance scan.png --task denoise --sigma 15 -o clean.png
  fovea enhance downloaded.jpg --task deblock
  fovea enhance photo.png --model runs/mine
  fovea enhance photo.png --model realesr.onnx
  fovea enhance dull.jpg --method clahe:clip=3,tiles=8
  mpirun -n 4 npx fovea enhance photos/ -o better/`,
    )
    .action((inputs: string[], flags: EnhanceFlags) =>
      interruptible((signal) => enhance(inputs, flags, signal)),
    );

const afterLoss =
  "the pictures that were written are whole, and the same command with --skip-existing goes on with the rest.";

const enhance = (inputs: readonly string[], flags: EnhanceFlags, signal: AbortSignal): Promise<void> =>
  withRanks({ command: "enhance", flags, afterLoss }, (team) => enhanceWith(team, inputs, flags, signal));

async function enhanceWith(
  team: Team,
  inputs: readonly string[],
  flags: EnhanceFlags,
  signal: AbortSignal,
): Promise<void> {
  const { ranks } = team;
  const plan = await together(ranks, () => {
    if (flags.method === undefined && flags.model === undefined) checkBundled(flags.task);
    return ranks.rank === 0 ? planFor(inputs, flags) : undefined;
  });
  const jobs = await fromFirst(ranks, plan && (ranks.size > 1 ? largestFirst(plan.jobs) : plan.jobs));
  const failed = new Failures(jobs.length + (plan?.failures.length ?? 0), flags.json);
  for (const { file, error } of plan?.failures ?? []) failed.add(file, new UserError(error));
  const all = (enhancer: Enhancer): Promise<void> => {
    const work = new Work(enhancer, flags.stripMetadata, signal);
    return ranks.size > 1
      ? enhanceOverRanks(jobs, work, failed, ranks, flags.json)
      : enhanceAll(jobs, work, failed, flags.json);
  };
  if (flags.method !== undefined) await all(byMethod(flags.method));
  else if (jobs.length > 0)
    await withRanksBackend(flags, team, async (backend) => {
      const shelf = new Shelf(flags, flags.arch);
      try {
        // The network's own mistakes are told before any picture is read.
        await together(ranks, async () => {
          if (flags.model !== undefined) await shelf.prepare(flags.model, hintsOf(flags), say);
          if (flags.model !== undefined) checkTask(shelf.get(flags.model), flags);
        });
        await all(byNetwork(shelf, backend.name, flags));
      } finally {
        shelf.dispose();
      }
    });
  plan?.notes.forEach(say);
  await together(ranks, () => failed.conclude());
}

async function enhanceAll(
  jobs: readonly Job[],
  work: Work,
  failed: Failures,
  json: boolean | undefined,
): Promise<void> {
  for (const [i, job] of jobs.entries()) {
    const progress = showProgress(jobs.length > 1 ? `${i + 1}/${jobs.length} ${job.input}` : job.input);
    try {
      const { lines, fields } = await work.on(job, progress);
      progress.stop();
      lines.forEach(say);
      if (json) printJson(fields);
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

/** What the user says of an ONNX network. */
const hintsOf = ({ range, order }: EnhanceFlags): ImageUseHints => ({
  ...(range && { range: Number(range) as 1 | 255 }),
  ...(order && { order }),
});

/** Says at once what is missing, before pictures are looked for. */
function checkBundled(task: Task = "photo"): void {
  const missing = bundledOf(task).find((name) => !bundledModel(name));
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
