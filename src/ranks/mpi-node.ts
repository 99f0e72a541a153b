// Ranks over MPI: finds and loads the addon of native/mpi, and says in one sentence why it cannot, or why what it finds does not
// belong together. When a rank dies, the others say so and end.

import fs from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import { fileURLToPath } from "node:url";
import { UserError } from "../base/errors.js";
import type { Launched } from "./launcher-node.js";
import type { Ranks } from "./ranks.js";

interface World {
  readonly rank: number;
  readonly size: number;
  /** By rank; `isHere` where a rank runs on this machine. */
  readonly peers: readonly { readonly host: string; readonly pid: number; readonly isHere: boolean }[];
}

export interface Traffic {
  readonly calls: number;
  /** By this rank. */
  readonly bytesSent: number;
  /** From the call to the sums, waiting for slower ranks included. */
  readonly seconds: number;
}

/** What the functions do is in native/mpi/module.cc. */
interface Addon {
  readonly apiVersion: number;
  /** What the MPI library says of itself. */
  readonly library: string;
  start(lost: (rank: number) => void): Promise<World>;
  allReduce(values: Float32Array): Promise<void>;
  broadcast(bytes: Uint8Array, root: number): Promise<void>;
  gather(bytes: Uint8Array): Promise<Uint8Array[]>;
  send(to: number, bytes: Uint8Array): Promise<void>;
  receive(): Promise<{ from: number; bytes: Uint8Array }>;
  traffic(): Promise<Traffic>;
  finish(): Promise<void>;
  abort(code: number): void;
}

const apiVersion = 2;
const inPackage = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const builtHere = inPackage("build/Release/fovea_mpi.node");

/** What builds the addon, in an installed package and in a checkout. */
export const mpiBuildCommand = /[\\/]node_modules[\\/]/.test(builtHere)
  ? "npx fovea build-addon --mpi"
  : "npm run build:mpi";

/** FOVEA_MPI_ADDON names another build of it, for another MPI library. */
const addonFile = (): string => process.env.FOVEA_MPI_ADDON ?? builtHere;

function loadAddon(): Addon {
  const file = addonFile();
  if (!fs.existsSync(file))
    throw new UserError(
      `the MPI addon is not built on ${os.hostname()} (there is no ${file}); run there: ${mpiBuildCommand}`,
    );
  for (const [name, value] of Object.entries(withoutHooks)) process.env[name] ??= value;
  const loaded = { exports: {} };
  try {
    // Open MPI loads parts of itself that look for its functions among all that are visible.
    const { RTLD_NOW, RTLD_GLOBAL } = os.constants.dlopen;
    if (process.platform === "win32") loaded.exports = createRequire(import.meta.url)(file) as object;
    else process.dlopen(loaded, file, RTLD_NOW | RTLD_GLOBAL);
  } catch (error) {
    const reason = error instanceof Error ? error.message.split("\n")[0] : String(error);
    throw new UserError(
      `the MPI addon does not load on ${os.hostname()} (${reason}); install the MPI library that it was built with, or run there: ${mpiBuildCommand}`,
    );
  }
  const addon = loaded.exports as Addon;
  if (addon.apiVersion !== apiVersion)
    throw new UserError(
      `the MPI addon on ${os.hostname()} was built for another version of Fovea; run there: ${mpiBuildCommand}`,
    );
  return addon;
}

/**
 * UCX, which MPI libraries send with, replaces mmap, brk and the handler of SIGSEGV in the whole process; V8 has threads that use the
 * first two at any time and a handler of its own, and crashed with UCX's now and then. Read when the library is loaded.
 */
const withoutHooks = {
  UCX_MEM_EVENTS: "no",
  UCX_MEM_MMAP_HOOK_MODE: "none",
  UCX_MEM_MALLOC_HOOKS: "no",
  UCX_MEM_MALLOC_RELOC: "no",
  UCX_ERROR_SIGNALS: "",
};

/** MPICH's launcher speaks through an open file, which npx and npm close to the programs that they start. */
function checkConnection(env: NodeJS.ProcessEnv): void {
  if (env.PMI_FD === undefined) return;
  try {
    fs.fstatSync(Number(env.PMI_FD));
  } catch {
    throw new UserError(
      "MPICH's launcher cannot be reached, as npx closes the way to it; start node_modules/.bin/fovea instead of npx fovea.",
    );
  }
}

