// WebAssembly as a backend: native/ compiled for simd128, with threads where memory may be shared. What it computes and how it is called
// is the C++ engine's business (backend/cpp/).

import { UserError } from "../../base/errors.js";
import { CppBackend } from "../cpp/cpp-backend.js";
import { lacksKernels } from "../cpp/kernel-order.js";
import { WasmEngine } from "./engine.js";
import { ModuleInstance, modulesFor } from "./instance.js";
import type { ModuleName, Surroundings } from "./surroundings.js";
import { ThreadPool } from "./threads.js";

export interface WasmOptions {
  /** Threads, the caller's included (default: one a core, at most 16); fixed once the backend is open. */
  threads?: number;
  /** A module by name (default: the best that can be used and is there). */
  module?: ModuleName;
}

const MAX_THREADS = 16;

/** Opens the WebAssembly backend. Throws a UserError that says in one sentence why it cannot be used here. */
export async function createWasmBackend(
  surroundings: Surroundings,
  options: WasmOptions = {},
): Promise<CppBackend> {
  const threads = options.threads ?? Math.min(surroundings.cores, MAX_THREADS);
  const names = options.module ? [options.module] : modulesFor(threads);
  if (names.length === 0)
    throw new UserError("WebAssembly has no simd128 here; use a browser of 2021 or later");
  const { name, instance } = await openFirst(names, surroundings);
  const pool = name === "simd" ? undefined : await ThreadPool.start(instance, threads, surroundings);
  const engine = new WasmEngine(instance, pool, surroundings.cores);
  if (lacksKernels(engine.info()))
    throw new UserError(
      "the WebAssembly modules were built for other kernels than this version's; run: npm run build:wasm",
    );
  engine.setThreads(threads);
  return new CppBackend("wasm", engine);
}

/** The first of the modules that is there and sound; where none is, the first one's fault is thrown. */
async function openFirst(
  names: readonly ModuleName[],
  surroundings: Surroundings,
): Promise<{ name: ModuleName; instance: ModuleInstance }> {
  const faults: unknown[] = [];
  for (const name of names)
    try {
      return { name, instance: await ModuleInstance.open(name, surroundings) };
    } catch (error) {
      faults.push(error);
    }
  throw faults[0];
}
