// What fovea inspect prints of a network without running it: the layers, and the program of its step before and after each pass.

import type { Backend } from "../../backend/backend.js";
import type { Program } from "../../backend/program-types.js";
import { UserError } from "../../base/errors.js";
import type { ImageModel } from "../../models/index.js";
import { meanAbsoluteError } from "../../nn/losses.js";
import { summary } from "../../nn/summary.js";
import { Adam } from "../../optim/index.js";
import { printProgram } from "../../program/print.js";
import { record } from "../../tensor/record.js";
import { noGrad } from "../../tensor/tape.js";
import { empty } from "../../tensor/tensor.js";
import type { TrainingData } from "../../train/data.js";
import { TrainingStep } from "../../train/training-step.js";
import { print, printJson } from "../session.js";

/** For what batch, and how it is told. */
export interface ProgramFlags {
  readonly size?: number;
  readonly batch?: number;
  readonly inference?: boolean;
  readonly json?: boolean;
}

/** [batch, height, width, channels] */
function imagesShape(model: ImageModel, { batch = 16, size = 64 }: ProgramFlags): number[] {
  const [height, width] = model.imageSize ?? [size, size];
  if (height % model.alignment !== 0)
    throw new UserError(
      `--size ${size} is not a multiple of ${model.alignment}, as ${model.architecture} needs; give one that is.`,
    );
  return [batch, height, width, model.channels];
}

export function printSummary(model: ImageModel, flags: ProgramFlags): void {
  const images = imagesShape(model, flags);
  const table = summary(model, model.takesSigma ? [images, [images[0]]] : images);
  if (!flags.json)
    return print(`${model.architecture} for images [${images.join(", ")}]\n${table.toString()}`);
  for (const row of table.rows) printJson({ ...row });
  const { parameters, operations, bytes } = table;
  printJson({ total: true, parameters, operations, bytes });
}

/** Prints the program whenever a pass has changed it. */
export function printPasses(model: ImageModel, flags: ProgramFlags, backend: Backend): void {
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
    const [x, sigma] = [empty(images), empty([images[0]])];
    const frozen = [...model.parameters().values()];
    record(() => noGrad(() => ({ y: model.restore(x, sigma) })), { frozen, watch }).dispose();
    for (const t of [x, sigma]) t.dispose();
    return;
  }
  const data: TrainingData = {
    inputShapes: model.takesSigma ? [images, [images[0]]] : [images],
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
