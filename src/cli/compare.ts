// fovea compare: what several methods and networks make of one picture, as a labelled sheet, as a page with a slider, and as
// figures against the clean picture. What is done to the picture is enhance/enhancers.ts in this folder.

import fs from "node:fs";
import path from "node:path";
import { Command } from "commander";
import type { Backend } from "../backend/backend.js";
import { UserError } from "../base/errors.js";
import { parseMethod } from "../enhance/classical/apply.js";
import { methods } from "../enhance/classical/methods.js";
import { checkSameSize, checkZoom, describeNearness, nearness, type Nearness } from "../enhance/compare.js";
import { comparePage } from "../enhance/compare-page.js";
import { contactSheet, type Zoom } from "../enhance/contact-sheet.js";
import { Shelf } from "../enhance/shelf-node.js";
import { writeFileAtomic } from "../formats/files.js";
import { imageFormatOf, readImage, writeImage } from "../image/files.js";
import { type Image, MAX_PIXELS } from "../image/image.js";
import { encodePng } from "../image/png-encode-node.js";
import { bundledModel, bundledModels } from "../models/bundled-node.js";
import { byMethod, byNetwork, type Enhancer } from "./enhance/enhancers.js";
import { interruptible } from "./interrupt.js";
import { backendOption, jsonOption, type SharedOptions, sigmaOrAuto, threadsOption } from "./options.js";
import { showProgress } from "./progress.js";
import { printJson, rounded, say, withBackend } from "./session.js";

interface CompareFlags extends SharedOptions {
  output?: string;
  html?: string;
  clean?: string;
  with?: string[];
  zoom: Zoom[];
  sigma: number | "auto";
  force?: boolean;
}

export const compareCommand = (): Command =>
  new Command("compare")
    .description(
      "Shows what several methods and networks make of one picture: a labelled sheet, and a page with a slider between before and after.",
    )
    .argument("<input>", "an image")
    .option(
      "-o, --output <sheet>",
      "where to write the sheet: a name that ends with .png or another format's ending",
    )
    .option("--html <file>", "where to write the page: one file that needs nothing else")
    .option("--clean <image>", "the same picture without its faults, to measure by")
    .option(
      "--with <name,...>",
      `classical methods (${Object.keys(methods).join(", ")}), bundled networks, and networks' files (default: photo where it is bundled, and equalize, stretch, sharpen, gaussian)`,
      listOfNames,
    )
    .option("--zoom <x,y,side>", "a square to be shown enlarged; may be given several times", addZoom, [])
    .option(
      "--sigma <n>",
      "noise level in 8-bit grey levels for networks that take one, or auto",
      sigmaOrAuto,
      "auto",
    )
    .option("--force", "replace files that are there already")
    .addOption(backendOption())
    .addOption(threadsOption())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
