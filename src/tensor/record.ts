// record(): a function of tensors, run once without computing, becomes a program that is optimised and replayed as often as
// wanted. What changes from run to run (data, learning rates, counters) is a tensor from outside that is written between runs.

import { checkOptions, describe } from "../base/arguments.js";
import { UserError } from "../base/errors.js";
import type { Backend } from "../backend/backend.js";
import { currentBackend, withBackend } from "../backend/current.js";
import type { Program } from "../backend/program-types.js";
import { optimize } from "../program/optimize.js";
import { cutAfter } from "../program/cut.js";
import { Recorder } from "../program/recorder.js";
import { compile } from "../program/replay.js";
import { scope } from "./scope.js";
import { SharedStorage, sharedOf, Tensor } from "./tensor.js";

/** A program that was recorded: its outputs by name, and run() to replay it. */
export interface Recorded<T extends Record<string, Tensor>> {
  /** The tensors that the function returned; `run()` fills them. */
  readonly outputs: T;
  /** The optimised program, for printing. */
  readonly program: Program;
  /** Replays every call once; resolves when the outputs hold this run's results. */
  run(): Promise<void>;
  /** Runs one part of it, where `parts` were asked for: in order, each awaited. After part k the k-th output may be read. */
  runPart(part: number): Promise<void>;
  /** Frees the outputs, the arena and the program's constants. */
  dispose(): void;
}

/** What record() may be told of the tensors from outside, and who watches the passes. */
export interface RecordOptions {
  /** Tensors whose values never change between runs (weights at inference), so that prepared forms of them may be kept. */
  frozen?: readonly Tensor[];
  /** Cuts the program into as many parts as there are outputs, each ending where its output is complete, as early as that can be. */
  parts?: boolean;
  /** Is told the program as recorded, and after each pass. */
  watch?: (pass: string, program: Program) => void;
}

/**
 * Records `body` on the current backend. Tensors made outside are its inputs; write new values into them between runs.
 * @throws when `body` reads a value or writes a tensor from outside: neither can be replayed.
 */
export function record<T extends Record<string, Tensor>>(
  body: () => T,
  options: RecordOptions = {},
): Recorded<T> {
  checkOptions("record", options, { frozen: true, parts: true, watch: true });
  const backend = currentBackend();
  const recorder = new Recorder(backend);
  using inner = scope();
  const returned = withBackend(recorder, body);
  for (const t of Object.values(returned ?? { nothing: returned }))
    if (!(t instanceof Tensor))
      throw new UserError(
        `record: the function must return tensors by name, such as { loss }, not ${describe(t)}.`,
      );
  const own = new Set<Tensor>();
  const outputs = Object.entries(returned).map(([name, t]) => {
    if (t.backend !== recorder && !inner.has(t)) return [name, t] as const; // made outside: it is the caller's own
    const output = inner.release(t.backend === recorder ? bound(t, recorder, backend) : t);
    own.add(output);
    return [name, output] as const;
  });
  const raw = recorder.program(options.frozen?.map((t) => t.operand().storage));
  options.watch?.("as recorded", raw);
  const whole = optimize(raw, backend, options.watch);
  const early = options.parts ? outputs.slice(0, -1) : [];
  const program = cutAfter(
    whole,
    early.map(([, t]) => t.operand().storage),
  );
  const executable = compile(program, backend);
  // What the program reads and writes lives as long as the program, whatever becomes of the tensors.
  const held = [...recorder.boundStorages()].flatMap((storage) => sharedOf(storage)?.retain() ?? []);
  return {
    outputs: Object.fromEntries(outputs) as T,
    program,
    run: () => executable.run(),
    runPart: (part) => executable.runPart(part),
    dispose: () => {
      executable.dispose();
      for (const t of own) t.dispose();
      for (const shared of held) shared.release();
    },
  };
}

/** The program that `body` would be recorded as; nothing is computed, and no memory is kept. */
export function plan(body: () => Tensor): Program {
  const backend = currentBackend();
  const recorder = new Recorder(backend);
  using _inner = scope();
  const result = withBackend(recorder, body);
  const storage = recorder.bind(result.operand().storage); // without a result, all calls would be dead
  const program = optimize(recorder.program(), backend);
  for (const made of [storage, ...program.constants]) backend.release(made);
  return program;
}

/** A recorded tensor as one of the backend, whose storage the program fills. */
function bound(t: Tensor, recorder: Recorder, backend: Backend): Tensor {
  const storage = recorder.bind(t.operand().storage);
  return new Tensor(t.shape, sharedOf(storage)?.retain() ?? new SharedStorage(storage, backend));
}
