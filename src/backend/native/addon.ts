// Finds and loads the C++ addon; says in one sentence why it cannot. What the functions do is in native/addon/.

import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { UserError } from "../../base/errors.js";

/** A program that the addon holds. */
export type ProgramHandle = object & { readonly __program: unique symbol };

export interface AddonInfo {
  /** The instruction set in use, and all that this machine can run, weakest first. */
  isa: string;
  isas: string[];
  /** Floats in a vector. */
  lanes: number;
  cpu: string;
  /** Physical cores that this process may use, and threads in use. */
  cores: number;
  threads: number;
  /** Cache sizes in bytes. */
  l1: number;
  l2: number;
  l3: number;
  /** Names in the order of their numbers, in C++ spelling: kernels, scalar functions; and each kernel's variants. */
  kernels: string[];
  unaryFunctions: string[];
  binaryFunctions: string[];
  variants: string[][];
}

/** Addresses are numbers of bytes; operands are pairs of address and elements, inputs before outputs. */
export interface Addon {
  allocate(elements: number): number;
  release(address: number, elements: number): void;
  write(address: number, data: Float32Array): void;
  /** Has the system hand out the array's memory now instead of page by page. */
  populate(array: Float32Array): void;
  /** Fills the array and returns it; while replays are pending, a promise of it, or with `wait` after them. */
  read(address: number, into: Float32Array, wait: boolean): Float32Array | Promise<Float32Array>;
  memory(): { buffers: number; bytes: number; pooledBytes: number };
  trim(keepBytes: number): void;
  /** @param command the operands as pairs of address and elements, then the numbers; what is left of it is not read */
  run(kernel: number, operands: number, outputs: number, command: Float64Array): void;
  /** The number of the variant that serves such a call: the one that the numbers name, or the cheapest; -1 if that one cannot. */
  variantOf(kernel: number, numbers: Float64Array): number;
  /** The operands in whose place such a call may put its output: it reads an element of them just before it writes there. */
  overwritable(kernel: number, numbers: Float64Array): number[];
  /** The description's layout is in native/addon/programs.cc, at parse_program. */
  createProgram(description: Float64Array): ProgramHandle;
  replay(program: ProgramHandle): Promise<void>;
  destroyProgram(program: ProgramHandle): void;
  /** Seconds of every step: the best of `rounds` replays. */
  profileProgram(program: ProgramHandle, rounds: number): Float64Array;
  info(): AddonInfo;
  setThreads(count: number): void;
  /** Operations a second of a multiply-add loop in registers on `threads` threads, measured for `seconds`. */
  peakFlops(threads: number, seconds: number): number;
  /** Bytes a second, read plus written, of a large copy on `threads` threads. */
  copyBandwidth(threads: number): number;
}

const inPackage = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

const builtHere = inPackage("build/Release/fovea.node");

/** Where the published package has one; the layout is prebuildify's. */
const prebuilt = inPackage(`prebuilds/${process.platform}-${process.arch}/fovea.node`);

/** FOVEA_ADDON names another build of it, such as the one under the sanitizers. */
const path = process.env.FOVEA_ADDON ?? (existsSync(builtHere) ? builtHere : prebuilt);

/** What builds the addon, in an installed package and in a checkout. */
export const buildCommand = /[\\/]node_modules[\\/]/.test(builtHere)
  ? "npx fovea build-addon"
  : "npm run build:addon";

let loaded: { addon?: Addon; problem?: string } | undefined;

function load(): { addon?: Addon; problem?: string } {
  if (!existsSync(path)) {
    const lacking = process.env.FOVEA_ADDON ?? `for ${process.platform}-${process.arch}`;
    return { problem: `there is no native addon ${lacking}; run: ${buildCommand}` };
  }
  try {
    return { addon: createRequire(import.meta.url)(path) as Addon };
  } catch (error) {
    const message = error instanceof Error ? error.message.split("\n")[0] : String(error);
    return { problem: `the native addon does not load (${message}); run: ${buildCommand}` };
  }
}

/** Where the addon in use comes from, in words. */
export const addonOrigin = (): string =>
  path === builtHere ? "built here" : path === prebuilt ? "prebuilt" : path;

/** Why the native backend cannot be used here, in one sentence; undefined if it can. */
export function nativeProblem(): string | undefined {
  loaded ??= load();
  return loaded.problem;
}

/** The addon. Throws a UserError with nativeProblem()'s sentence where it cannot be loaded. */
export function loadAddon(): Addon {
  loaded ??= load();
  if (!loaded.addon) throw new UserError(loaded.problem ?? "the native addon does not load");
  return loaded.addon;
}
