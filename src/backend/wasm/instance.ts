// One module made ready: which of the modules this engine of JavaScript takes, its memory, its exports, and calls that leave it in order
// when they fail.

import type { ModuleName, Surroundings } from "./surroundings.js";

/** What native/wasm/module.cc and thread_pool.cc export. Addresses are signed 32-bit numbers on the way out. */
export interface ModuleExports {
  memory?: WebAssembly.Memory;
  __stack_pointer: WebAssembly.Global<"i32">;
  __tls_size?: WebAssembly.Global<"i32">;
  initialize(cores: number, callerMaySleep: number): void;
  allocate(bytes: number): number;
  release(address: number): void;
  check_live(address: number, bytes: number): void;
  written(address: number, bytes: number): void;
  pooled_bytes(): number;
  live_bytes(): number;
  live_buffers(): number;
  trim(keepBytes: number): void;
  run(kernel: number, operands: number, outputs: number, command: number, length: number): void;
  variant_of(kernel: number, numbers: number, length: number): number;
  overwritable(kernel: number, numbers: number, length: number): number;
  create_program(description: number, length: number): number;
  replay(program: number): void;
  destroy_program(program: number): void;
  profile_program(program: number, rounds: number, seconds: number): void;
  lanes(): number;
  isa(): number;
  name_of(list: number, i: number): number;
  set_threads(count: number): void;
  threads(): number;
  ready_threads(): number;
  quit(): void;
  recover(): void;
  peak_flops(threads: number, seconds: number): number;
  copy_bandwidth(threads: number): number;
}

/** () -> v128 in these instructions: what WebAssembly.validate is asked. */
const moduleOf = (...instructions: number[]): Uint8Array<ArrayBuffer> =>
  Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0], // magic number, version
    ...[1, 5, 1, 0x60, 0, 1, 0x7b], // one type: () -> v128
    ...[3, 2, 1, 0], // one function of that type
    ...[10, instructions.length + 4, 1, instructions.length + 2, 0, ...instructions, 0x0b],
  ]);
const someVector = [0x41, 0, 0xfd, 0x0f]; // i8x16.splat(0)

const hasSimd = (): boolean => WebAssembly.validate(moduleOf(...someVector));
/** f32x4.relaxed_madd */
const hasRelaxedSimd = (): boolean =>
  WebAssembly.validate(moduleOf(...someVector, ...someVector, ...someVector, 0xfd, 0x85, 2));

/** Pages share memory with their workers only where they are isolated. */
const mayShareMemory = (): boolean =>
  typeof SharedArrayBuffer === "function" &&
  (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated !== false;

/** The modules that this engine of JavaScript takes, the best first. One thread needs no shared memory. */
export function modulesFor(threads: number): ModuleName[] {
  if (!hasSimd()) return [];
  if (!mayShareMemory() || threads === 1) return ["simd"];
  return [...(hasRelaxedSimd() ? (["relaxed-simd-threads"] as const) : []), "simd-threads", "simd"];
}

const PAGE = 65536;
/** As lld was told (native/wasm/CMakeLists.txt), in pages of 64 KiB. */
const INITIAL = 64;

/** Up to 4 GB, or as much as the engine of JavaScript reserves. */
function sharedMemory(): WebAssembly.Memory {
  for (let maximum = PAGE; ; maximum /= 2)
    try {
      return new WebAssembly.Memory({ initial: INITIAL, maximum, shared: true });
    } catch (error) {
      if (maximum <= PAGE / 16) throw error;
    }
}

export class ModuleInstance {
  private readonly stack: number;

  private constructor(
    readonly module: WebAssembly.Module,
    readonly memory: WebAssembly.Memory,
    readonly exports: ModuleExports,
  ) {
    this.stack = exports.__stack_pointer.value;
  }

  static async open(name: ModuleName, surroundings: Surroundings): Promise<ModuleInstance> {
    const module = await WebAssembly.compile(await surroundings.read(name));
    const shared = name === "simd" ? undefined : sharedMemory();
    let memory = shared;
    const { sin, cos, log, pow } = Math;
    const fail = (address: number, length: number): never => {
      throw new Error(textAt(memory!, address, length));
    };
    const env = { memory: shared!, fail, now: () => performance.now(), sin, cos, log, pow };
    const { exports } = await WebAssembly.instantiate(module, { env });
    const known = exports as unknown as ModuleExports;
    memory ??= known.memory!;
    const made = new ModuleInstance(module, memory, known);
    made.call(() => known.initialize(surroundings.cores, surroundings.maySleep ? 1 : 0));
    return made;
  }

  /** Runs `body`; where it throws, the module's stack is as it was before, and its pool knows. */
  call<T>(body: () => T): T {
    try {
      return body();
    } catch (error) {
      this.exports.__stack_pointer.value = this.stack;
      this.exports.recover();
      throw error;
    }
  }

  /** A block; where there is no room, after what was kept for reuse was given back. */
  allocate(bytes: number): number {
    const { exports } = this;
    if (!(bytes < 2 ** 32 - 2 * PAGE)) throw tooLarge(bytes);
    try {
      return this.call(() => exports.allocate(bytes)) >>> 0;
    } catch {
      exports.trim(0);
    }
    try {
      return this.call(() => exports.allocate(bytes)) >>> 0;
    } catch {
      throw tooLarge(bytes);
    }
  }

  floats(address: number, length: number): Float32Array {
    return new Float32Array(this.memory.buffer, address, length);
  }

  doubles(address: number, length: number): Float64Array {
    return new Float64Array(this.memory.buffer, address, length);
  }

  /** The text at an address, which a zero ends. */
  text(address: number): string {
    const from = address >>> 0;
    const bytes = new Uint8Array(this.memory.buffer);
    return textAt(this.memory, from, bytes.indexOf(0, from) - from);
  }
}

/** A copy is decoded, as TextDecoder takes no shared memory. */
const textAt = (memory: WebAssembly.Memory, address: number, length: number): string =>
  new TextDecoder().decode(new Uint8Array(memory.buffer, address >>> 0, length).slice());

const tooLarge = (bytes: number): RangeError =>
  new RangeError(`cannot allocate ${Math.floor(bytes / 1e6)} MB (WebAssembly has 4 GB in all)`);
