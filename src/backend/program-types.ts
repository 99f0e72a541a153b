// A program as backends see it: a list of kernel calls over values that have no storage yet.
// How programs are recorded and optimised is the business of src/program/.

import type { KernelCall, Storage } from "./call.js";

/**
 * A value inside a program: it stands where a Storage stands in a recorded call. It is either bound to a backend's own storage
 * (a parameter, an input, a result), or temporary: it lives only inside the program, and the planner gives it an `offset`
 * (in elements, a multiple of 64) in the arena.
 */
export class Value implements Storage {
  offset = -1;
  storage?: Storage;
  constructor(
    readonly id: number,
    readonly length: number,
    storage?: Storage,
  ) {
    this.storage = storage;
  }
  get isTemporary(): boolean {
    return this.storage === undefined;
  }
}

/** A list of calls whose operands' storages are all `Value`s, in an order that may be replayed any number of times. */
export interface Program {
  readonly calls: readonly KernelCall[];
  /** Bound values whose contents do not change between replays, so that packed forms of them may be cached. */
  readonly frozen: ReadonlySet<Value>;
  /** Storages that were made for constants of the program; whoever disposes the program releases them. */
  readonly constants: readonly Storage[];
  /** Elements of the arena that holds the temporaries; set by the planner. */
  readonly arenaLength: number;
  /** Where it is cut into parts that can be run one by one: positions in `calls`, ascending. Part k ends before position cuts[k]. */
  readonly cuts?: readonly number[];
}

/** The calls of a program, part by part; one part where it is not cut. */
export function partsOf({ calls, cuts = [] }: Program): KernelCall[][] {
  return [...cuts, calls.length].map((end, k) => calls.slice(k === 0 ? 0 : cuts[k - 1], end));
}

/** A program made ready to run. */
export interface Executable {
  /** Runs every call once; resolves when the bound values hold the results. */
  run(): Promise<void>;
  /** Runs one part of a program that is cut. All of them, in order and each awaited, are a run; values may be read in between. */
  runPart(part: number): Promise<void>;
  dispose(): void;
}
