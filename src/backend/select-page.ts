// Choosing a backend by name in a page or its worker: WebGPU, WebAssembly, or plain TypeScript. "auto" tries the first two on a tile, and
// never takes a GPU that is made of software. Node's choice is select.ts.

import { checkOptions, describe } from "../base/arguments.js";
import { UserError } from "../base/errors.js";
import type { Backend, KernelCall } from "./backend.js";
import { setBackend } from "./current.js";
import { ReferenceBackend } from "./reference/reference-backend.js";
import { pageSurroundings } from "./wasm/surroundings.js";
import { createWasmBackend } from "./wasm/wasm-backend.js";
import { describeAdapter } from "./webgpu/adapter.js";
import { createWebgpuBackend } from "./webgpu/backend.js";

export type PageBackendName = "webgpu" | "wasm" | "reference";

export interface PageBackendOptions {
  /** Threads of WebAssembly (default: one a core, at most 16); one where the page is not isolated (crossOriginIsolated). */
  threads?: number;
  /** Told in a sentence what "auto" took and why (default: console.info). */
  onChoice?(sentence: string): void;
}

const names: readonly (PageBackendName | "auto")[] = ["auto", "webgpu", "wasm", "reference"];

/**
 * Makes the named backend the current one and returns it. The old one is left open.
 * @throws UserError when it cannot be used here: why, and what to do
 */
export async function useBackend(
  name: PageBackendName | "auto" = "auto",
  options: PageBackendOptions = {},
): Promise<Backend> {
  checkOptions("useBackend", options, { threads: true, onChoice: true });
  const backend = name === "auto" ? await openFastest(options) : await open(name, options);
  setBackend(backend);
  return backend;
}

async function open(name: PageBackendName, { threads }: PageBackendOptions): Promise<Backend> {
  switch (name) {
    case "webgpu":
      await pageAdapter();
      return createWebgpuBackend({ gpu: navigator.gpu });
    case "wasm":
      return createWasmBackend(pageSurroundings(), { threads });
    case "reference":
      return new ReferenceBackend({ precision: "float32" });
    default:
      throw new UserError(
        `There is no backend ${describe(name)} in a page; choose one of ${names.join(", ")}.`,
      );
  }
}

/** Throws a UserError where there is none. */
async function pageAdapter(): Promise<GPUAdapter> {
  if (!navigator.gpu)
    throw new UserError("This page has no WebGPU; use a browser that has it, over https or on localhost.");
  const adapter = await navigator.gpu.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter) throw new UserError("This browser has WebGPU, but offers no adapter; look at its settings.");
  return adapter;
}

/** A device of a software GPU takes seconds to make, so the adapter is looked at before. */
async function openRealGpu(): Promise<Backend> {
  const { isSoftware, name } = describeAdapter(await pageAdapter());
  if (isSoftware) throw new UserError(`WebGPU is made of software here (${name}).`);
  return createWebgpuBackend({ gpu: navigator.gpu });
}

async function openFastest(options: PageBackendOptions): Promise<Backend> {
  const { onChoice = (sentence) => console.info(`fovea: ${sentence}`) } = options;
  const reasons: string[] = [];
  const opened: Backend[] = [];
  for (const opening of [openRealGpu, () => open("wasm", options)])
    try {
      opened.push(await opening());
    } catch (error) {
      reasons.push(error instanceof Error ? error.message : String(error));
    }
  if (opened.length === 0) {
    onChoice(`plain TypeScript computes, many times more slowly: ${reasons.join(" ")}`);
    return open("reference", options);
  }
  if (opened.length === 1) {
    onChoice(`${opened[0].name} computes${reasons.length > 0 ? `: ${reasons.join(" ")}` : ""}`);
    return opened[0];
  }
  const times = [await timeOfTile(opened[0]), await timeOfTile(opened[1])];
  const [faster, slower] = times[0] <= times[1] ? [0, 1] : [1, 0];
  await opened[slower].close();
  const milliseconds = (i: number): string => `${times[i].toFixed(1)} ms`;
  onChoice(
    `${opened[faster].name} computes: ${milliseconds(faster)} for a tile that takes ${opened[slower].name} ${milliseconds(slower)}`,
  );
  return opened[faster];
}

/** Milliseconds of a convolution as networks have them, 32 to 32 channels of 128 by 128 pixels; the better of two after a first. */
async function timeOfTile(backend: Backend): Promise<number> {
  const [side, channels] = [128, 32];
  const shapes = [
    [1, side, side, channels],
    [3, 3, channels, channels],
    [1, side, side, channels],
  ];
  const [x, w, y] = shapes.map((shape) => {
    const storage = backend.allocate(shape.reduce((a, b) => a * b));
    backend.write(storage, new Float32Array(storage.length));
    return { storage, shape };
  });
  const attributes = { strides: [1, 1], padding: [1, 1], dilation: [1, 1], groups: 1 } as const;
  const call: KernelCall = { kernel: "conv2d", inputs: [x, w], outputs: [y], attributes };
  let best = Infinity;
  for (let round = 0; round < 3; round++) {
    const started = performance.now();
    backend.run(call);
    await backend.read(backend.view(y.storage, 0, 64));
    if (round > 0) best = Math.min(best, performance.now() - started);
  }
  for (const { storage } of [x, w, y]) backend.release(storage);
  return best;
}
