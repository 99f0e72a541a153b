// The MPI libraries of this machine, each with its launcher and an addon built for it. Debian has both side by side.

import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { nativeProblem } from "../../src/backend/native/addon.js";
import { type Ended, foveaCommand, type Running, startProcess } from "./fovea.js";

export interface Mpi {
  readonly name: string;
  readonly addon: string;
  /** Begins of a command line: so many ranks of what follows. */
  launcher(ranks: number): string[];
  readonly env: NodeJS.ProcessEnv;
}

const root = fileURLToPath(new URL("../..", import.meta.url));
const isThere = (command: string, flag: string): boolean =>
  spawnSync(command, [flag], { stdio: "ignore" }).status === 0;

const asRoot = { OMPI_ALLOW_RUN_AS_ROOT: "1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: "1" };
const known = [
  {
    name: "Open MPI",
    compiler: "mpicxx.openmpi",
    launcher: (ranks: number) => ["mpirun.openmpi", "--oversubscribe", "--bind-to", "none", "-n", `${ranks}`],
    // Processes of one machine need no network, which a build machine may lack.
    env: { ...asRoot, OMPI_MCA_btl: "self,vader", OMPI_MCA_pml: "ob1" },
  },
  {
    name: "MPICH",
    compiler: "mpicxx.mpich",
    launcher: (ranks: number) => ["mpiexec.mpich", "-n", `${ranks}`],
    env: {},
  },
];

/** Builds the addons that are not up to date. FOVEA_REQUIRE_MPI=1 makes a missing library a failure. */
export function findMpis(): { mpis: Mpi[]; missing: string[] } {
  const found = known.filter(
    ({ compiler, launcher }) => isThere(compiler, "-show") && isThere(launcher(1)[0], "--version"),
  );
  const missing = known.filter((mpi) => !found.includes(mpi)).map(({ name }) => `${name} is not installed`);
  if (process.env.FOVEA_REQUIRE_MPI === "1" && missing.length > 0) throw new Error(missing.join(", "));
  const mpis = found.map(({ name, compiler, launcher, env }): Mpi => {
    const addon = path.join(root, "build", "mpi", `${compiler}.node`);
    const script = path.join(root, "scripts", "build-mpi.mjs");
    const built = spawnSync(process.execPath, [script, "--out", addon], {
      ...{ encoding: "utf8", cwd: root, env: { ...process.env, MPICXX: compiler } },
    });
    if (built.status !== 0) throw new Error(`the addon for ${name} was not built: ${built.stderr}`);
    return { name, addon, launcher, env: { ...env, FOVEA_MPI_ADDON: addon } };
  });
  return { mpis, missing };
}

/** Starts so many ranks of fovea. */
export const startRanks = (
  mpi: Mpi,
  ranks: number,
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv = {},
): Running => startProcess([...mpi.launcher(ranks), ...foveaCommand(args)], cwd, { ...mpi.env, ...env });

export const onRanks = (...args: Parameters<typeof startRanks>): Promise<Ended> => startRanks(...args).ended;

/** The fast backend where there is one; one thread a rank. */
export const onOneCore = nativeProblem()
  ? ["--backend", "reference"]
  : ["--backend", "native", "--threads", "1"];

/** Resolves when none of the processes runs; one that nobody has asked for its exit code counts as gone. Rejects after a while. */
export async function allGone(processes: readonly number[]): Promise<void> {
  const runs = (pid: number): boolean => {
    try {
      return !/^State:\s*Z/m.test(fs.readFileSync(`/proc/${pid}/status`, "utf8"));
    } catch {
      return false;
    }
  };
  for (let tries = 0; processes.some(runs); tries++) {
    if (tries === 100) throw new Error(`processes ${processes.filter(runs).join(", ")} are still there`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** The process numbers of the ranks, as rank 0 tells them. */
export function processesOf(stderr: string): number[] {
  const found: number[] = [];
  for (const [, rank, pid] of stderr.matchAll(/rank (\d+) is process (\d+)/g))
    found[Number(rank)] = Number(pid);
  return found;
}
