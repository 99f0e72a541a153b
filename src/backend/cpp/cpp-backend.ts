// The C++ engine as a backend: storages are blocks of its memory, run() calls a kernel at once, and a program becomes one list that it
// replays (the addon off the main thread, WebAssembly on the calling one). Which instruction set runs is the engine's choice.

import type { Backend, KernelCall, MemoryInfo, Operand, Peak, Storage, Variant } from "../backend.js";
import { UserError } from "../../base/errors.js";
import { sizeOf } from "../kernels.js";
import type { KernelName } from "../kernels.js";
import { type Executable, partsOf, type Program, type Value } from "../program-types.js";
import { encode, hasWeights } from "./encode.js";
import type { Engine, EngineInfo, ProgramHandle } from "./engine.js";
import { Variants } from "./variants.js";

const BYTES = 4;

class CppStorage implements Storage {
  /** @param address of the first element, in bytes; 0 once released */
  constructor(
    readonly home: CppBackend,
    readonly length: number,
    public address: number,
    private readonly owner?: CppStorage,
  ) {}
  get isView(): boolean {
    return this.owner !== undefined;
  }
  get isLive(): boolean {
    return this.owner ? this.owner.isLive : this.address !== 0;
  }
}

/** A program that was made ready; `profile` is for `fovea bench --profile`. */
export interface CppExecutable extends Executable {
  /** Seconds of every call: the best of `rounds` replays. Blocks the event loop. */
  profile(rounds: number): Float64Array;
}

export class CppBackend implements Backend {
  readonly precision = "float32";
  private readonly live = new Set<CppStorage>();
  private bytes = 0;
  private readonly pending = new Set<Promise<unknown>>();
  /** What run() gives the engine, written over at every call: new typed arrays would cost more than the call itself. */
  private command = new Float64Array(256);

  private readonly variantList: Variants;

  constructor(
    readonly name: "native" | "wasm",
    private readonly engine: Engine,
  ) {
    this.variantList = new Variants(engine);
  }

  allocate(length: number): CppStorage {
    const storage = new CppStorage(this, length, this.engine.allocate(length));
    this.live.add(storage);
    this.bytes += length * BYTES;
    return storage;
  }

  release(storage: Storage): void {
    if (!(storage instanceof CppStorage) || !this.live.delete(storage))
      throw new Error("release() of a storage that is not live here (a view, or released before)");
    this.engine.release(storage.address, storage.length);
    this.bytes -= storage.length * BYTES;
    storage.address = 0;
  }

  view(storage: Storage, offset: number, length: number): Storage {
    const whole = this.own(storage);
    if (offset % 64 !== 0 || offset < 0 || length < 0 || offset + length > whole.length)
      throw new Error(`view(${offset}, ${length}) of a storage of ${whole.length} elements`);
    return new CppStorage(this, length, whole.address + offset * BYTES, whole);
  }

  /** Waits for pending replays, on this thread. */
  write(storage: Storage, data: ArrayLike<number>): void {
    const to = this.own(storage);
    if (data.length !== to.length)
      throw new Error(`write() of ${data.length} values into a storage of ${to.length}`);
    this.engine.write(to.address, data instanceof Float32Array ? data : Float32Array.from(data));
  }

  async read(storage: Storage, into?: Float32Array): Promise<Float32Array> {
    const from = this.own(storage);
    if (into && into.length !== from.length)
      throw new Error(`read() of ${from.length} values into an array of ${into.length}`);
    if (into && this.pending.size === 0) return this.engine.read(from.address, into, true);
    // What comes later goes into an array that nobody else holds: theirs might be given away meanwhile.
    const values = await this.engine.read(from.address, this.newArray(from.length), false);
    into?.set(values);
    return into ?? values;
  }

  peek(storage: Storage, count: number): Float32Array | undefined {
    if (this.pending.size > 0) return undefined;
    return this.engine.read(this.own(storage).address, new Float32Array(count), true) as Float32Array;
  }

  newArray(length: number): Float32Array {
    const made = new Float32Array(length);
    this.engine.populate?.(made);
    return made;
  }

  /** Computes at once; waits for pending replays, on this thread. */
  run(call: KernelCall): void {
    const { kernel, numbers } = encode(call, this.variantList);
    const operands = call.inputs.length + call.outputs.length;
    if (this.command.length < 2 * operands + numbers.length)
      this.command = new Float64Array(2 * (2 * operands + numbers.length));
    const { command } = this;
    let at = 0;
    const put = (operand: Operand): void => {
      command[at++] = this.own(operand.storage).address;
      command[at++] = checkedSize(call, operand);
    };
    call.inputs.forEach(put);
    call.outputs.forEach(put);
    for (const number of numbers) command[at++] = number;
    this.engine.run(kernel, operands, call.outputs.length, command);
  }

