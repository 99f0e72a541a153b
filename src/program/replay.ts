// Running a planned program on a backend that has no way of its own: the calls in a loop, temporaries as windows of one arena.

import type { Backend, KernelCall, Operand } from "../backend/backend.js";
import { breather } from "../base/breathe.js";
import { type Executable, partsOf, type Program, type Value } from "../backend/program-types.js";

/** Makes a planned program ready to run on the backend that it was optimised for. */
export function compile(program: Program, backend: Backend): Executable {
  const executable = backend.compile?.(program) ?? interpret(program, backend);
  return {
    run: () => executable.run(),
    runPart: (part) => executable.runPart(part),
    dispose: () => {
      executable.dispose();
      for (const storage of program.constants) backend.release(storage);
    },
  };
}

function interpret(program: Program, backend: Backend): Executable {
  const arena = backend.allocate(program.arenaLength);
  const placed = (operand: Operand): Operand => {
    const value = operand.storage as Value;
    return {
      storage: value.storage ?? backend.view(arena, value.offset, value.length),
      shape: operand.shape,
    };
  };
  const parts = partsOf(program).map((calls) =>
    calls.map((call): KernelCall => ({
      ...call,
      inputs: call.inputs.map(placed),
      outputs: call.outputs.map(placed),
    })),
  );
  const run = async (calls: readonly KernelCall[]): Promise<void> => {
    const breathe = breather();
    for (const call of calls) {
      backend.run(call);
      await breathe();
    }
    await backend.finish();
  };
  return {
    run: () => run(parts.flat()),
    runPart: (part) => run(parts[part]),
    dispose: () => backend.release(arena),
  };
}