const libraryName = (text: string): string => text.split(/[\n,]/)[0].replace(/\s+/g, " ").trim();

/**
 * The MPI library that the addon belongs to, such as "Open MPI v4.1.4", and the addon's file. No ranks are joined.
 * @throws UserError where the addon is missing or does not load; the command that mends it follows "run there: "
 */
export const mpiLibrary = (): { library: string; file: string } => ({
  library: libraryName(loadAddon().library),
  file: addonFile(),
});

export interface MpiOptions {
  /** Called when a rank has died, with a sentence that names it; then all ranks are ended. */
  onLost(sentence: string): void;
}

/**
 * Joins the ranks that were launched together. Waits for all of them.
 * @param launched what the launcher says; undefined where it says nothing (`--mpi`)
 * @throws UserError where the addon is missing, or belongs to another launcher
 */
export async function openMpi(launched: Launched | undefined, options: MpiOptions): Promise<MpiRanks> {
  const addon = loadAddon();
  checkConnection(process.env);
  const world = await addon.start((rank) => {
    options.onLost(`${ranks.name(rank)} (process ${world.peers[rank].pid}) has ended`);
    ranks.abort(1);
  });
  if (launched?.size !== undefined && launched.size !== world.size)
    throw new UserError(
      `${launched.by} started ${launched.size} ranks (${launched.variable}), but the MPI library of the addon, ${libraryName(addon.library)}, sees ${world.size}: they do not belong together; use that library's own launcher, or build the addon with the launcher's: MPICXX=... ${mpiBuildCommand}`,
    );
  const ranks = new MpiRanks(addon, world);
  return ranks;
}

export class MpiRanks implements Ranks {
  readonly rank: number;
  readonly size: number;
  /** Which of the ranks on this machine this is, and how many there are. */
  readonly localRank: number;
  readonly localSize: number;

  constructor(
    private readonly addon: Addon,
    private readonly world: World,
  ) {
    [this.rank, this.size] = [world.rank, world.size];
    const here = world.peers.flatMap(({ isHere }, rank) => (isHere ? [rank] : []));
    [this.localRank, this.localSize] = [here.indexOf(world.rank), here.length];
  }

  get library(): string {
    return libraryName(this.addon.library);
  }

  allReduce(values: Float32Array): Promise<void> {
    return this.addon.allReduce(values);
  }

  broadcast(bytes: Uint8Array): Promise<void> {
    return this.addon.broadcast(bytes, 0);
  }

  gather(bytes: Uint8Array): Promise<Uint8Array[]> {
    return this.addon.gather(bytes);
  }

  send(to: number, message: unknown): Promise<void> {
    return this.addon.send(to, new TextEncoder().encode(JSON.stringify(message)));
  }

  async receive(): Promise<{ from: number; message: unknown }> {
    const { from, bytes } = await this.addon.receive();
    return { from, message: JSON.parse(new TextDecoder().decode(bytes)) };
  }

  name(rank: number): string {
    return `rank ${rank} on ${this.world.peers[rank].host}`;
  }

  /** Which processes the ranks are, a line a machine: launchers that end a job at once name no ranks, but processes. */
  whereabouts(): string[] {
    const onHost = new Map<string, string[]>();
    for (const [rank, { host, pid }] of this.world.peers.entries())
      onHost.set(host, [...(onHost.get(host) ?? []), `rank ${rank} is process ${pid}`]);
    return [...onHost].map(([host, ranks]) => `on ${host} ${ranks.join(", ")}`);
  }

  /** What this rank's sums have cost so far. */
  traffic(): Promise<Traffic> {
    return this.addon.traffic();
  }

  /** Waits for all ranks to ask for it, and ends MPI. */
  finish(): Promise<void> {
    return this.addon.finish();
  }

  /** Ends all ranks at once, this one included; what comes after it may not run. */
  abort(code: number): void {
    this.addon.abort(code);
    setTimeout(() => process.exit(code), 2000).unref();
  }
}
