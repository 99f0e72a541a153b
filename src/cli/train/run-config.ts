// What a run is: everything that decides its bits, kept in its checkpoints as plain JSON, and the limits at which it stops.
// From flags for a new run; from the checkpoint, with the flags checked against it, for one that goes on.

import fs from "node:fs";
import path from "node:path";
import { UserError } from "../../base/errors.js";
import { modelPart } from "../../models/files.js";
import { blindTaskOf } from "../../data/degrade/blind.js";
import type { PatchDraw } from "../../data/patches.js";
import { createModel, type ModelConfig } from "../../models/index.js";
import type { OnnxNetwork } from "../../models/onnx-network.js";
import { charbonnier, type Loss, meanAbsoluteError, meanSquaredError } from "../../nn/losses.js";
import { readCheckpoint, type RunFiles } from "../../train/files.js";
import type { Snapshot } from "../../train/snapshot.js";
import type { SharedOptions } from "../options.js";
import type { RanksFlags } from "../ranks.js";

const losses = { l1: meanAbsoluteError, mse: meanSquaredError, charbonnier } as const;
export type LossName = keyof typeof losses;
export const lossNames = Object.keys(losses) as LossName[];
export const lossOf = (name: LossName): Loss => losses[name];

export interface TrainFlags extends SharedOptions, RanksFlags {
  task?: string;
  data?: string;
  val?: string;
  out?: string;
  resume?: boolean;
  model?: string;
  channels?: number;
  widths?: number[];
  blocks?: number;
  sigma?: number | readonly [number, number];
  steps?: number;
  epochs?: number;
  minutes?: number;
  stopLoss?: number;
  patience?: number;
  batch?: number;
  patch?: number;
  lr?: number;
  loss?: LossName;
  seed?: number;
  valEvery?: number;
  saveEvery?: number;
  init?: string;
  ema?: number;
  draw?: PatchDraw;
  eager?: boolean;
  dryRun?: boolean;
  /** Beside training; none of these changes its bits. */
  watch?: "gradients";
  tensorboard?: string;
  keep?: number;
}

/** What decides the bits. */
interface Settings {
  readonly task: string;
  readonly sigma: number | readonly [number, number];
  readonly batch: number;
  readonly patch: number;
  readonly lr: number;
  readonly loss: LossName;
  readonly seed: number;
  readonly draw: PatchDraw;
  /** Decay of the weights' moving average; none without it. */
  readonly ema?: number;
  /** Where the weights came from that it began with; drawn from the seed without it. */
  readonly init?: string;
}

/** Where it reads, and when it stops: what a resumed run may be told anew. */
interface Limits {
  readonly data: string;
  readonly val?: string;
  readonly steps?: number;
  readonly epochs?: number;
  readonly minutes?: number;
  readonly stopLoss?: number;
  readonly patience?: number;
  readonly valEvery?: number;
  readonly saveEvery?: number;
}

export interface RunConfig extends Settings, Limits {
  readonly model: ModelConfig;
}

const settingNames = [
  "task",
  "sigma",
  "batch",
  "patch",
  "lr",
  "loss",
  "seed",
  "draw",
  "ema",
  "init",
] as const;
const limitNames = [
  "data",
  "val",
  "steps",
  "epochs",
  "minutes",
  "stopLoss",
  "patience",
  "valEvery",
  "saveEvery",
] as const;

export interface Start {
  readonly config: RunConfig;
  readonly snapshot?: Snapshot;
}

/**
 * The run that the flags ask for. Throws UserError when they do not make one.
 * @param files may be left out where nothing is written
 * @param network of others, if --init names one
 */
export function startOf(flags: TrainFlags, files?: RunFiles, network?: OnnxNetwork): Start {
  const exists = files !== undefined && fs.existsSync(files.checkpoint);
  if (exists && !flags.resume)
    throw new UserError(
      `--out ${files.folder} already holds a run; add --resume to go on with it, or name another folder.`,
    );
  if (!exists && flags.resume)
    throw new UserError(
      `--resume: there is no checkpoint in ${files?.folder ?? "--out"}; check --out, or leave --resume out to begin a run.`,
    );
  const start = exists ? resumed(flags, files.checkpoint) : { config: begun(flags, network) };
  const { patience, val, steps, epochs, minutes, stopLoss } = start.config;
  if (patience !== undefined && val === undefined)
    throw new UserError("--patience needs images to validate on; add --val DIR.");
  if ([steps, epochs, minutes, stopLoss, patience].every((limit) => limit === undefined))
    throw new UserError(
      "fovea train does not know when to stop; add --minutes, --steps or --epochs, for example --minutes 20.",
    );
  return start;
}

