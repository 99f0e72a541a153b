// Which operation made the first NaN or Inf? The recorded calls of a function are run one at a time, and every result is read.

import type { KernelCall } from "../backend/backend.js";
import { currentBackend, withBackend } from "../backend/current.js";
import type { Value } from "../backend/program-types.js";
import { planArena } from "../program/passes/plan-arena.js";
import { Recorder } from "../program/recorder.js";
import { scope } from "../tensor/scope.js";

/** Says in words which kernel made the first value that is not finite, or undefined when all are. Slow: for diagnosis. */
export async function findNonFinite(body: () => unknown): Promise<string | undefined> {
  const backend = currentBackend();
  const recorder = new Recorder(backend);
  {
    using _inner = scope();
    withBackend(recorder, body);
  }
  const program = planArena(recorder.program(), backend);
  const arena = backend.allocate(program.arenaLength);
  const storageOf = (value: Value) => value.storage ?? backend.view(arena, value.offset, value.length);
  try {
    for (const call of program.calls) {
      const placed = (operands: KernelCall["inputs"]) =>
        operands.map((o) => ({ storage: storageOf(o.storage as Value), shape: o.shape }));
      backend.run({ ...call, inputs: placed(call.inputs), outputs: placed(call.outputs) });
      for (const { storage, shape } of call.outputs) {
        const bad = (await backend.read(storageOf(storage as Value))).find((x) => !Number.isFinite(x));
        if (bad !== undefined) return `${nameOf(call)} of shape [${shape.join(", ")}] made ${bad}`;
      }
    }
    return undefined;
  } finally {
    backend.release(arena);
    for (const storage of program.constants) backend.release(storage);
  }
}

function nameOf(call: KernelCall): string {
  const { function: name } = call.attributes as { function?: string };
  return name === undefined ? call.kernel : `${call.kernel} ${name}`;
}
