// Running a planned program on a backend that has no way of its own: the calls in a loop, temporaries as windows of one arena.

import type { KernelCall, Operand } from "../backend/backend.js";
import { breather } from "../base/breathe.js";
import type { Executable, Program, Value } from "../backend/program-types.js";

export function compile(program: Program): Executable {
  const executable = program.backend.compile?.(program) ?? interpret(program);
  return {
    run: () => executable.run(),
    dispose: () => {
      executable.dispose();
      for (const storage of program.constants) program.backend.release(storage);
    },
  };
}

function interpret(program: Program): Executable {
  const { backend, arenaLength } = program;
  const arena = backend.allocate(arenaLength);
  const placed = (operand: Operand): Operand => {
    const value = operand.storage as Value;
    return {
      storage: value.storage ?? backend.view(arena, value.offset, value.length),
      shape: operand.shape,
    };
  };
  const calls = program.calls.map((call): KernelCall => ({
    ...call,
    inputs: call.inputs.map(placed),
    outputs: call.outputs.map(placed),
  }));
  return {
    run: async () => {
      const breathe = breather();
      for (const call of calls) {
        backend.run(call);
        await breathe();
      }
      await backend.finish();
    },
    dispose: () => backend.release(arena),
  };
}
