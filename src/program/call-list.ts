// A backend that computes nothing and keeps the calls it is given, in order. What storages are, and what becomes of the calls, is for
// those who extend it: recorder.ts makes programs, nn/dry-run.ts asks for shapes.

import type { Backend, KernelCall, MemoryInfo, Storage, Variant } from "../backend/backend.js";
import type { KernelName } from "../backend/kernels.js";

export abstract class CallList implements Backend {
  readonly name: Backend["name"];
  readonly precision: Backend["precision"];
  protected readonly calls: KernelCall[] = [];

  /** @param target the backend that would compute */
  constructor(readonly target: Backend) {
    this.name = target.name;
    this.precision = target.precision;
  }

  abstract allocate(length: number): Storage;
  abstract view(storage: Storage, offset: number, length: number): Storage;
  abstract write(storage: Storage, data: ArrayLike<number>): void;
  abstract read(): Promise<never>;

  release(): void {
    // Nothing was taken.
  }

  run(call: KernelCall): void {
    this.calls.push(call);
  }

  variants(kernel: KernelName): readonly Variant[] {
    return this.target.variants(kernel);
  }

  async finish(): Promise<void> {}

  memory(): MemoryInfo {
    return { buffers: 0, bytes: 0, pooledBytes: 0 };
  }

  async close(): Promise<void> {}
}
