// The C++ of native/ as TypeScript sees it: functions on addresses and flat lists of numbers. The addon has them (native/addon), and
// round the WebAssembly modules they are made of its exports (backend/wasm/engine.ts).

/** A program that the engine holds. */
export type ProgramHandle = object & { readonly __program: unique symbol };

export interface EngineInfo {
  /** See interface.ts; WebAssembly modules have none. */
  interface?: string;
  /** The instruction set in use, and all that this machine can run, weakest first. */
  isa: string;
  isas: string[];
  /** Floats in a vector. */
  lanes: number;
  cpu: string;
  /** Physical cores that this process may use, and threads in use. */
  cores: number;
  threads: number;
  /** Cache sizes in bytes. */
  l1: number;
  l2: number;
  l3: number;
  /** Names in the order of their numbers, in C++ spelling: kernels, scalar functions; and each kernel's variants. */
  kernels: string[];
  unaryFunctions: string[];
  binaryFunctions: string[];
  variants: string[][];
}

/** Addresses are numbers of bytes; operands are pairs of address and elements, inputs before outputs. */
export interface Engine {
  allocate(elements: number): number;
  release(address: number, elements: number): void;
  write(address: number, data: Float32Array): void;
  /** Has the system hand out the array's memory now instead of page by page. */
  populate?(array: Float32Array): void;
  /** Fills the array and returns it; while replays are pending, a promise of it, or with `wait` after them. */
  read(address: number, into: Float32Array, wait: boolean): Float32Array | Promise<Float32Array>;
  memory(): { buffers: number; bytes: number; pooledBytes: number };
  trim(keepBytes: number): void;
  /** @param command the operands as pairs of address and elements, then the numbers; what is left of it is not read */
  run(kernel: number, operands: number, outputs: number, command: Float64Array): void;
  /** The number of the variant that serves such a call: the one that the numbers name, or the cheapest; -1 if that one cannot. */
  variantOf(kernel: number, numbers: Float64Array): number;
  /** The operands in whose place such a call may put its output: it reads an element of them just before it writes there. */
  overwritable(kernel: number, numbers: Float64Array): number[];
  /** The description's layout is in native/program/program.h, at parse_program. */
  createProgram(description: Float64Array): ProgramHandle;
  replay(program: ProgramHandle): Promise<void>;
  destroyProgram(program: ProgramHandle): void;
  /** Seconds of every step: the best of `rounds` replays. */
  profileProgram(program: ProgramHandle, rounds: number): Float64Array;
  info(): EngineInfo;
  setThreads(count: number): void;
  /** Operations a second of a multiply-add loop in registers on `threads` threads, measured for `seconds`. */
  peakFlops(threads: number, seconds: number): number;
  /** Bytes a second, read plus written, of a large copy on `threads` threads. */
  copyBandwidth(threads: number): number;
  /** Ends its threads, where they are its alone. */
  close?(): void;
}
