// Reading results: a copy into a staging buffer, which is mapped when the GPU gets there. Staging buffers are pooled.

import { BufferUsage, MAP_MODE_READ } from "./constants.js";
import { sizeClass } from "./buffers.js";
import type { Faults } from "./faults.js";

const MOST_KEPT_BYTES = 64 * 2 ** 20;

export class Readback {
  private readonly free: GPUBuffer[] = [];
  private keptBytes = 0;

  constructor(
    private readonly device: GPUDevice,
    private readonly faults: Faults,
  ) {}

  /** Bytes of the staging buffers that are kept. */
  get bytes(): number {
    return this.keptBytes;
  }

  /** Copies the range out after everything submitted so far. The commands that write it must have been submitted. */
  async read(source: GPUBuffer, offset: number, bytes: number): Promise<ArrayBuffer> {
    const staging = this.take(bytes);
    const encoder = this.device.createCommandEncoder();
    encoder.copyBufferToBuffer(source, offset, staging, 0, bytes);
    this.device.queue.submit([encoder.finish()]);
    await this.faults.guard(staging.mapAsync(MAP_MODE_READ, 0, bytes));
    // slice: the mapped memory goes away with unmap.
    const copy = staging.getMappedRange(0, bytes).slice(0);
    staging.unmap();
    this.keep(staging);
    return copy;
  }

  trim(): void {
    for (const buffer of this.free.splice(0)) buffer.destroy();
    this.keptBytes = 0;
  }

  private take(bytes: number): GPUBuffer {
    const index = this.free.findIndex(
      (buffer) => buffer.size >= bytes && buffer.size <= 2 * sizeClass(bytes),
    );
    if (index < 0)
      return this.device.createBuffer({
        size: sizeClass(bytes),
        usage: BufferUsage.COPY_DST | BufferUsage.MAP_READ,
      });
    const [buffer] = this.free.splice(index, 1);
    this.keptBytes -= buffer.size;
    return buffer;
  }

  private keep(buffer: GPUBuffer): void {
    if (this.keptBytes + buffer.size > MOST_KEPT_BYTES) buffer.destroy();
    else {
      this.free.push(buffer);
      this.keptBytes += buffer.size;
    }
  }
}
