// The backend of a rank: ranks on one machine share its cores and its GPUs, and all must compute the same bits.

import fs from "node:fs";
import os from "node:os";
import type { Backend } from "../backend/backend.js";
import { expectAlike, gatherJson } from "../ranks/ranks.js";
import type { SharedOptions } from "./options.js";
import type { Team } from "./ranks.js";
import { withBackend } from "./session.js";

/** As withBackend(), with this rank's part of the machine. */
export async function withRanksBackend<T>(
  options: SharedOptions,
  { ranks, mpi }: Team,
  body: (backend: Backend) => Promise<T>,
): Promise<T> {
  if (!mpi) return withBackend(options, body);
  const sharers = await coreSharers({ ranks, mpi });
  const device = process.env.FOVEA_DEVICE ?? (await deviceOf(options, mpi.localRank, mpi.localSize));
  return withBackend(
    options,
    async (backend) => {
      if (options.threads === undefined) divideCores(backend, sharers);
      await expectAlike(ranks, { "backend or instruction set": describe(backend) });
      return body(backend);
    },
    device,
  );
}

/** How many ranks of this machine may use the very cores that this one may use: all, unless the launcher bound each to its own. */
async function coreSharers({ ranks }: Team): Promise<number> {
  const own = `${os.hostname()} ${allowedCores()}`;
  return (await gatherJson(ranks, own)).filter((other) => other === own).length;
}

function allowedCores(): string {
  try {
    return /^Cpus_allowed_list:\s*(.*)$/m.exec(fs.readFileSync("/proc/self/status", "utf8"))?.[1] ?? "";
  } catch {
    return ""; // not Linux: nobody binds
  }
}

interface WithThreads extends Backend {
  info(): { readonly cores: number; readonly isa: string };
  setThreads(count: number): void;
}
const hasThreads = (backend: Backend): backend is WithThreads => backend.name === "native";

function divideCores(backend: Backend, sharers: number): void {
  if (hasThreads(backend)) backend.setThreads(Math.max(1, Math.floor(backend.info().cores / sharers)));
}

/** What decides a computation's last bits: all ranks apply the sums for themselves, and must stay alike. */
function describe(backend: Backend): string {
  if (hasThreads(backend)) return `native (${backend.info().isa})`;
  const { adapter } = backend as Backend & { adapter?: { readonly name: string } };
  return adapter ? `${backend.name} (${adapter.name})` : backend.name;
}

/** One GPU a rank where they have different names; equal ones must be given out by the launcher, one for each rank to see. */
async function deviceOf(
  { backend }: SharedOptions,
  localRank: number,
  localSize: number,
): Promise<string | undefined> {
  if (localSize === 1 || (backend !== "webgpu" && backend !== "auto")) return undefined;
  const { mayHaveGpu } = await import("../backend/webgpu/gpu-signs-node.js");
  if (!mayHaveGpu()) return undefined;
  const { listAdapters } = await import("../backend/webgpu/dawn.js");
  const names = new Set((await listAdapters()).map((name) => name.replace(/ \([^()]*\)$/, "")));
  const gpus = [...names].filter((name) => !/llvmpipe|swiftshader|software/i.test(name));
  return gpus.length > 1 ? gpus[localRank % gpus.length] : undefined;
}
