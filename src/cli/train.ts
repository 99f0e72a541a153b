// fovea train: a network, a folder of images, a stop condition; a run's folder comes out. The flags are read here; what a run is
// made of is train/run-config.ts, how it goes train/session.ts in this folder.

import { Command, Option } from "commander";
import { blindTasks } from "../data/degrade/blind.js";
import { interruptible } from "./interrupt.js";
import {
  architecture,
  backendOption,
  decay,
  eagerOption,
  jsonOption,
  listOfCounts,
  oneOf,
  positiveNumber,
  sigmaOrRange,
  threadsOption,
  wholeNumber,
} from "./options.js";
import { mpiOption, noMpiOption } from "./ranks.js";
import { lossNames, type TrainFlags } from "./train/run-config.js";
import { train } from "./train/session.js";

export const trainCommand = (): Command =>
  new Command("train")
    .description(
      "Trains a network on patches of a folder's images made bad, and writes into RUN: checkpoint.safetensors (to resume\n" +
        "from), best.safetensors (weights of the best validation), log.jsonl and report.html. Ctrl-C stops in order; --resume goes on to the same bits.",
    )
    .addOption(
      new Option(
        "--task <name>",
        "what to mend: denoise (Gaussian noise of a known level; the default), photo (a camera's noise and JPEG, blind) or deblock (JPEG, blind)",
      ).argParser(oneOf("--task", ["denoise", ...Object.keys(blindTasks)])),
    )
    .option("--data <dir>", "folder of clean images to train on")
    .option("--val <dir>", "folder of clean images to validate on, other ones; the first 12 are used")
    .option("--out <run>", "the run's folder")
    .option(
      "--dry-run",
      "train nothing: say what the run would take, operations, memory and time on this machine, from a few steps of it",
    )
    .option("--resume", "go on with the run in --out; its settings are remembered")
    .option("--model <name>", "unet, conv-ae, dense-ae or dncnn (default: unet)", architecture("--model"))
    .option(
      "--init <model>",
      "begin with another run, file or bundled model, adapted, or train on a network of others: .onnx, .pth",
    )
    .option("--channels <n>", "1 for grey, 3 for colour (default: 1; photo: 3)", (text) =>
      Number(oneOf("--channels", ["1", "3"])(text)),
    )
    .option(
      "--widths <n,...>",
      "channels at each size of a unet or conv-ae (default: 32,64,128)",
      listOfCounts("--widths"),
    )
    .option(
      "--blocks <n>",
      "residual blocks at each size of a unet (default: 2)",
      wholeNumber("--blocks", "2"),
    )
    .option(
      "--draw <places>",
      "where patches are cut out: even (the default), or detail (default of photo and deblock) for more often where there is some",
      oneOf("--draw", ["even", "detail"]),
    )
    .option(
      "--sigma <n>",
      "noise level in 8-bit grey levels, or a range such as 0..55 (default: 25)",
      sigmaOrRange,
    )
    .option("--steps <n>", "stop after so many steps", wholeNumber("--steps", "10000"))
    .option(
      "--epochs <n>",
      "stop after so many epochs, of one patch from each image",
      wholeNumber("--epochs", "100"),
    )
    .option("--minutes <n>", "stop after so many minutes", positiveNumber("--minutes", "20"))
    .option(
      "--stop-loss <x>",
      "stop when the mean loss of 100 steps is this low",
      positiveNumber("--stop-loss", "0.01"),
    )
    .option(
      "--patience <n>",
      "stop after so many validations without a new best",
      wholeNumber("--patience", "5"),
    )
    .option(
      "--batch <n>",
      "patches a step, of all ranks together (default: 16)",
      wholeNumber("--batch", "16"),
    )
    .option(
      "--patch <n>",
      "side of a patch in pixels (default: 64; dense-ae: 28)",
      wholeNumber("--patch", "64"),
    )
    .option(
      "--lr <x>",
      "Adam's learning rate at the start, lowered to 0 along a cosine (default: 1e-3)",
      positiveNumber("--lr", "1e-3"),
    )
    .option("--loss <name>", `${lossNames.join(", ")} (default: l1)`, oneOf("--loss", lossNames))
    .option(
      "--ema <decay>",
      "keep a moving average of the weights, to validate and to use, such as 0.999 (default: none)",
      decay,
    )
    .option(
      "--seed <n>",
      "seed of the weights, the patches and the noise (default: 0)",
      wholeNumber("--seed", "7", 0),
    )
    .option(
      "--val-every <steps>",
      "steps between validations (default: a twentieth of the run)",
      wholeNumber("--val-every", "500"),
    )
    .option(
      "--save-every <steps>",
      "steps between checkpoints (default: 30 seconds)",
      wholeNumber("--save-every", "500"),
    )
    .option(
      "--watch <what>",
      "gradients: their norms and histograms along the way, and in words what vanishes, explodes or is dead",
      oneOf("--watch", ["gradients"]),
    )
    .option("--tensorboard <dir>", "write TensorBoard's event files there, too")
    .option(
      "--keep <steps>",
      "keep the weights every so many steps, in RUN/steps: fovea inspect --model RUN --html shows them by a slider",
      wholeNumber("--keep", "500"),
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
  fovea train --data photos/ --val holdout/ --sigma 0..55 --minutes 20 --out runs/mine
  fovea train --data photos/ --val holdout/ --steps 20000 --dry-run
  fovea train --data photos/ --model conv-ae --steps 2000 --out runs/small
  fovea train --task photo --data photos/ --init runs/mine --ema 0.999 --minutes 60 --out runs/photo
  fovea train --out runs/mine --resume
  mpirun -n 4 npx fovea train --data photos/ --minutes 20 --out runs/mine`,
    )
    .action((flags: TrainFlags) => interruptible((signal) => train(flags, signal)));