  variants(kernel: KernelName): readonly Variant[] {
    return this.variantList.of(kernel);
  }

  defaultVariant(call: KernelCall): string | undefined {
    return this.variantList.defaultOf(call);
  }

  mayOverwrite(call: KernelCall): readonly number[] {
    return this.variantList.overwritable(call);
  }

  async finish(): Promise<void> {
    await Promise.allSettled(this.pending);
  }

  memory(): MemoryInfo {
    return { buffers: this.live.size, bytes: this.bytes, pooledBytes: this.engine.memory().pooledBytes };
  }

  async close(): Promise<void> {
    await this.finish();
    for (const storage of [...this.live]) this.release(storage);
    this.engine.trim(0);
    this.engine.close?.();
  }

  compile(program: Program): CppExecutable {
    const { engine } = this;
    const arena = this.allocate(program.arenaLength);
    const addressOf = (operand: Operand): number => {
      const value = operand.storage as Value;
      return value.storage ? this.own(value.storage).address : arena.address + value.offset * BYTES;
    };
    const { variantList } = this;
    let handles: ProgramHandle[];
    try {
      handles = partsOf(program).map((calls) =>
        engine.createProgram(describe(program, calls, variantList, addressOf)),
      );
    } catch (error) {
      this.release(arena);
      throw error;
    }
    const runPart = (part: number) => this.track(() => engine.replay(handles[part]));
    return {
      run: async () => void (await Promise.all(handles.map((_, part) => runPart(part)))),
      runPart,
      profile: (rounds) =>
        Float64Array.from(handles.flatMap((handle) => [...engine.profileProgram(handle, rounds)])),
      dispose: () => {
        for (const handle of handles) engine.destroyProgram(handle);
        this.release(arena);
      },
    };
  }

  /** What the engine found: instruction set, processor, caches, threads. */
  info(): EngineInfo {
    return this.engine.info();
  }

  /** Threads that kernels use, at least 1; results are the same bits for any number. The whole process shares them. */
  setThreads(count: number): void {
    this.engine.setThreads(count);
  }

  /** Operations a second of a multiply-add loop that touches no memory, on `threads` threads: what shares are shares of. */
  peakFlops(threads: number, seconds = 0.1): number {
    return this.engine.peakFlops(threads, seconds);
  }

  /** Bytes a second, read plus written, of a large copy. */
  copyBandwidth(threads: number): number {
    return this.engine.copyBandwidth(threads);
  }

  async peak(): Promise<Peak> {
    await this.finish();
    const { threads } = this.info();
    return { flopsPerSecond: this.peakFlops(threads), bytesPerSecond: this.copyBandwidth(threads) };
  }

  /** A storage of this backend that is live. */
  private own(storage: Storage): CppStorage {
    if (!(storage instanceof CppStorage) || storage.home !== this)
      throw new UserError(
        `A tensor that was made on another backend is used on ${this.name}; call useBackend() before making tensors, or make it again: tensor(await t.data(), t.shape).`,
      );
    if (!storage.isLive) throw new Error(`${this.name}: use of a released storage`);
    return storage;
  }

  /** Asks for a replay now; what is wrong with it rejects. */
  private track(replay: () => Promise<void>): Promise<void> {
    let started;
    try {
      started = replay();
    } catch (error) {
      return Promise.reject(error as Error);
    }
    const done = started.finally(() => this.pending.delete(done));
    this.pending.add(done);
    return done;
  }
}

/** Elements of an operand, which its storage must hold. */
function checkedSize(call: KernelCall, { storage, shape }: Operand): number {
  const size = sizeOf(shape);
  if (storage.length < size)
    throw new Error(
      `an operand of ${call.kernel} has shape [${shape}] on a storage of ${storage.length} elements`,
    );
  return size;
}

/** Calls of a program as the engine's list of numbers; its layout is in native/program/program.h, at parse_program. */
function describe(
  program: Program,
  calls: readonly KernelCall[],
  variants: Variants,
  addressOf: (operand: Operand) => number,
): Float64Array {
  const description: number[] = [calls.length];
  for (const call of calls) {
    const frozen = hasWeights(call.kernel) && program.frozen.has(call.inputs[1].storage as Value);
    const { kernel, numbers } = encode(call, variants, frozen);
    const operands: number[] = [];
    for (const operand of [...call.inputs, ...call.outputs])
      operands.push(addressOf(operand), checkedSize(call, operand));
    description.push(kernel, operands.length / 2, call.outputs.length, numbers.length, frozen ? 1 : 0);
    for (const number of operands) description.push(number);
    for (const number of numbers) description.push(number);
  }
  return Float64Array.from(description);
}
