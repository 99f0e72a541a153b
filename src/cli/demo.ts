// fovea demo: what the bundled networks make of photographs, in seconds: one with white noise, one as a poor camera would have taken
// it. --train trains a small network instead (demo/train.ts).

import fs from "node:fs";
import path from "node:path";
import { Command } from "commander";
import type { BackendName } from "../backend/backend.js";
import { UserError } from "../base/errors.js";
import { gaussianNoise } from "../data/degrade/gaussian.js";
import { degradationStream } from "../data/degrade/draws.js";
import { degradePhoto } from "../data/degrade/photo.js";
import { contactSheet, type SheetEntry } from "../enhance/contact-sheet.js";
import { enhanceImage } from "../enhance/enhance.js";
import { Shelf } from "../enhance/shelf-node.js";
import { reasonOf } from "../formats/files.js";
import { writeImage } from "../image/files.js";
import type { Image } from "../image/image.js";
import { psnr } from "../image/metrics.js";
import { toImage, toPlane } from "../image/plane.js";
import { bundledModel } from "../models/bundled-node.js";
import { boats, read, seed, sigma } from "./demo/photographs.js";
import { interruptible } from "./interrupt.js";
import { backendOption, jsonOption, positiveNumber, type SharedOptions, threadsOption } from "./options.js";
import { showProgress } from "./progress.js";
import { print, printJson, rounded, say, withBackend } from "./session.js";

interface DemoFlags extends SharedOptions {
  output: string;
  train?: boolean;
  seconds?: number;
}

export const demoCommand = (): Command =>
  new Command("demo")
    .description(
      "Makes photographs bad in two ways, white noise and a poor camera, and lets the bundled networks mend them: figures, and a sheet\n" +
        "to look at. With --train a small network is trained first, live, and takes the noise out.",
    )
    .option("-o, --output <dir>", "where to put the pictures", "demo-output")
    .option("--train", "train a network on seven photographs instead of taking a bundled one")
    .option("--seconds <n>", "how long to train (default: 75)", positiveNumber("--seconds", "60"))
    .addOption(backendOption())
    .addOption(threadsOption())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
Examples:
  fovea demo
  fovea demo --train --seconds 300 --backend native`,
    )
    .action((flags: DemoFlags) =>
      interruptible((signal) => withBackend(flags, (backend) => demo(flags, backend.name, signal))),
    );

async function demo(flags: DemoFlags, backend: BackendName, signal: AbortSignal): Promise<void> {
  const { output: folder, seconds = 75, json } = flags;
  makeFolder(folder);
  const missing = ["denoise-color", "photo"].filter((name) => !bundledModel(name));
  if (missing.length > 0 && !flags.train)
    say(`The bundled networks ${missing.join(" and ")} are not in this copy: one is trained, as by --train.`);
  if (flags.train || flags.seconds !== undefined || missing.length > 0) {
    const { trainDemo } = await import("./demo/train.js");
    return trainDemo(await read(boats), boats, { folder, seconds, json, backend, signal });
  }
  // Plain TypeScript computes some two hundred times less in the same time.
  const clean = backend === "reference" ? await read(boats, 96) : await read(boats);
  const trials: readonly Trial[] = [
    {
      model: "denoise-color",
      what: `noise, sigma ${sigma}`,
      bad: toImage(gaussianNoise(clean, sigma, seed, 0)),
    },
    { model: "photo", what: "a poor camera", bad: byCamera(clean) },
  ];
  const sheet = path.join(folder, "sheet.png");
  const shelf = new Shelf();
  try {
    const entries: SheetEntry[] = [];
    for (const trial of trials) entries.push(...(await tried(trial, clean, shelf, signal)));
    await writeImage(sheet, contactSheet(entries));
    report(trials, entries, { json, backend, sheet });
  } finally {
    shelf.dispose();
  }
}

interface Trial {
  readonly model: string;
  readonly what: string;
  readonly bad: Image;
}

/** Sensor noise through demosaicing, tone curve, noise reduction and JPEG, as `train --task photo` draws them. */
const camera = 2; // of the drawn ones, a poor one
const byCamera = (clean: Image): Image =>
  toImage(degradePhoto(toPlane(clean), degradationStream(seed, camera)));

/** The bad picture, the better one and the original, each with its distance to the original. */
async function tried({ model, what, bad }: Trial, clean: Image, shelf: Shelf, signal: AbortSignal) {
  const progress = showProgress(model);
  try {
    const onTile = (done: number, total: number) => progress.update(done / total, `tile ${done}/${total}`);
    const { image } = await enhanceImage(bad, shelf.get(model).denoiser, { onTile, signal });
    const entry = (title: string, picture: Image): SheetEntry => ({
      title,
      detail: `${psnr(clean, picture).toFixed(2)} dB`,
      image: picture,
    });
    return [entry(what, bad), entry(model, image), { title: "original", image: clean, isClean: true }];
  } finally {
    progress.stop();
  }
}

function report(
  trials: readonly Trial[],
  entries: readonly SheetEntry[],
  { json, backend, sheet }: { json?: boolean; backend: BackendName; sheet: string },
): void {
  if (!json) print(boats.title);
  for (const [i, { model, what }] of trials.entries()) {
    const [bad, better, clean] = entries.slice(3 * i).map((entry) => entry.image);
    const [before, after] = [psnr(clean, bad), psnr(clean, better)];
    if (json) printJson({ model, psnrInput: rounded(before), psnr: rounded(after), backend, sheet });
    else print(`  ${`${what}:`.padEnd(18)} ${before.toFixed(2)} dB, by ${model} ${after.toFixed(2)} dB`);
  }
  if (!json) print(`  the sheet to look at is ${sheet}`);
}

function makeFolder(folder: string): void {
  try {
    fs.mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw new UserError(`Cannot write into the folder ${folder} of --output: ${reasonOf(error)}`);
  }
}
