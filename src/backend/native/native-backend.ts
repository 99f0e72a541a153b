// The addon as a backend: storages are blocks of the addon's memory, run() calls a kernel at once, and a program becomes one
// list that the addon replays off the main thread. Which instruction set runs is the addon's choice (see native/program/dispatch.h).

import type { Backend, KernelCall, MemoryInfo, Operand, Peak, Storage, Variant } from "../backend.js";
import { UserError } from "../../base/errors.js";
import { binaryFunctions, unaryFunctions } from "../attributes.js";
import { sizeOf } from "../kernels.js";
import type { KernelName } from "../kernels.js";
import { type Executable, partsOf, type Program, type Value } from "../program-types.js";
import { buildCommand, loadAddon } from "./addon.js";
import type { Addon, AddonInfo, ProgramHandle } from "./addon.js";
import { encode, hasWeights, kernelNames } from "./encode.js";
import { defaultVariant, overwritable, variantsOf } from "./variants.js";

const BYTES = 4;

class NativeStorage implements Storage {
  /** @param address of the first element, in bytes; 0 once released */
  constructor(
    readonly length: number,
    public address: number,
    private readonly owner?: NativeStorage,
  ) {}
  get isView(): boolean {
    return this.owner !== undefined;
  }
  get isLive(): boolean {
    return this.owner ? this.owner.isLive : this.address !== 0;
  }
}

/** A program that was made ready; `profile` is for `fovea bench --profile`. */
export interface NativeExecutable extends Executable {
  /** Seconds of every call: the best of `rounds` replays. Blocks the event loop. */
  profile(rounds: number): Float64Array;
}

export class NativeBackend implements Backend {
  readonly name = "native";
  readonly precision = "float32";
  private readonly live = new Set<NativeStorage>();
  private bytes = 0;
  private readonly pending = new Set<Promise<unknown>>();
  /** What run() gives the addon, written over at every call: new typed arrays would cost more than the call itself. */
  private command = new Float64Array(256);

  constructor(private readonly addon: Addon) {}

  allocate(length: number): NativeStorage {
    const storage = new NativeStorage(length, this.addon.allocate(length));
    this.live.add(storage);
    this.bytes += length * BYTES;
    return storage;
  }

  release(storage: Storage): void {
    if (!(storage instanceof NativeStorage) || !this.live.delete(storage))
      throw new Error("native: release() of a storage that is not live here (a view, or released before)");
    this.addon.release(storage.address, storage.length);
    this.bytes -= storage.length * BYTES;
    storage.address = 0;
  }

  view(storage: Storage, offset: number, length: number): Storage {
    const whole = liveStorage(storage);
    if (offset % 64 !== 0 || offset < 0 || length < 0 || offset + length > whole.length)
      throw new Error(`native: view(${offset}, ${length}) of a storage of ${whole.length} elements`);
    return new NativeStorage(length, whole.address + offset * BYTES, whole);
  }

  /** Waits for pending replays, on this thread. */
  write(storage: Storage, data: ArrayLike<number>): void {
    const to = liveStorage(storage);
    if (data.length !== to.length)
      throw new Error(`native: write() of ${data.length} values into a storage of ${to.length}`);
    this.addon.write(to.address, data instanceof Float32Array ? data : Float32Array.from(data));
  }

  async read(storage: Storage, into?: Float32Array): Promise<Float32Array> {
    const from = liveStorage(storage);
    if (into && into.length !== from.length)
      throw new Error(`native: read() of ${from.length} values into an array of ${into.length}`);
    if (into && this.pending.size === 0) return this.addon.read(from.address, into, true);
    // What comes later goes into an array that nobody else holds: theirs might be given away meanwhile.
    const values = await this.addon.read(from.address, this.newArray(from.length), false);
    into?.set(values);
    return into ?? values;
  }

  peek(storage: Storage, count: number): Float32Array | undefined {
    if (this.pending.size > 0) return undefined;
    return this.addon.read(liveStorage(storage).address, new Float32Array(count), true) as Float32Array;
  }

  newArray(length: number): Float32Array {
    const made = new Float32Array(length);
    this.addon.populate(made);
    return made;
  }

  /** Computes at once; waits for pending replays, on this thread. */
  run(call: KernelCall): void {
    const { kernel, numbers } = encode(call);
    const operands = call.inputs.length + call.outputs.length;
    if (this.command.length < 2 * operands + numbers.length)
      this.command = new Float64Array(2 * (2 * operands + numbers.length));
    const { command } = this;
    let at = 0;
    const put = (operand: Operand): void => {
      command[at++] = liveStorage(operand.storage).address;
      command[at++] = checkedSize(call, operand);
    };
    call.inputs.forEach(put);
    call.outputs.forEach(put);
    for (const number of numbers) command[at++] = number;
    this.addon.run(kernel, operands, call.outputs.length, command);
  }