Examples:
  fovea compare photo.jpg -o sheet.png
  fovea compare noisy.png --clean clean.png --with nlmeans:h=12,bilateral,runs/mine --zoom 120,80,64 -o sheet.png
  fovea compare photo.jpg --with photo --html photo.html`,
    )
    .action((input: string, flags: CompareFlags) => interruptible((signal) => compare(input, flags, signal)));

interface Entry {
  readonly name: string;
  readonly image: Image;
  readonly seconds?: number;
  readonly nearness?: Nearness;
}

async function compare(input: string, flags: CompareFlags, signal: AbortSignal): Promise<void> {
  const names = flags.with ?? [
    ...(bundledModel("photo") ? ["photo"] : []),
    "equalize",
    "stretch",
    "sharpen",
    "gaussian",
  ];
  const networks = names.filter((name) => !isMethod(name));
  networks.forEach(checkNetwork);
  checkOutputs(input, flags);
  const image = await readImage(input);
  const clean = flags.clean === undefined ? undefined : await readImage(flags.clean);
  if (clean) checkSameSize(image, input, clean, flags.clean!);
  flags.zoom.forEach((zoom) => checkZoom(zoom, image));

  const run = async (enhancerOf: (name: string) => Enhancer): Promise<void> => {
    const entries = [entryOf("input", image, clean)];
    for (const name of names) entries.push(await apply(name, image, enhancerOf(name), clean, signal));
    for (const { name, seconds, nearness: found } of entries)
      if (flags.json)
        printJson({
          name,
          psnr: found && rounded(found.psnr),
          ssim: found?.ssim && rounded(found.ssim),
          seconds: seconds && rounded(seconds, 2),
        });
      else say(`${name}${found ? `: ${describeNearness(found)}` : ""}`);
    if (clean) entries.push({ name: "clean", image: clean });
    await write(input, flags, entries, clean);
  };
  if (networks.length === 0) return run((name) => byMethod(parseMethod(name)));
  await withBackend(flags, async (backend: Backend) => {
    const shelf = new Shelf();
    try {
      for (const name of networks) await shelf.prepare(name, {}, say);
      networks.forEach((name) => shelf.get(name));
      await run((name) =>
        isMethod(name)
          ? byMethod(parseMethod(name, "with"))
          : byNetwork(shelf, backend.name, { model: name, sigma: flags.sigma }),
      );
    } finally {
      shelf.dispose();
    }
  });
}

const entryOf = (name: string, image: Image, clean: Image | undefined, seconds?: number): Entry => ({
  name,
  image,
  seconds,
  nearness: clean && nearness(image, clean),
});

async function apply(
  name: string,
  image: Image,
  enhancer: Enhancer,
  clean: Image | undefined,
  signal: AbortSignal,
): Promise<Entry> {
  const progress = showProgress(name);
  try {
    signal.throwIfAborted();
    const started = performance.now();
    const { image: enhanced } = await enhancer(image, progress, signal);
    return entryOf(
      isMethod(name) ? name : path.basename(name),
      enhanced,
      clean,
      (performance.now() - started) / 1000,
    );
  } finally {
    progress.stop();
  }
}

async function write(
  input: string,
  { output, html, zoom }: CompareFlags,
  entries: readonly Entry[],
  clean: Image | undefined,
): Promise<void> {
  const figures = ({ nearness: found }: Entry) => (found ? describeNearness(found) : "");
  const { icc } = entries[0].image.metadata ?? {};
  if (output !== undefined) {
    const cells = entries.map((entry) => ({
      title: entry.name,
      detail: figures(entry),
      image: entry.image,
      isClean: entry.image === clean,
    }));
    const sheet = contactSheet(cells, zoom, clean);
    // The colours of the sheet are those of the picture, unless that was grey.
    const isColour = entries[0].image.channels > 2;
    await writeImage(output, isColour && icc ? { ...sheet, metadata: { format: "png", icc } } : sheet);
    say(`${output} (${sheet.width}x${sheet.height})`);
  }
  if (html !== undefined) {
    const { width, height } = entries[0].image;
    const pageEntries = [];
    for (const entry of entries)
      pageEntries.push({ title: entry.name, detail: figures(entry), source: await dataUri(entry.image) });
    const page = { title: path.basename(input), width, height, entries: pageEntries, after: 1 };
    writeFileAtomic(html, comparePage(page));
    say(`${html}`);
  }
}

const dataUri = async (image: Image): Promise<string> =>
  `data:image/png;base64,${Buffer.from(await encodePng(image)).toString("base64")}`;

const isMethod = (name: string): boolean => Object.hasOwn(methods, name.split(":")[0]);

function checkNetwork(name: string): void {
  if (bundledModel(name) || fs.existsSync(name)) return;
  const bundled = bundledModels().map((model) => model.name);
  const networks = bundled.length > 0 ? `, none of the bundled networks (${bundled.join(", ")})` : "";
  throw new UserError(
    `--with ${name} is none of the classical methods (${Object.keys(methods).join(", ")})${networks} and no file; check the name.`,
  );
}

/** Before anything is computed: that there is something to write, and that it overwrites nothing by mistake. */
function checkOutputs(input: string, { output, html, clean, force, json }: CompareFlags): void {
  if (output === undefined && html === undefined && !json)
    throw new UserError("Nothing to write; give -o SHEET.png, --html FILE or --json.");
  if (output !== undefined) imageFormatOf(output);
  for (const [flag, file] of [
    ["-o", output],
    ["--html", html],
  ] as const) {
    if (file === undefined) continue;
    const isSource = [input, clean].some(
      (source) => source !== undefined && path.resolve(source) === path.resolve(file),
    );
    if (isSource)
      throw new UserError(`${flag} ${file} would overwrite a picture to compare; choose another name.`);
    if (fs.existsSync(file) && !force)
      throw new UserError(
        `${flag} ${file} is there already; choose another name, or replace it with --force.`,
      );
  }
}

/** "a,b:x=1,y=2,c" as a, b:x=1,y=2 and c: what only sets a value belongs to the method before it. */
function listOfNames(text: string, earlier: readonly string[] = []): string[] {
  const names: string[] = [];
  for (const piece of text.split(",")) {
    const last = names.length - 1;
    if (last >= 0 && isMethod(names[last]) && names[last].includes(":") && /^\w+=/.test(piece))
      names[last] += `,${piece}`;
    else if (piece !== "") names.push(piece);
  }
  if (names.length === 0)
    throw new UserError(`--with names nothing; give for example --with median,unsharp.`);
  names.filter(isMethod).forEach((name) => parseMethod(name, "with"));
  return [...earlier, ...names];
}

function addZoom(text: string, earlier: readonly Zoom[]): Zoom[] {
  const numbers = text.split(",").map((part) => (part.trim() === "" ? NaN : Number(part)));
  const [x, y, side] = numbers;
  const isRight =
    numbers.length === 3 && numbers.every((n) => Number.isInteger(n) && n >= 0 && n < MAX_PIXELS) && side > 0;
  if (!isRight)
    throw new UserError(
      `--zoom ${text} is no square; give its left, top and side in pixels, for example --zoom 120,80,64.`,
    );
  return [...earlier, { x, y, side }];
}
