// Commands that several processes may do together: under a launcher (mpirun, srun) the ranks join by MPI, must be alike, and end in
// order, whatever happens. Without one nothing of MPI is loaded.

import { Option } from "commander";
import { launchedBy } from "../ranks/launcher-node.js";
import type { MpiRanks } from "../ranks/mpi-node.js";
import { alone, expectAlike, FailedTogether, type Ranks } from "../ranks/ranks.js";
import { explain } from "./errors.js";
import { Interrupted } from "./interrupt.js";
import { say } from "./session.js";
import { version } from "./version.js";

export interface RanksFlags {
  /** True: join by MPI though no launcher is seen; false: do not, though there is one. */
  mpi?: boolean;
}

export const mpiOption = (): Option =>
  new Option("--mpi", "join the other ranks by MPI (default: where mpirun, mpiexec or srun started several)");

export const noMpiOption = (): Option => new Option("--no-mpi", "work alone, whatever started this process");

/** The ranks, and what MPI alone can tell of them. */
export interface Team {
  readonly ranks: Ranks;
  readonly mpi?: MpiRanks;
}

export const noTeam: Team = { ranks: alone };

/**
 * The longest wait for other ranks to end in order, in milliseconds: rank 0 may be saving a large checkpoint. As long as Slurm waits
 * between SIGTERM and SIGKILL by default.
 */
const longestFarewell = 30_000;

/** How long a launcher may take to end this process after it was told to, in milliseconds. */
const longestAbort = 3000;

/**
 * Runs `body` with the ranks that were launched together, or alone.
 * @param of.command for messages
 * @param of.flags what was asked for: must be alike on all ranks
 * @param of.afterLoss what is left and how to go on when a rank has died
 */
export async function withRanks(
  { command, flags, afterLoss }: { command: string; flags: RanksFlags; afterLoss: string },
  body: (team: Team) => Promise<void>,
): Promise<void> {
  const launched = launchedBy(process.env);
  const isWanted = flags.mpi ?? (launched !== undefined && launched.size !== 1);
  if (!isWanted) return body(noTeam);
  const who = (rank: number | undefined) => (rank === undefined ? "" : `rank ${rank}: `);
  let ranks: MpiRanks | undefined;
  try {
    const { openMpi } = await import("../ranks/mpi-node.js");
    ranks = await openMpi(launched, { onLost: (sentence) => say(`fovea: ${sentence}; ${afterLoss}`) });
    if (ranks.rank === 0) ranks.whereabouts().forEach(say);
    await expectAlike(ranks, { version: version(), flags: JSON.stringify(flags) });
    await body({ ranks, mpi: ranks });
    await ranks.finish();
  } catch (error) {
    if (ranks && (error instanceof FailedTogether || error instanceof Interrupted)) {
      await within(longestFarewell, ranks.finish());
      const told = error instanceof FailedTogether ? error.told : error;
      if (told !== undefined) throw told;
      throw new Interrupted("", 1); // rank 0 says it
    }
    // Only this rank knows: it says so and takes the others with it.
    say(explain(error, command).replace(/^fovea: /, (fovea) => fovea + who(ranks?.rank ?? launched?.rank)));
    if (ranks) {
      ranks.abort(1);
      await new Promise((resolve) => setTimeout(resolve, longestAbort));
    }
    process.exit(1);
  }
}

/** Waits for `ending`, but not for ever. */
async function within(milliseconds: number, ending: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<void>((resolve) => (timer = setTimeout(resolve, milliseconds)));
  await Promise.race([ending, tooLong]);
  clearTimeout(timer);
}
