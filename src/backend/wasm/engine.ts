// The C++ engine in WebAssembly: the functions that the addon has, made of a module's exports. Everything computes on the calling thread
// and the pool's; nothing is pending when a function returns.

import type { Engine, EngineInfo, ProgramHandle } from "../cpp/engine.js";
import type { ModuleInstance } from "./instance.js";
import type { ThreadPool } from "./threads.js";

const BYTES = 4;

export class WasmEngine implements Engine {
  /** Where commands are put, and how many numbers have room there. */
  private command = 0;
  private room = 0;
  private readonly steps = new WeakMap<ProgramHandle, number>();
  private known?: EngineInfo;

  constructor(
    private readonly instance: ModuleInstance,
    private readonly pool: ThreadPool | undefined,
    private readonly cores: number,
  ) {}

  allocate(elements: number): number {
    return this.instance.allocate(elements * BYTES);
  }

  release(address: number): void {
    this.instance.call(() => this.instance.exports.release(address));
  }

  write(address: number, data: Float32Array): void {
    const { exports } = this.instance;
    this.instance.call(() => exports.check_live(address, data.byteLength));
    this.instance.floats(address, data.length).set(data);
    exports.written(address, data.byteLength);
  }

  read(address: number, into: Float32Array): Float32Array {
    this.instance.call(() => this.instance.exports.check_live(address, into.byteLength));
    into.set(this.instance.floats(address, into.length));
    return into;
  }

  memory(): { buffers: number; bytes: number; pooledBytes: number } {
    const { exports } = this.instance;
    return {
      buffers: exports.live_buffers(),
      bytes: exports.live_bytes() >>> 0,
      pooledBytes: exports.pooled_bytes() >>> 0,
    };
  }

  trim(keepBytes: number): void {
    this.instance.exports.trim(keepBytes);
  }

  run(kernel: number, operands: number, outputs: number, command: Float64Array): void {
    const at = this.put(command);
    this.instance.call(() => this.instance.exports.run(kernel, operands, outputs, at, command.length));
  }

  variantOf(kernel: number, numbers: Float64Array): number {
    const at = this.put(numbers);
    return this.instance.call(() => this.instance.exports.variant_of(kernel, at, numbers.length));
  }

  overwritable(kernel: number, numbers: Float64Array): number[] {
    const at = this.put(numbers);
    const bits = this.instance.call(() => this.instance.exports.overwritable(kernel, at, numbers.length));
    return Array.from({ length: 8 }, (_, operand) => operand).filter((operand) => bits & (1 << operand));
  }

  createProgram(description: Float64Array): ProgramHandle {
    const at = this.put(description);
    const address = this.instance.call(() => this.instance.exports.create_program(at, description.length));
    const handle = { address } as unknown as ProgramHandle;
    this.steps.set(handle, description[0]);
    return handle;
  }

  async replay(program: ProgramHandle): Promise<void> {
    this.instance.call(() => this.instance.exports.replay(addressOf(program)));
  }

  destroyProgram(program: ProgramHandle): void {
    this.instance.exports.destroy_program(addressOf(program));
    this.steps.delete(program);
    (program as unknown as { address: number }).address = 0;
  }

  profileProgram(program: ProgramHandle, rounds: number): Float64Array {
    const count = this.steps.get(program) ?? 0;
    const at = this.instance.allocate(count * 8);
    try {
      this.instance.call(() => this.instance.exports.profile_program(addressOf(program), rounds, at));
      return this.instance.doubles(at, count).slice();
    } finally {
      this.instance.exports.release(at);
    }
  }

  info(): EngineInfo {
    const { exports } = this.instance;
    const names = (list: number): string[] => {
      const found: string[] = [];
      for (let at; (at = exports.name_of(list, found.length));) found.push(this.instance.text(at));
      return found;
    };
    if (this.known) return { ...this.known, threads: exports.threads() };
    const kernels = names(0);
    const isa = this.instance.text(exports.isa());
    this.known = {
      isa,
      isas: [isa],
      lanes: exports.lanes(),
      cpu: "WebAssembly",
      cores: this.cores,
      threads: 1,
      l1: 32 << 10,
      l2: 1 << 20,
      l3: 16 << 20,
      kernels,
      unaryFunctions: names(1),
      binaryFunctions: names(2),
      variants: kernels.map((_, kernel) => names(3 + kernel)),
    };
    return { ...this.known, threads: exports.threads() };
  }

  /** At most as many as the backend was opened with: workers cannot be started while the caller waits. */
  setThreads(count: number): void {
    if (!(Number.isInteger(count) && count >= 1))
      throw new RangeError("the number of threads must be at least 1");
    this.instance.exports.set_threads(count);
  }

  peakFlops(threads: number, seconds: number): number {
    return this.instance.call(() => this.instance.exports.peak_flops(threads, seconds));
  }

  copyBandwidth(threads: number): number {
    return this.instance.call(() => this.instance.exports.copy_bandwidth(threads));
  }

  close(): void {
    this.pool?.close();
  }

  /** Copies numbers to where the module reads them. */
  private put(numbers: Float64Array): number {
    if (numbers.length > this.room) {
      const room = 2 * numbers.length;
      const made = this.instance.allocate(8 * room);
      if (this.room > 0) this.instance.exports.release(this.command);
      this.command = made;
      this.room = room;
    }
    this.instance.doubles(this.command, numbers.length).set(numbers);
    return this.command;
  }
}

function addressOf(program: ProgramHandle): number {
  const { address } = program as unknown as { address: number };
  if (address === 0) throw new Error("the program was disposed");
  return address;
}
