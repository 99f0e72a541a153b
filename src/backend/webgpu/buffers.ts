// GPU memory: storages, and the pool of buffers they live in. Buffers come in size classes, so that one that is
// released serves the next request of about its size; it is handed out again only after the commands that may still
// use it have been submitted. Every buffer has the same usage, so that all interchange.

import type { MemoryInfo, Storage } from "../backend.js";
import { UserError } from "../../base/errors.js";
import { BufferUsage, STORAGE_ALIGNMENT } from "./constants.js";
import type { Faults } from "./faults.js";

const BYTES_PER_ELEMENT = 4;

/** A GPU buffer with a number of its own, for the keys of the bind-group cache. */
export interface PooledBuffer {
  readonly id: number;
  readonly bytes: number;
  readonly gpu: GPUBuffer;
  /** The last batch of commands that was given this buffer. */
  lastBatch: number;
}

/** Numbers on the GPU: a window of a pooled buffer. Views share their parent's buffer. */
export class GpuStorage implements Storage {
  released = false;
  constructor(
    readonly buffer: PooledBuffer,
    readonly length: number,
    /** Bytes from the buffer's start; a multiple of 256. */
    readonly offset: number,
    readonly isView: boolean,
  ) {}
}

/** Rounds up to a power of two or a quarter step above it: at most a fifth of a buffer is unused. */
export function sizeClass(bytes: number): number {
  if (bytes <= STORAGE_ALIGNMENT) return STORAGE_ALIGNMENT;
  const step = Math.max(2 ** (Math.ceil(Math.log2(bytes)) - 3), STORAGE_ALIGNMENT);
  return Math.ceil(bytes / step) * step;
}

export class BufferPool {
  private nextId = 1;
  private readonly free = new Map<number, PooledBuffer[]>();
  /** Released while commands that use them wait for submission. */
  private waiting: PooledBuffer[] = [];
  private liveBuffers = 0;
  private liveBytes = 0;
  private pooledBytes = 0;
  /** Stands for storages of length 0, which WebGPU cannot bind, and for operands that a call does not have. */
  readonly empty: PooledBuffer;

  /** @param cap the most bytes kept for reuse; what is released beyond it is given back */
  constructor(
    private readonly device: GPUDevice,
    private readonly faults: Faults,
    private readonly cap: number,
  ) {
    this.empty = this.create(STORAGE_ALIGNMENT);
  }

  allocate(length: number): GpuStorage {
    if (length === 0) return new GpuStorage(this.empty, 0, 0, false);
    const buffer = this.take(length * BYTES_PER_ELEMENT);
    this.liveBuffers++;
    this.liveBytes += buffer.bytes;
    return new GpuStorage(buffer, length, 0, false);
  }

  release(storage: GpuStorage): void {
    if (storage.released) throw new Error("a storage was released twice");
    storage.released = true;
    if (storage.isView || storage.length === 0) return;
    this.liveBuffers--;
    this.liveBytes -= storage.buffer.bytes;
    this.waiting.push(storage.buffer);
    this.pooledBytes += storage.buffer.bytes;
  }

  /** Bytes that become free with the next submission. */
  get waitingBytes(): number {
    return this.waiting.reduce((bytes, buffer) => bytes + buffer.bytes, 0);
  }

  /** Everything encoded so far has been submitted: what waited may be used again. */
  submitted(): void {
    for (const buffer of this.waiting) {
      if (this.pooledBytes > this.cap) this.destroy(buffer);
      else this.bucket(buffer.bytes).push(buffer);
    }
    this.waiting = [];
  }

  /** Gives back what is kept for reuse. */
  trim(): void {
    for (const bucket of this.free.values()) for (const buffer of bucket) this.destroy(buffer);
    this.free.clear();
  }

  memory(): MemoryInfo {
    return { buffers: this.liveBuffers, bytes: this.liveBytes, pooledBytes: this.pooledBytes };
  }

  private take(bytes: number): PooledBuffer {
    this.checkLimits(bytes);
    const size = Math.min(sizeClass(bytes), this.largest());
    const pooled = this.free.get(size)?.pop();
    if (!pooled) return this.create(size);
    this.pooledBytes -= pooled.bytes;
    return pooled;
  }

  private largest(): number {
    const { maxBufferSize, maxStorageBufferBindingSize } = this.device.limits;
    return Math.floor(Math.min(maxBufferSize, maxStorageBufferBindingSize) / 4) * 4;
  }

  private checkLimits(bytes: number): void {
    if (bytes <= this.largest()) return;
    const { maxBufferSize, maxStorageBufferBindingSize } = this.device.limits;
    const limit =
      maxBufferSize < maxStorageBufferBindingSize ? "maxBufferSize" : "maxStorageBufferBindingSize";
    throw new UserError(
      `a tensor of ${bytes} bytes is larger than this GPU allows (${limit} is ${this.device.limits[limit]}): ` +
        "use smaller tiles or batches, or the native backend",
    );
  }

  private create(bytes: number): PooledBuffer {
    this.device.pushErrorScope("out-of-memory");
    const usage = BufferUsage.STORAGE | BufferUsage.COPY_SRC | BufferUsage.COPY_DST;
    const gpu = this.device.createBuffer({ size: bytes, usage });
    this.faults.watch(
      this.device.popErrorScope().then((error) => {
        if (!error) return;
        const used = this.liveBytes + this.pooledBytes;
        throw new UserError(
          `the GPU has no room for another ${bytes} bytes (Fovea holds ${used}): use smaller tiles or batches`,
        );
      }),
    );
    return { id: this.nextId++, bytes, gpu, lastBatch: -1 };
  }

  private bucket(bytes: number): PooledBuffer[] {
    let bucket = this.free.get(bytes);
    if (!bucket) this.free.set(bytes, (bucket = []));
    return bucket;
  }

  private destroy(buffer: PooledBuffer): void {
    this.pooledBytes -= buffer.bytes;
    buffer.gpu.destroy();
  }
}
