// Was this process started together with others, and by what? Launchers say so in environment variables. Nothing of MPI is loaded
// to find out.

export interface Launched {
  /** What started it: "Open MPI's mpirun". */
  readonly by: string;
  /** The variable that says so. */
  readonly variable: string;
  readonly rank: number;
  /** How many ranks there are; undefined where the launcher does not say. */
  readonly size: number | undefined;
  /** Which of the ranks on this machine it is, and how many those are, where the launcher says. */
  readonly localRank?: number;
  readonly localSize?: number;
}

interface Launcher {
  readonly by: string;
  readonly rank: string;
  readonly size?: string;
  readonly localRank?: string;
  readonly localSize?: string;
}

/** In the order of asking: a launcher that runs inside Slurm or PMIx sets its own variables beside theirs. */
const launchers: readonly Launcher[] = [
  {
    by: "Open MPI's mpirun",
    rank: "OMPI_COMM_WORLD_RANK",
    size: "OMPI_COMM_WORLD_SIZE",
    localRank: "OMPI_COMM_WORLD_LOCAL_RANK",
    localSize: "OMPI_COMM_WORLD_LOCAL_SIZE",
  },
  {
    by: "MPICH's mpiexec",
    rank: "PMI_RANK",
    size: "PMI_SIZE",
    localRank: "MPI_LOCALRANKID",
    localSize: "MPI_LOCALNRANKS",
  },
  // Of a step that srun started; a batch script alone has SLURM_NTASKS, but is one process.
  { by: "Slurm's srun", rank: "SLURM_PROCID", size: "SLURM_STEP_NUM_TASKS", localRank: "SLURM_LOCALID" },
  { by: "a PMIx launcher", rank: "PMIX_RANK" },
];

type Environment = Readonly<Record<string, string | undefined>>;

/** The launcher's own words; undefined for a process that was started by itself. */
export function launchedBy(env: Environment): Launched | undefined {
  const whole = (name: string | undefined): number | undefined =>
    name !== undefined && /^\d+$/.test(env[name] ?? "") ? Number(env[name]) : undefined;
  for (const launcher of launchers) {
    const [rank, size] = [whole(launcher.rank), whole(launcher.size)];
    if (rank === undefined || (launcher.size !== undefined && size === undefined)) continue;
    return {
      by: launcher.by,
      variable: launcher.size ?? launcher.rank,
      rank,
      size,
      localRank: whole(launcher.localRank),
      localSize: whole(launcher.localSize),
    };
  }
  return undefined;
}
