// fovea inspect: what a network is made of, and what becomes of its calls on the way to the machine.

import { Command } from "commander";
import type { Backend } from "../backend/backend.js";
import { UserError } from "../base/errors.js";
import type { Program } from "../backend/program-types.js";
import { loadModel } from "../enhance/files.js";
import { createModel, type ImageModel } from "../models/index.js";
import { meanAbsoluteError } from "../nn/losses.js";
import { summary } from "../nn/summary.js";
import { Adam } from "../optim/index.js";
import { printProgram } from "../program/print.js";
import { record } from "../tensor/record.js";
import { noGrad } from "../tensor/tape.js";
import { empty } from "../tensor/tensor.js";
import type { TrainingData } from "../train/data.js";
import { TrainingStep } from "../train/training-step.js";
import {
  architecture,
  backendOption,
  jsonOption,
  modelOption,
  type SharedOptions,
  threadsOption,
  wholeNumber,
} from "./options.js";
import { print, printJson, withBackend } from "./session.js";

interface InspectFlags extends SharedOptions {
  arch?: string;
  model?: string;
  summary?: boolean;
  program?: boolean;
  inference?: boolean;
  size: number;
  batch: number;
}

export const inspectCommand = (): Command =>
  new Command("inspect")
    .description(
      "Prints a network's layers, or the program of its training step: as recorded, and after each pass that optimises it.",
    )
    .addOption(modelOption())
    .option(
      "--arch <name>",
      "a network by name, with default options, instead of --model (default: unet)",
      architecture("--arch"),
    )
    .option("--summary", "layers, shapes, parameters, operations (what is printed by default)")
    .option(
      "--program",
      "the training step's program before and after each pass, with the bytes of its arena",
    )
    .option("--inference", "with --program: the network's own program instead")
    .option("--size <pixels>", "side of the images", wholeNumber("--size", "64"), 64)
    .option("--batch <n>", "images in a batch", wholeNumber("--batch", "16"), 16)
    .addOption(backendOption())
    .addOption(threadsOption())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
Examples:
  fovea inspect --arch unet
  fovea inspect --model runs/mine --program --inference --batch 1 --size 256
  fovea inspect --arch conv-ae --program --json`,
    )
    .action((flags: InspectFlags) => withBackend(flags, (backend) => inspect(flags, backend)));

async function inspect(flags: InspectFlags, backend: Backend): Promise<void> {
  const model = modelOf(flags);
  try {
    if (flags.summary || !flags.program) printSummary(model, flags);
    if (flags.program) printPasses(model, flags, backend);
  } finally {
    model.dispose();
  }
  await backend.finish();
}

function modelOf({ model, arch }: InspectFlags): ImageModel {
  return model === undefined ? createModel({ architecture: arch ?? "unet" }) : loadModel(model, arch).model;
}

function imagesShape(model: ImageModel, { batch, size }: InspectFlags): number[] {
  const [height, width] = model.imageSize ?? [size, size];
  if (height % model.alignment !== 0)
    throw new UserError(
      `--size ${size} is not a multiple of ${model.alignment}, as ${model.architecture} needs; give one that is.`,
    );
  return [batch, height, width, model.channels];
}

function printSummary(model: ImageModel, flags: InspectFlags): void {
  const images = imagesShape(model, flags);
  const table = summary(model, model.takesSigma ? [images, [flags.batch]] : images);
  if (!flags.json)
    return print(`${model.architecture} for images [${images.join(", ")}]\n${table.toString()}`);
  for (const row of table.rows) printJson({ ...row });
  printJson({ total: true, parameters: table.parameters, operations: table.operations });
}

/** Prints the program whenever a pass has changed it. */
function printPasses(model: ImageModel, flags: InspectFlags, backend: Backend): void {
  let before = "";
  const watch = (pass: string, program: Program) => {
    const text = printProgram(program);
    const bytes = program.arenaLength * (backend.precision === "float64" ? 8 : 4);
    if (flags.json)
      printJson({ pass, calls: program.calls.length, arenaBytes: bytes, program: text.split("\n").slice(1) });
    else print(text === before ? `\n--- ${pass}: no change` : `\n--- ${pass}\n${text}`);
    before = text;
  };
  const images = imagesShape(model, flags);
  if (flags.inference) {
    const [x, sigma] = [empty(images), empty([flags.batch])];
    const frozen = [...model.parameters().values()];
    record(() => noGrad(() => ({ y: model.restore(x, sigma) })), { frozen, watch }).dispose();
    for (const t of [x, sigma]) t.dispose();
    return;
  }
  const data: TrainingData = {
    inputShapes: model.takesSigma ? [images, [flags.batch]] : [images],
    targetShape: images,
    stepsPerEpoch: 1,
    batch: () => {
      throw new Error("nothing is trained here");
    },
  };
  const optimizer = new Adam();
  const step = new TrainingStep(model, data, meanAbsoluteError, optimizer, false);
  record(step.compute, { watch }).dispose();
  step.dispose();
  optimizer.dispose();
}
