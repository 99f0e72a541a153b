// Who writes and who reads each value of a program, and which rewrites of the list are safe. Passes are written on top of it.

import type { Backend, KernelCall } from "../backend/backend.js";
import type { Program, Value } from "../backend/program-types.js";

export interface Uses {
  /** Positions of the calls that write the value, and of those that read it, ascending. */
  readonly writes: number[];
  readonly reads: number[];
}

export const inputsOf = (call: KernelCall): Value[] => call.inputs.map((o) => o.storage as Value);
export const outputsOf = (call: KernelCall): Value[] => call.outputs.map((o) => o.storage as Value);

/** Uses of every value, by position in `calls`. A call that works in place both reads and writes its value. */
export function usesOf(calls: readonly KernelCall[]): Map<Value, Uses> {
  const uses = new Map<Value, Uses>();
  const at = (value: Value): Uses => {
    let entry = uses.get(value);
    if (!entry) uses.set(value, (entry = { writes: [], reads: [] }));
    return entry;
  };
  calls.forEach((call, i) => {
    for (const value of new Set(inputsOf(call))) at(value).reads.push(i);
    for (const value of new Set(outputsOf(call))) at(value).writes.push(i);
  });
  return uses;
}

/** A temporary made by one call and read by one other: what peephole passes may fold away. Returns the reader's position. */
export function onlyReader(uses: Map<Value, Uses>, value: Value): number | undefined {
  const entry = uses.get(value);
  return value.isTemporary && entry?.writes.length === 1 && entry.reads.length === 1
    ? entry.reads[0]
    : undefined;
}

/** True when none of the values is written after position `from` and before position `to`. */
export function unchangedBetween(
  uses: Map<Value, Uses>,
  values: readonly Value[],
  from: number,
  to: number,
): boolean {
  return values.every((value) => !uses.get(value)?.writes.some((w) => w > from && w < to));
}

/** A pass: a pure function from program to program, for the backend that will run it. */
export type Pass = (program: Program, backend: Backend) => Program;

export const withCalls = (program: Program, calls: readonly KernelCall[]): Program => ({ ...program, calls });

/**
 * Repeats `rewrite` over the positions of a program until it finds nothing more. It returns the changed list, or undefined. A change may
 * make another possible further up, so the list is gone through until nothing in it changes.
 */
export function untilStable(
  program: Program,
  rewrite: (
    calls: readonly KernelCall[],
    position: number,
    uses: Map<Value, Uses>,
  ) => KernelCall[] | undefined,
): Program {
  let calls = program.calls;
  let uses = usesOf(calls);
  for (let hasChanged = true; hasChanged;) {
    hasChanged = false;
    for (let position = 0; position < calls.length;) {
      const changed = rewrite(calls, position, uses);
      if (changed) {
        calls = changed;
        uses = usesOf(calls);
        hasChanged = true;
      } else position++;
    }
  }
  return withCalls(program, calls);
}
