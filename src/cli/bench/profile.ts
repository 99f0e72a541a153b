// The profile of a program: each of its calls run alone, many times, and what it reaches of the machine's peak.
// Alone means warm caches and no overlap, so the sum may differ a little from the program's own time, which is given too.

import type { Backend, KernelCall, Operand } from "../../backend/backend.js";
import { bytesMoved, kernels } from "../../backend/kernels.js";
import type { Program, Value } from "../../backend/program-types.js";

export interface ProfileRow {
  readonly kernel: string;
  readonly variant: string | undefined;
  readonly shapes: string;
  /** How often the program makes this call. */
  readonly count: number;
  /** Milliseconds of one call, the median. */
  readonly ms: number;
  readonly gflops: number;
  readonly gigabytesPerSecond: number;
}

/** Rows by kernel, variant and shapes, slowest in total first. */
export async function profile(backend: Backend, program: Program, rounds = 7): Promise<ProfileRow[]> {
  const arena = backend.allocate(program.arenaLength);
  const place = ({ storage, shape }: Operand): Operand => {
    const value = storage as Value;
    return { storage: value.storage ?? backend.view(arena, value.offset, value.length), shape };
  };
  const rows = new Map<string, { call: KernelCall; count: number; times: number[] }>();
  const calls = program.calls.map(
    (c) => ({ ...c, inputs: c.inputs.map(place), outputs: c.outputs.map(place) }) as KernelCall,
  );
  for (let round = 0; round <= rounds; round++)
    for (const call of calls) {
      const key = `${call.kernel} ${call.variant ?? ""} ${shapesOf(call)}`;
      const row = rows.get(key) ?? { call, count: 0, times: [] };
      rows.set(key, row);
      const before = performance.now();
      backend.run(call);
      await backend.finish();
      if (round === 0) row.count++;
      else row.times.push(performance.now() - before);
    }
  backend.release(arena);
  return [...rows.values()]
    .map(({ call, count, times }) => {
      const ms = times.sort((a, b) => a - b)[times.length >> 1];
      const flops = (kernels[call.kernel].flops as (c: KernelCall) => number)(call);
      return {
        kernel: call.kernel,
        variant: call.variant,
        shapes: shapesOf(call),
        count,
        ms,
        gflops: flops / ms / 1e6,
        gigabytesPerSecond: bytesMoved(call) / ms / 1e6,
      };
    })
    .sort((a, b) => b.ms * b.count - a.ms * a.count);
}

const shapesOf = (call: KernelCall): string =>
  [...call.inputs.slice(0, 3), call.outputs[0]].map((o) => o.shape.join("x") || "1").join(" ");
