// `fovea train`: the run's folder, data and model put together, on one process or over ranks. How the run goes is run.ts.

import fs from "node:fs";
import { UserError } from "../../base/errors.js";
import { degradePhoto, softenPhoto } from "../../data/degrade/photo.js";
import { loadPatches } from "../../data/files.js";
import { loadModel } from "../../models/files.js";
import { adaptWeights, createModel, type ImageModel, loadWeights } from "../../models/index.js";
import { readTensors, weightsOf } from "../../nn/weights.js";
import { openRun, type RunFiles } from "../../train/files.js";
import { lockRun } from "../../train/lock-node.js";
import { rowsOfRank } from "../../train/share.js";
import { fromFirst, together } from "../../ranks/ranks.js";
import { type Team, withRanks } from "../ranks.js";
import { withRanksBackend } from "../rank-backend.js";
import { Run } from "./run.js";
import { type RunConfig, startOf, type TrainFlags } from "./run-config.js";
import { Validator } from "./validator.js";

export async function train(flags: TrainFlags, signal: AbortSignal): Promise<void> {
  const { out } = flags;
  if (out === undefined)
    throw new UserError(
      "fovea train needs a folder to write to; add --out RUN, for example --out runs/mine.",
    );
  const afterLoss = `the last checkpoint in ${out} is whole, and --resume goes on from it, on as many ranks as there are.`;
  await withRanks({ command: "train", flags, afterLoss }, async (team) => {
    const { ranks } = team;
    const folder = await together(ranks, () => (ranks.rank === 0 ? new Folder(out) : undefined));
    try {
      await trainIn(folder?.files, flags, signal, team);
    } finally {
      folder?.close();
    }
  });
}

/** The run's folder, which no other training may write to meanwhile. */
class Folder {
  readonly files: RunFiles;
  private readonly isNew: boolean;
  private readonly unlock: () => void;

  constructor(out: string) {
    this.isNew = !fs.existsSync(out);
    this.files = openRun(out);
    this.unlock = lockRun(this.files.folder);
  }

  close(): void {
    const { folder } = this.files;
    this.unlock();
    // A run that never began leaves no folder behind.
    if (this.isNew && fs.readdirSync(folder).length === 0) fs.rmdirSync(folder);
  }
}

/** @param files the run's, on rank 0 */
async function trainIn(
  files: RunFiles | undefined,
  flags: TrainFlags,
  signal: AbortSignal,
  team: Team,
): Promise<void> {
  const { ranks } = team;
  const own = await together(ranks, () => files && startOf(flags, files));
  const config = await fromFirst(ranks, own?.config);
  const begins = await fromFirst(ranks, own && own.snapshot === undefined);
  await withRanksBackend(flags, team, async (backend) => {
    const { patches, model, average, validator } = await together(ranks, async () => {
      const patches = await loadPatches(config.data, channelsOf(config), {
        patch: config.patch,
        batchSize: config.batch,
        sigma: config.sigma,
        seed: config.seed,
        draw: config.draw,
        ...(config.task === "photo" && { degrade: degradePhoto, soften: softenPhoto }),
      });
      rowsOfRank(config.batch, ranks); // refuses more ranks than patches
      const model = await newModel(config, begins);
      const average = config.ema === undefined ? undefined : await newModel(config, begins);
      const better = average ?? model;
      const validator = config.val === undefined ? undefined : await Validator.load(config.val, better, config, flags.eager); // prettier-ignore
      return { patches, model, average, validator };
    });
    const run = new Run(files, { config, snapshot: own?.snapshot }, model, average, flags, backend, team);
    try {
      await run.go(patches, validator, signal);
    } catch (error) {
      throw isMemory(error) ? tooLarge(config) : error;
    } finally {
      run.close();
      validator?.dispose();
      model.dispose();
      average?.dispose();
    }
  });
}

/** The run's network as it begins: drawn from the seed, or from --init. */
async function newModel({ model: described, seed, init }: RunConfig, begins: boolean): Promise<ImageModel> {
  const model = createModel(described, seed);
  if (init === undefined || !begins) return model;
  const { model: source, file } = loadModel(init);
  const weights = adaptWeights(await readTensors(weightsOf(source)), source.config, model);
  source.dispose();
  loadWeights(model, weights, file);
  return model;
}

/** Arrays that cannot be had, in the words of JavaScript and of C++. */
const isMemory = (error: unknown): boolean =>
  error instanceof Error &&
  /allocation failed|invalid typed array length|invalid array.* length|bad_alloc|out of memory/i.test(
    error.message,
  );

const tooLarge = ({ batch, patch }: RunConfig): UserError =>
  new UserError(
    `--batch ${batch} with --patch ${patch} takes more memory than there is; give fewer or smaller patches.`,
  );

const channelsOf = (config: RunConfig) => config.model.options.channels as 1 | 3;