function begun(flags: TrainFlags, network?: OnnxNetwork): RunConfig {
  if (flags.data === undefined) throw new UserError("fovea train needs images to train on; add --data DIR.");
  if (network) checkNetwork(flags, network);
  const architecture = network?.architecture ?? flags.model ?? "unet";
  const isBlind = flags.task !== undefined && blindTaskOf(flags.task) !== undefined;
  if (isBlind) checkBlind(flags);
  const isDense = architecture === "dense-autoencoder";
  const patch = flags.patch ?? (isDense ? 28 : 64);
  const { channels = isBlind ? 3 : 1, widths, blocks } = flags;
  const shape = isDense ? { height: patch, width: patch } : {};
  const blind = isBlind && architecture === "unet" ? { sigma: false } : {};
  const made = createModel(
    network?.config ?? { architecture, options: given({ channels, widths, blocks, ...shape, ...blind }) },
  );
  const { alignment, config } = made;
  made.dispose();
  if (patch % alignment !== 0)
    throw new UserError(
      `--patch ${patch} is not a multiple of ${alignment}, as the model ${architecture} needs; give for example ${Math.max(1, Math.round(patch / alignment)) * alignment}.`,
    );
  return {
    model: config,
    task: flags.task ?? "denoise",
    sigma: flags.sigma ?? (isBlind ? 0 : 25),
    batch: flags.batch ?? 16,
    patch,
    lr: flags.lr ?? 1e-3,
    loss: flags.loss ?? "l1",
    seed: flags.seed ?? 0,
    draw: flags.draw ?? (isBlind ? "detail" : "even"),
    ...given({ ema: flags.ema, init: flags.init }),
    ...limitsOf(flags),
    data: path.resolve(flags.data),
  };
}

/** Throws UserError for a network of others that cannot be trained on, and for flags that it leaves no choice in. */
function checkNetwork(
  { model, channels, widths, blocks, init, task }: TrainFlags,
  { use }: OnnxNetwork,
): void {
  const said = Object.entries({ model, channels, widths, blocks }).find(([, value]) => value !== undefined);
  if (said) throw new UserError(`--${said[0]} is what ${init} already says; leave it out.`);
  if (use.scale > 1)
    throw new UserError(
      `${init} enlarges pictures ${use.scale} times, and train learns to mend those that keep their size; name another network.`,
    );
  if (task !== undefined && blindTaskOf(task) && use.channels !== 3)
    throw new UserError(`--task ${task} learns from pictures in colour, and ${init} takes grey ones.`);
}

/** Throws UserError for flags that do not go with a blind task. */
function checkBlind({ task, channels, sigma }: TrainFlags): void {
  if (channels === 1)
    throw new UserError(
      `--task ${task} learns from pictures in colour; leave --channels 1 out, as its network also takes grey ones.`,
    );
  if (sigma !== undefined)
    throw new UserError(
      `--task ${task} makes pictures bad by itself, in all degrees; leave --sigma out, or train with --task denoise.`,
    );
}

/** What is there: the options that were given. */
const given = <T extends object>(options: T): Partial<T> =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<T>;

const limitsOf = (flags: TrainFlags) => ({
  ...given(Object.fromEntries(limitNames.map((name) => [name, flags[name]]))),
  ...(flags.val === undefined ? {} : { val: path.resolve(flags.val) }),
  ...(flags.data === undefined ? {} : { data: path.resolve(flags.data) }),
});

function resumed(flags: TrainFlags, file: string): Start {
  const { config, snapshot } = readCheckpoint(file);
  const known = checked(config, snapshot, file);
  const saved: RunConfig = { ...known, draw: known.draw ?? "even" }; // older runs had no choice
  const flagOf = (name: string) => `--${name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}`;
  const refuse = (flag: string, given: unknown, known: unknown): never => {
    throw new UserError(
      `${flag} ${shown(given, flag)} is not what this run began with (${shown(known, flag)}); leave it out to go on, or begin another run.`,
    );
  };
  for (const name of settingNames)
    if (flags[name] !== undefined && shown(flags[name]) !== shown(saved[name]))
      refuse(flagOf(name), flags[name], saved[name]);
  if (flags.model !== undefined && flags.model !== saved.model.architecture)
    refuse("--model", flags.model, saved.model.architecture);
  for (const name of ["channels", "widths", "blocks"] as const)
    if (flags[name] !== undefined && String(flags[name]) !== String(saved.model.options[name]))
      refuse(`--${name}`, flags[name], saved.model.options[name]);
  return { config: { ...saved, ...limitsOf(flags) }, snapshot };
}

/** As it is given on the command line. */
const shown = (value: unknown, flag?: string): string =>
  Array.isArray(value) ? value.join(flag === "--sigma" ? ".." : ",") : String(value);

/** A file's configuration is believed only as far as it makes sense. */
function checked(config: unknown, snapshot: Snapshot, file: string): RunConfig {
  const fail = (): never => {
    throw new UserError(
      `${file} does not hold what is needed to go on; take a checkpoint.safetensors that fovea train wrote.`,
    );
  };
  const run = modelPart(config, file) as RunConfig;
  const { sigma } = run;
  const isCount = (n: unknown, from: number) => Number.isSafeInteger(n) && (n as number) >= from;
  const isSigma =
    typeof sigma === "number" ||
    (Array.isArray(sigma) && sigma.length === 2 && sigma.every((s) => typeof s === "number"));
  if (
    !isCount(snapshot.step, 0) ||
    !Number.isFinite(snapshot.minutes) ||
    !isSigma ||
    typeof run.data !== "string"
  )
    fail();
  if (
    !isCount(run.batch, 1) ||
    !isCount(run.patch, 1) ||
    !isCount(run.seed, 0) ||
    !(run.lr > 0) ||
    !lossNames.includes(run.loss)
  )
    fail();
  if (![...snapshot.tensors.keys()].some((name) => name.startsWith("optimizer."))) fail();
  return run;
}
