// The library's way to several processes: what `fovea train` does under a launcher, for a program of one's own.

import { launchedBy } from "./launcher-node.js";
import { alone, type Ranks } from "./ranks.js";

/** Ranks that end together. */
export interface JoinedRanks extends Ranks {
  /** Ends MPI; every rank must call it, and waits for the others. */
  finish(): Promise<void>;
}

/**
 * The processes that MPI's launcher (mpirun, mpiexec, srun) started together, for `fit(..., { ranks })`. A process that was started by
 * itself is one rank, and loads nothing of MPI. When a rank dies, the others say so on stderr and end with exit code 1.
 * @throws UserError where the MPI addon is missing, or belongs to another launcher
 */
export async function joinRanks(): Promise<JoinedRanks> {
  const launched = launchedBy(process.env);
  if (launched === undefined || launched.size === 1) return { ...alone, finish: async () => undefined };
  const { openMpi } = await import("./mpi-node.js");
  return openMpi(launched, { onLost: (sentence) => process.stderr.write(`fovea: ${sentence}\n`) });
}
