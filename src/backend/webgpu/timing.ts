// Device time by timestamp queries: one pair around every compute pass while a timer is set.

import { BufferUsage } from "./constants.js";
import type { Readback } from "./readback.js";

const MOST_PASSES = 1024;

export interface Timing {
  /** Seconds from the call until the GPU had finished. */
  wallSeconds: number;
  /** Seconds that the GPU spent in its compute passes; undefined where it has no timestamps. */
  deviceSeconds: number | undefined;
}

export class PassTimer {
  private readonly queries: GPUQuerySet;
  private readonly buffer: GPUBuffer;
  private passes = 0;

  constructor(private readonly device: GPUDevice) {
    this.queries = device.createQuerySet({ type: "timestamp", count: 2 * MOST_PASSES });
    const usage = BufferUsage.QUERY_RESOLVE | BufferUsage.COPY_SRC;
    this.buffer = device.createBuffer({ size: 2 * MOST_PASSES * 8, usage });
  }

  /** What beginComputePass needs to time the pass. Passes beyond the 1024th are not timed. */
  nextPass(): GPUComputePassDescriptor {
    if (this.passes === MOST_PASSES) return {};
    const first = 2 * this.passes++;
    const timestampWrites = {
      querySet: this.queries,
      beginningOfPassWriteIndex: first,
      endOfPassWriteIndex: first + 1,
    };
    return { timestampWrites };
  }

  /** Seconds of each pass, in order. All passes must have been submitted. */
  async seconds(readback: Readback): Promise<number[]> {
    if (this.passes === 0) return [];
    const encoder = this.device.createCommandEncoder();
    encoder.resolveQuerySet(this.queries, 0, 2 * this.passes, this.buffer, 0);
    this.device.queue.submit([encoder.finish()]);
    const ticks = new BigUint64Array(await readback.read(this.buffer, 0, 2 * this.passes * 8));
    return Array.from({ length: this.passes }, (_, i) => Number(ticks[2 * i + 1] - ticks[2 * i]) * 1e-9);
  }

  destroy(): void {
    this.queries.destroy();
    this.buffer.destroy();
  }
}
