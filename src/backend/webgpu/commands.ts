// Batching: dispatches are collected in one compute pass and submitted together, when a result is asked for, when the
// uniform arena is full, or when released memory waits for it. Within a pass WebGPU keeps dispatches in order.

import { UserError } from "../../base/errors.js";
import type { BufferPool, PooledBuffer } from "./buffers.js";
import { GpuStorage } from "./buffers.js";
import { Value } from "../program-types.js";
import type { Binding, Dispatch } from "./dispatch.js";
import { fold, Scratch } from "./dispatch.js";
import type { Faults } from "./faults.js";
import type { BufferRange, Pipelines } from "./pipelines.js";
import type { PassTimer } from "./timing.js";
import type { UniformArena } from "./uniforms.js";

/** Submit early when this much released memory waits for it. */
const MOST_WAITING_BYTES = 256 * 2 ** 20;

/** A dispatch with everything looked up. */
export interface Prepared {
  pipeline: GPUComputePipeline;
  group: GPUBindGroup;
  x: number;
  y: number;
}

/** What a storage is bound as. An empty one becomes the pool's small stand-in. */
export function rangeOf(storage: GpuStorage, pool: BufferPool): BufferRange {
  const { id, gpu, bytes } = storage.length === 0 ? pool.empty : storage.buffer;
  if (storage.length === 0) return { id, gpu, offset: 0, size: bytes };
  return { id, gpu, offset: storage.offset, size: storage.length * 4 };
}

export function prepare(
  pipelines: Pipelines,
  dispatch: Dispatch,
  range: (binding: Binding | undefined) => BufferRange,
  mostGroups: number,
): Prepared {
  const { shader, source, constants, reads, writes } = dispatch;
  const [x, y] = fold(dispatch.groups, mostGroups);
  return {
    pipeline: pipelines.pipeline(shader, source, constants, reads.length, writes.length),
    group: pipelines.bindGroup(reads.map(range), writes.map(range)),
    x,
    y,
  };
}

export class Commands {
  /** The number of the batch that is being collected. */
  batch = 0;
  /** Times every pass while it is set. */
  timer: PassTimer | undefined;
  private encoder: GPUCommandEncoder | undefined;
  private pass: GPUComputePassEncoder | undefined;

  constructor(
    private readonly device: GPUDevice,
    private readonly pipelines: Pipelines,
    private readonly pool: BufferPool,
    private readonly uniforms: UniformArena,
    private readonly faults: Faults,
  ) {}

  /** Enqueues the dispatches of one kernel call. */
  encode(dispatches: readonly Dispatch[]): void {
    const scratch = new Map<Scratch, GpuStorage>();
    for (const dispatch of dispatches) if (dispatch.groups > 0) this.encodeOne(dispatch, scratch);
    for (const storage of scratch.values()) this.pool.release(storage);
    if (this.pool.waitingBytes > MOST_WAITING_BYTES) this.flush();
  }

  /** Submits what was collected. */
  flush(): void {
    if (this.encoder) {
      this.pass?.end();
      this.uniforms.upload();
      this.device.queue.submit([this.encoder.finish()]);
      this.encoder = undefined;
      this.pass = undefined;
      this.uniforms.reset();
      this.batch++;
    }
    this.pool.submitted();
  }

  private encodeOne(dispatch: Dispatch, scratch: Map<Scratch, GpuStorage>): void {
    this.faults.throwIfAny();
    const range = (binding: Binding | undefined): BufferRange => {
      const storage = this.storageOf(binding, scratch);
      storage.buffer.lastBatch = this.batch;
      return rangeOf(storage, this.pool);
    };
    if (this.uniforms.isFull) this.flush();
    const written = new Set(dispatch.writes.map((binding) => this.storageOf(binding, scratch).buffer));
    const reads = dispatch.reads.map((binding) => this.apart(binding, written, scratch));
    const ready = prepare(
      this.pipelines,
      { ...dispatch, reads },
      range,
      this.device.limits.maxComputeWorkgroupsPerDimension,
    );
    const offset = this.uniforms.add(dispatch.params);
    const pass = this.open();
    pass.setPipeline(ready.pipeline);
    pass.setBindGroup(0, this.uniforms.group, [offset]);
    pass.setBindGroup(1, ready.group);
    pass.dispatchWorkgroups(ready.x, ready.y);
  }

  /**
   * WebGPU cannot read and write one buffer in the same dispatch, even at different places: a window of a buffer that is
   * written elsewhere is copied to scratch memory first. Only views come to this.
   */
  private apart(
    binding: Binding | undefined,
    written: ReadonlySet<PooledBuffer>,
    scratch: Map<Scratch, GpuStorage>,
  ): Binding | undefined {
    if (binding === undefined) return undefined;
    const source = this.storageOf(binding, scratch);
    if (source.length === 0 || !written.has(source.buffer)) return binding;
    const copy = new Scratch(source.length);
    const target = this.storageOf(copy, scratch);
    this.open();
    this.pass?.end();
    this.pass = undefined;
    this.encoder?.copyBufferToBuffer(
      source.buffer.gpu,
      source.offset,
      target.buffer.gpu,
      0,
      source.length * 4,
    );
    return copy;
  }

  private storageOf(binding: Binding | undefined, scratch: Map<Scratch, GpuStorage>): GpuStorage {
    if (binding === undefined) return new GpuStorage(this.pool.empty, 0, 0, false);
    if (binding instanceof Scratch) {
      let storage = scratch.get(binding);
      if (!storage) scratch.set(binding, (storage = this.pool.allocate(binding.length)));
      return storage;
    }
    return ownStorage(binding);
  }

  private open(): GPUComputePassEncoder {
    this.encoder ??= this.device.createCommandEncoder();
    this.pass ??= this.encoder.beginComputePass(this.timer?.nextPass());
    return this.pass;
  }
}

/** The GPU storage behind an operand; the values of a program stand for theirs. */
export function ownStorage(binding: Binding): GpuStorage {
  const storage = binding instanceof Value ? binding.storage : binding;
  if (!(storage instanceof GpuStorage))
    throw new UserError(
      "A tensor that was made on another backend is used on webgpu; call useBackend() before making tensors, or make it again: tensor(await t.data(), t.shape).",
    );
  if (storage.released) throw new Error("webgpu: use of a released storage");
  return storage;
}
