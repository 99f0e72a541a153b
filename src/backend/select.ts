// Choosing a backend by name. Backends are loaded when they are asked for, so that none costs start-up time or must be installed.
// "auto" prefers a real GPU, then the addon, then WebAssembly, then plain TypeScript, and never a software GPU.

import type { Backend, BackendName } from "./backend.js";
import { setBackend } from "./current.js";
import { checkOptions, describe } from "../base/arguments.js";
import { UserError } from "../base/errors.js";

/** How useBackend opens a backend. */
export interface BackendOptions {
  /** CPU threads of the addon and of WebAssembly (default: one a core). */
  threads?: number;
  /** What the reference backend rounds its values to (default "float32"); sums are float64 either way. */
  precision?: "float32" | "float64";
  /** Part of the name of the GPU that the WebGPU backend is to use, where there are several (default: its own choice). */
  device?: string;
  /** A browser's `navigator.gpu` for the WebGPU backend; without it the package `webgpu` is loaded. */
  gpu?: unknown;
}

export const backendNames: readonly (BackendName | "auto")[] = [
  "auto",
  "native",
  "webgpu",
  "wasm",
  "reference",
];

/**
 * Makes the named backend the current one and returns it. The old one is left open.
 * @throws UserError when it cannot be used here: why, and what to do
 */
export async function useBackend(
  name: BackendName | "auto" = "auto",
  options: BackendOptions = {},
): Promise<Backend> {
  checkOptions("useBackend", options, { threads: true, precision: true, device: true, gpu: true });
  const backend = name === "auto" ? await openBest(options, warnOnce) : await open(name, options);
  setBackend(backend);
  return backend;
}

/** Opens a backend without making it the current one. */
export async function open(name: BackendName, options: BackendOptions = {}): Promise<Backend> {
  switch (name) {
    case "native": {
      const { createNativeBackend } = await import("./native/native-backend.js");
      const backend = createNativeBackend();
      if (options.threads !== undefined) backend.setThreads(options.threads);
      return backend;
    }
    case "webgpu": {
      const { createWebgpuBackend } = await import("./webgpu/backend.js");
      return createWebgpuBackend({ gpu: options.gpu as never, adapterName: options.device });
    }
    case "wasm": {
      const { createWasmBackend } = await import("./wasm/wasm-backend.js");
      const { nodeSurroundings } = await import("./wasm/surroundings-node.js");
      return createWasmBackend(nodeSurroundings, { threads: options.threads });
    }
    case "reference": {
      const { ReferenceBackend } = await import("./reference/reference-backend.js");
      return new ReferenceBackend({ precision: options.precision ?? "float32" });
    }
    default:
      throw new UserError(`There is no backend ${describe(name)}; choose one of ${backendNames.join(", ")}.`);
  }
}

/**
 * Opens what "auto" picks, without making it the current one.
 * @param onSlow is told in one sentence why the addon is not used, and what computes instead
 */
export async function openBest(
  options: BackendOptions = {},
  onSlow?: (problem: string, instead: "WebAssembly" | "plain TypeScript") => void,
): Promise<Backend> {
  const gpu = await realGpu(options);
  if (gpu) return gpu;
  try {
    return await open("native", options);
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    const wasm = await open("wasm", options).catch(() => undefined);
    onSlow?.(problem, wasm ? "WebAssembly" : "plain TypeScript");
    return wasm ?? open("reference", options);
  }
}

let warned = false;

function warnOnce(problem: string, instead: string): void {
  const howSlow = instead === "WebAssembly" ? "more slowly" : "many times more slowly";
  if (!warned) console.warn(`fovea: ${problem}. Until then ${instead} computes, ${howSlow}.`);
  warned = true;
}

/** Dawn is large, so it is loaded only where the system shows signs of a GPU. */
async function realGpu(options: BackendOptions): Promise<Backend | undefined> {
  if (!options.gpu) {
    const { mayHaveGpu } = await import("./webgpu/gpu-signs-node.js");
    if (!mayHaveGpu()) return undefined;
  }
  try {
    const { createWebgpuBackend } = await import("./webgpu/backend.js");
    const backend = await createWebgpuBackend({ gpu: options.gpu as never, adapterName: options.device });
    if (!backend.adapter.isSoftware) return backend;
    await backend.close();
  } catch {
    // No package or no adapter: the next backend is asked; `fovea doctor` tells the reason.
  }
  return undefined;
}
