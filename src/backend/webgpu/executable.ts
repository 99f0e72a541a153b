// A program made ready: pipelines, bind groups and uniform data are made once; a replay is one command buffer. Every
// temporary gets a GPU buffer that it shares with others that do not live at the same time: WebGPU tracks whole
// buffers, so one arena for all could not be read and written by the same dispatch.

import type { KernelCall } from "../backend.js";
import { type Executable, partsOf, type Program } from "../program-types.js";
import type { WebgpuBackend } from "./backend.js";
import type { GpuStorage } from "./buffers.js";
import type { Prepared } from "./commands.js";
import { ownStorage, prepare, rangeOf } from "./commands.js";
import type { Binding, Dispatch } from "./dispatch.js";
import type { BufferRange } from "./pipelines.js";
import { shareBuffers } from "./sharing.js";
import { UniformArena } from "./uniforms.js";

interface Step extends Prepared {
  offset: number;
}

/** Replays that may be queued ahead of the GPU. */
const MOST_AHEAD = 2;

interface Ready {
  steps: Step[];
  /** Where each part of the program ends in `steps`. */
  ends: number[];
  buffers: GpuStorage[];
  uniforms: UniformArena;
}

export class GpuExecutable implements Executable {
  private ready: Ready | undefined;
  private readonly ahead: Promise<void>[] = [];
  private isDisposed = false;

  constructor(
    private readonly backend: WebgpuBackend,
    private readonly program: Program,
  ) {
    // Calls whose variant is still to be measured are noted now and measured at the first run.
    if (!backend.tuner) this.ready = this.prepare();
    else for (const call of program.calls) backend.choose(call);
  }

  private prepare(): Ready {
    const { backend, program } = this;
    const dispatchesOf = (call: KernelCall) =>
      backend
        .choose(call)
        .plan(call)
        .filter((dispatch) => dispatch.groups > 0);
    const parts = partsOf(program).map((calls) => calls.flatMap(dispatchesOf));
    const dispatches = parts.flat();
    let end = 0;
    const ends = parts.map((part) => (end += part.length));
    const sharing = shareBuffers(dispatches);
    const { device, pipelines, pool } = backend;
    const buffers = sharing.lengths.map((length) => pool.allocate(length));
    const uniforms = new UniformArena(device, pipelines.uniformLayout, Math.max(dispatches.length, 1));
    const range = (binding: Binding | undefined): BufferRange => {
      if (binding === undefined || binding.length === 0) return rangeOf(pool.allocate(0), pool);
      const shared = sharing.bufferOf.get(binding);
      if (shared === undefined) return rangeOf(ownStorage(binding), pool);
      return { ...rangeOf(buffers[shared], pool), size: binding.length * 4 };
    };
    const steps = dispatches.map((dispatch: Dispatch) => ({
      ...prepare(pipelines, dispatch, range, device.limits.maxComputeWorkgroupsPerDimension),
      offset: uniforms.add(dispatch.params),
    }));
    uniforms.upload();
    return { steps, ends, buffers, uniforms };
  }

  /** Resolves once the GPU is at most two replays behind; whatever is enqueued or read later sees this one's results. */
  run(): Promise<void> {
    return this.replay(({ steps }) => steps);
  }

  runPart(part: number): Promise<void> {
    return this.replay(({ steps, ends }) => steps.slice(part === 0 ? 0 : ends[part - 1], ends[part]));
  }

  private async replay(which: (ready: Ready) => readonly Step[]): Promise<void> {
    if (this.isDisposed) throw new Error("webgpu: run() of a disposed program");
    const { backend } = this;
    backend.faults.throwIfAny();
    backend.commands.flush();
    if (backend.tuner) await backend.tuner.settle();
    const ready = (this.ready ??= this.prepare());
    const encoder = backend.device.createCommandEncoder();
    const pass = encoder.beginComputePass(backend.commands.timer?.nextPass());
    for (const step of which(ready)) {
      pass.setPipeline(step.pipeline);
      pass.setBindGroup(0, ready.uniforms.group, [step.offset]);
      pass.setBindGroup(1, step.group);
      pass.dispatchWorkgroups(step.x, step.y);
    }
    pass.end();
    backend.device.queue.submit([encoder.finish()]);
    const done = backend.device.queue.onSubmittedWorkDone().then(() => undefined);
    done.catch(() => undefined); // a lost device is told by `guard`
    this.ahead.push(done);
    if (this.ahead.length > MOST_AHEAD) await backend.faults.guard(this.ahead.shift()!);
  }

  dispose(): void {
    if (this.isDisposed) return;
    this.isDisposed = true;
    for (const storage of this.ready?.buffers ?? []) this.backend.pool.release(storage);
    this.ready?.uniforms.destroy();
  }
}
