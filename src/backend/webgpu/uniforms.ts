// The uniform arena: all dispatches of a batch keep their parameters in one buffer, each in a slot of 256 bytes that
// is chosen by a dynamic offset. One write a batch; one bind group for all.

import { BufferUsage } from "./constants.js";
import type { Params } from "./dispatch.js";

export const SLOT_BYTES = 256;

export class UniformArena {
  readonly group: GPUBindGroup;
  private readonly buffer: GPUBuffer;
  private readonly words: Uint32Array<ArrayBuffer>;
  private used = 0;

  constructor(
    private readonly device: GPUDevice,
    layout: GPUBindGroupLayout,
    readonly slots: number,
  ) {
    const size = slots * SLOT_BYTES;
    this.words = new Uint32Array(size / 4);
    this.buffer = device.createBuffer({ size, usage: BufferUsage.UNIFORM | BufferUsage.COPY_DST });
    this.group = device.createBindGroup({
      layout,
      entries: [{ binding: 0, resource: { buffer: this.buffer, size: SLOT_BYTES } }],
    });
  }

  get isFull(): boolean {
    return this.used === this.slots;
  }

  /** Puts the parameters into the next slot and returns its offset. */
  add(params: Params): number {
    const offset = this.used++ * SLOT_BYTES;
    this.words.set(params.words, offset / 4);
    return offset;
  }

  /** Sends the used slots to the GPU, ahead of the submission that reads them. */
  upload(): void {
    if (this.used > 0)
      this.device.queue.writeBuffer(this.buffer, 0, this.words, 0, (this.used * SLOT_BYTES) / 4);
  }

  /** The batch has been submitted: the slots may be filled anew. */
  reset(): void {
    this.used = 0;
  }

  destroy(): void {
    this.buffer.destroy();
  }
}
