// The device's peak, measured: a loop of fused multiply-adds in registers, and a large copy.

import type { Peak } from "../backend.js";
import type { WebgpuBackend } from "./backend.js";
import type { Dispatch } from "./dispatch.js";
import { ceilDiv, Params } from "./dispatch.js";

const WORKGROUP = 256;
/** Operations of one step of shaders/peak/fma.wgsl: 8 vectors of 4, two operations each. */
const FLOPS_PER_STEP = 64;
const REPETITIONS = 5;

export async function measurePeak(backend: WebgpuBackend): Promise<Peak> {
  // A real GPU needs many threads to be full; a software one would take minutes over them.
  const [threads, steps, megabytes] = backend.isSoftware ? [2 ** 12, 2 ** 10, 16] : [2 ** 20, 2 ** 10, 256];
  const bytes = Math.min(megabytes * 2 ** 20, backend.device.limits.maxStorageBufferBindingSize);
  const quads = Math.floor(bytes / 16);
  const x = backend.allocate(4 * quads);
  const y = backend.allocate(4 * quads);
  const fma: Dispatch = {
    shader: "peak/fma",
    reads: [],
    writes: [y],
    params: new Params().u32(threads, steps).f32(0.999, 0.001),
    groups: ceilDiv(threads, WORKGROUP),
  };
  const copy: Dispatch = {
    shader: "peak/copy",
    reads: [x],
    writes: [y],
    params: new Params().u32(quads),
    groups: ceilDiv(quads, WORKGROUP),
  };
  try {
    const fmaSeconds = await bestTime(backend, fma);
    const copySeconds = await bestTime(backend, copy);
    return {
      flopsPerSecond: (threads * steps * FLOPS_PER_STEP) / fmaSeconds,
      bytesPerSecond: (32 * quads) / copySeconds,
    };
  } finally {
    backend.release(x);
    backend.release(y);
  }
}

/** The shortest of some repetitions, after one that compiles. */
async function bestTime(backend: WebgpuBackend, dispatch: Dispatch): Promise<number> {
  let best = Infinity;
  for (let i = 0; i <= REPETITIONS; i++) {
    const { deviceSeconds, wallSeconds } = await backend.time(() => backend.commands.encode([dispatch]));
    // Timestamps of some drivers are coarse; 0 is not a time.
    if (i > 0) best = Math.min(best, deviceSeconds || wallSeconds);
  }
  return best;
}
