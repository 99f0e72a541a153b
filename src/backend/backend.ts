// The interface every backend implements: storage, and one `run(call)` that enqueues a kernel.
// What the kernels mean is in kernels.ts; everything above this folder computes through this interface and nothing else.

import type { KernelName } from "./attributes.js";
import type { KernelCall, Storage } from "./call.js";
import type { Executable, Program } from "./program-types.js";

export type { KernelCall, Operand, Storage } from "./call.js";

/** A named implementation of a kernel, and the calls it can serve. */
export interface Variant {
  readonly name: string;
  supports(call: KernelCall): boolean;
}

/** Live storages and their bytes. */
export interface MemoryInfo {
  /** Live storages and their bytes. */
  buffers: number;
  bytes: number;
  /** Bytes kept for reuse: not live, not given back to the system. */
  pooledBytes: number;
}

export interface Peak {
  readonly flopsPerSecond: number;
  readonly bytesPerSecond: number;
}

/** The backends by name: plain TypeScript, the C++ addon, a GPU, WebAssembly. */
export type BackendName = "reference" | "native" | "webgpu" | "wasm";

/** What computes: storages of numbers, and kernels that are enqueued on them. Opened by useBackend, closed by `close()`. */
export interface Backend {
  readonly name: BackendName;
  readonly precision: "float32" | "float64";
  /** Calls are kept to be run later: no value is known, and what is made does not outlive the recording. */
  readonly isRecording?: boolean;
  /** Uninitialised storage of `length` elements (0 is allowed). */
  allocate(length: number): Storage;
  release(storage: Storage): void;
  /**
   * A window of `length` elements into `storage` from element `offset` on, a multiple of 64 (256 bytes of float32: what a
   * WebGPU binding asks for). It stands wherever a storage stands but in release(), and lives as long as its storage.
   */
  view(storage: Storage, offset: number, length: number): Storage;
  /** Copies `data` in; lengths must be equal. */
  write(storage: Storage, data: ArrayLike<number>): void;
  /** Copies the values out, after everything enqueued before; into an array of that length, if one is given. */
  read(storage: Storage, into?: Float32Array): Promise<Float32Array | Float64Array>;
  /** The first `count` values without waiting, for printing; undefined where that cannot be. */
  peek?(storage: Storage, count: number): ArrayLike<number> | undefined;
  /**
   * `new Float32Array(length)`, for large arrays that the caller is about to fill, where the backend can have the system hand
   * out such memory faster than page by page.
   */
  newArray?(length: number): Float32Array;
  /** Enqueues a kernel; kernels take effect in the order of the calls. */
  run(call: KernelCall): void;
  /** The implementations of a kernel that may be forced by name. */
  variants(kernel: KernelName): readonly Variant[];
  /** The variant that run() takes for a call that forces none; without this method, or undefined: the first that supports it. */
  defaultVariant?(call: KernelCall): string | undefined;
  /**
   * Inputs, by position, whose memory the call's first output may share: of each the kernel reads an element before it writes
   * the same element of the output, and no other afterwards. Without this method: none.
   */
  mayOverwrite?(call: KernelCall): readonly number[];
  /** Resolves when everything enqueued has taken effect. */
  finish(): Promise<void>;
  memory(): MemoryInfo;
  /** Runs `work` and tells how long it took, and how long a device of its own (a GPU) was busy with it. */
  time?(
    work: () => void | Promise<void>,
  ): Promise<{ wallSeconds: number; deviceSeconds: number | undefined }>;
  /**
   * The most this machine does, measured now: floating-point operations a second of a loop of fused multiply-adds in registers,
   * and bytes a second of a large copy (read + written). Benchmarks quote their share of it.
   */
  peak?(): Promise<Peak>;
  /**
   * Frees everything, after what is pending; the backend cannot be used afterwards. A worker thread that uses webgpu must be
   * stopped so: ask it to await close() and to end by itself. `worker.terminate()` while a read is pending aborts the process
   * (in Dawn, which calls back into a thread that is gone).
   */
  close(): Promise<void>;
  /** A backend that can do better than calling run() in a loop prepares the whole program here. */
  compile?(program: Program): Executable;
}
