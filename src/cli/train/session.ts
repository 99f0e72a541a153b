// `fovea train`: the run's folder, data and model put together, on one process or over ranks. How the run goes is run.ts.

import fs from "node:fs";
import { UserError } from "../../base/errors.js";
import { readNetworkOfOthers } from "../../enhance/others-node.js";
import { skeletonOf } from "../../formats/onnx/skeleton.js";
import { OnnxNetwork } from "../../models/onnx-network.js";
import { isOfOthers, onnxBytesOf } from "../../models/others-node.js";
import { openRun, type RunFiles, runFiles } from "../../train/files.js";
import { lockRun } from "../../train/lock-node.js";
import { rowsOfRank } from "../../train/share.js";
import { fromFirst, together } from "../../ranks/ranks.js";
import { type Team, withRanks } from "../ranks.js";
import { withRanksBackend } from "../rank-backend.js";
import { say, withBackend } from "../session.js";
import { dryRun } from "./dry-run.js";
import { disposeParts, loadParts } from "./parts.js";
import { Run } from "./run.js";
import { type RunConfig, startOf, type TrainFlags } from "./run-config.js";

export async function train(flags: TrainFlags, signal: AbortSignal): Promise<void> {
  const { out } = flags;
  if (flags.dryRun) return rehearse(flags, signal);
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

/** A run that is not made: its folder may be missing, and is not touched. */
async function rehearse(flags: TrainFlags, signal: AbortSignal): Promise<void> {
  const { config, snapshot } = startOf(flags, flags.out === undefined ? undefined : runFiles(flags.out));
  await withBackend(flags, async (backend) => {
    const parts = await loadParts(config, snapshot === undefined, flags);
    try {
      await dryRun(parts, config, snapshot?.step ?? 0, flags, backend, signal);
    } catch (error) {
      throw isMemory(error) ? tooLarge(config) : error;
    } finally {
      disposeParts(parts);
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
  const own = await together(ranks, async () => files && startOf(flags, files, await networkOfInit(flags)));
  const config = await fromFirst(ranks, own?.config);
  const begins = await fromFirst(ranks, own && own.snapshot === undefined);
  await withRanksBackend(flags, team, async (backend) => {
    const parts = await together(ranks, () => {
      rowsOfRank(config.batch, ranks); // refuses more ranks than patches
      return loadParts(config, begins, flags);
    });
    const { patches, model, average, validator } = parts;
    const run = new Run(files, { config, snapshot: own?.snapshot }, model, average, flags, backend, team);
    try {
      await run.go(patches, validator, signal);
    } catch (error) {
      throw isMemory(error) ? tooLarge(config) : error;
    } finally {
      run.close();
      disposeParts(parts);
    }
  });
}

/** The network of others that --init names, to be made again from a checkpoint: how it is used, and its graph. */
async function networkOfInit(flags: TrainFlags): Promise<OnnxNetwork | undefined> {
  const { init, resume } = flags;
  if (init === undefined || resume || !isOfOthers(init)) return undefined;
  return withBackend(flags, async () => {
    const { network, use } = await readNetworkOfOthers(init, {}, say);
    const skeleton = skeletonOf(onnxBytesOf(init), init);
    return new OnnxNetwork(network, use, Buffer.from(skeleton).toString("base64"));
  });
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
