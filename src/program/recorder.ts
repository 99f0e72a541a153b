// Recorder: writes down the kernel calls it is given, so that a function of tensors becomes a program. Storages of the real backend
// (parameters, inputs) that appear in calls become bound values.

import type { KernelCall, Operand, Storage } from "../backend/backend.js";
import { type Program, Value } from "../backend/program-types.js";
import { CallList } from "./call-list.js";

export class Recorder extends CallList {
  readonly isRecording = true;
  private readonly bound = new Map<Storage, Value>();
  /** Storages made for numbers written while recording: they belong to the program. */
  private readonly constants: Storage[] = [];
  private readonly results = new Set<Value>();
  private nextId = 0;

  /** A value's life ends with its last use, which the planner finds: release() does nothing. */
  allocate(length: number): Storage {
    return new Value(this.nextId++, length);
  }

  /** Numbers known while recording are a constant of the program: they are written once, now. */
  write(storage: Storage, data: ArrayLike<number>): void {
    const value = this.valueFor(storage);
    if (!value.storage) {
      value.storage = this.target.allocate(value.length);
      this.constants.push(value.storage);
    }
    this.target.write(value.storage, data);
  }

  read(): Promise<never> {
    return Promise.reject(
      new Error(
        "Values are not known while a program is recorded; return the tensor and read it after run().",
      ),
    );
  }

  override run(call: KernelCall): void {
    const asValues = (operands: readonly Operand[]) =>
      operands.map((o) => ({ storage: this.valueFor(o.storage), shape: o.shape }));
    this.calls.push({ ...call, inputs: asValues(call.inputs), outputs: asValues(call.outputs) });
  }

  view(): never {
    throw new Error("A window into a storage cannot be recorded.");
  }

  /** Gives a recorded temporary a storage of its own on the real backend, so that it can be read after a run. */
  bind(storage: Storage): Storage {
    const value = this.valueFor(storage);
    value.storage ??= this.target.allocate(value.length);
    this.results.add(value);
    const constant = this.constants.indexOf(value.storage);
    if (constant >= 0) this.constants.splice(constant, 1); // it is the caller's from now on
    return value.storage;
  }

  /** The storages of the real backend that the calls read or write, but for the program's own constants. */
  *boundStorages(): Iterable<Storage> {
    yield* this.bound.keys();
    for (const { storage } of this.results) if (storage) yield storage;
  }

  /** What was recorded. `frozen` storages are promised not to change between runs. */
  program(frozen: readonly Storage[] = []): Program {
    return {
      calls: this.calls,
      frozen: new Set(frozen.map((s) => this.valueFor(s))),
      constants: this.constants,
      arenaLength: 0,
    };
  }

  private valueFor(storage: Storage): Value {
    if (storage instanceof Value) return storage;
    let value = this.bound.get(storage);
    if (!value) this.bound.set(storage, (value = new Value(this.nextId++, storage.length, storage)));
    return value;
  }
}