  variants(kernel: KernelName): readonly Variant[] {
    return variantsOf(kernel);
  }

  defaultVariant(call: KernelCall): string | undefined {
    return defaultVariant(call);
  }

  mayOverwrite(call: KernelCall): readonly number[] {
    return overwritable(call);
  }

  async finish(): Promise<void> {
    await Promise.allSettled(this.pending);
  }

  memory(): MemoryInfo {
    return { buffers: this.live.size, bytes: this.bytes, pooledBytes: this.addon.memory().pooledBytes };
  }

  async close(): Promise<void> {
    await this.finish();
    for (const storage of [...this.live]) this.release(storage);
    this.addon.trim(0);
  }

  compile(program: Program): NativeExecutable {
    const { addon } = this;
    const arena = this.allocate(program.arenaLength);
    const addressOf = (operand: Operand): number => {
      const value = operand.storage as Value;
      return value.storage ? liveStorage(value.storage).address : arena.address + value.offset * BYTES;
    };
    let handles: ProgramHandle[];
    try {
      handles = partsOf(program).map((calls) => addon.createProgram(describe(program, calls, addressOf)));
    } catch (error) {
      this.release(arena);
      throw error;
    }
    const runPart = (part: number) => this.track(() => addon.replay(handles[part]));
    return {
      run: async () => void (await Promise.all(handles.map((_, part) => runPart(part)))),
      runPart,
      profile: (rounds) =>
        Float64Array.from(handles.flatMap((handle) => [...addon.profileProgram(handle, rounds)])),
      dispose: () => {
        for (const handle of handles) addon.destroyProgram(handle);
        this.release(arena);
      },
    };
  }

  /** What the addon found: instruction set, processor, caches, threads. */
  info(): AddonInfo {
    return this.addon.info();
  }

  /** Threads that kernels use, at least 1; results are the same bits for any number. The whole process shares them. */
  setThreads(count: number): void {
    this.addon.setThreads(count);
  }

  /** Operations a second of a multiply-add loop that touches no memory, on `threads` threads: what shares are shares of. */
  peakFlops(threads: number, seconds = 0.1): number {
    return this.addon.peakFlops(threads, seconds);
  }

  /** Bytes a second, read plus written, of a large copy. */
  copyBandwidth(threads: number): number {
    return this.addon.copyBandwidth(threads);
  }

  async peak(): Promise<Peak> {
    await this.finish();
    const { threads } = this.info();
    return { flopsPerSecond: this.peakFlops(threads), bytesPerSecond: this.copyBandwidth(threads) };
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

/** The native backend. Throws a UserError that says in one sentence why it cannot be used here. */
export function createNativeBackend(): NativeBackend {
  const addon = loadAddon();
  const info = addon.info();
  const orders: [string[] | undefined, readonly string[]][] = [
    [info.kernels, kernelNames],
    [info.unaryFunctions, unaryFunctions],
    [info.binaryFunctions, binaryFunctions],
  ];
  for (const [built, known] of orders)
    if (built?.map(asHere).join() !== known.join())
      throw new UserError(
        `the native addon was built for other kernels than this version's; run: ${buildCommand}`,
      );
  return new NativeBackend(addon);
}

/** "conv2d_input_grad" and "LeakyRelu" as they are spelt here. */
const asHere = (name: string): string =>
  name[0].toLowerCase() + name.slice(1).replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());

function liveStorage(storage: Storage): NativeStorage {
  if (!(storage instanceof NativeStorage))
    throw new UserError(
      "A tensor that was made on another backend is used on native; call useBackend() before making tensors, or make it again: tensor(await t.data(), t.shape).",
    );
  if (!storage.isLive) throw new Error("native: use of a released storage");
  return storage;
}

/** Elements of an operand, which its storage must hold. */
function checkedSize(call: KernelCall, { storage, shape }: Operand): number {
  const size = sizeOf(shape);
  if (storage.length < size)
    throw new Error(
      `native: an operand of ${call.kernel} has shape [${shape}] on a storage of ${storage.length} elements`,
    );
  return size;
}

/** Calls of a program as the addon's list of numbers; its layout is in native/addon/programs.cc, at parse_program. */
function describe(
  program: Program,
  calls: readonly KernelCall[],
  addressOf: (operand: Operand) => number,
): Float64Array {
  const description: number[] = [calls.length];
  for (const call of calls) {
    const frozen = hasWeights(call.kernel) && program.frozen.has(call.inputs[1].storage as Value);
    const { kernel, numbers } = encode(call, frozen);
    const operands: number[] = [];
    for (const operand of [...call.inputs, ...call.outputs])
      operands.push(addressOf(operand), checkedSize(call, operand));
    description.push(kernel, operands.length / 2, call.outputs.length, numbers.length, frozen ? 1 : 0);
    for (const number of operands) description.push(number);
    for (const number of numbers) description.push(number);
  }
  return Float64Array.from(description);
}
