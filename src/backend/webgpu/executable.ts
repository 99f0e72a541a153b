// A program made ready: pipelines, bind groups and uniform data are made once; a replay is one command buffer. Every
// temporary gets a GPU buffer that it shares with others that do not live at the same time: WebGPU tracks whole
// buffers, so one arena for all could not be read and written by the same dispatch.

import type { KernelCall } from "../backend.js";
import type { Executable, Program } from "../program-types.js";
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

export class GpuExecutable implements Executable {
  private readonly steps: Step[];
  private readonly buffers: GpuStorage[];
  private readonly uniforms: UniformArena;
  private readonly ahead: Promise<void>[] = [];
  private isDisposed = false;

  constructor(
    private readonly backend: WebgpuBackend,
    program: Program,
  ) {
    const dispatches = program.calls
      .flatMap((call: KernelCall) => backend.choose(call).plan(call))
      .filter((dispatch) => dispatch.groups > 0);
    const sharing = shareBuffers(dispatches);
    this.buffers = sharing.lengths.map((length) => backend.pool.allocate(length));
    const { device, pipelines, pool } = backend;
    this.uniforms = new UniformArena(device, pipelines.uniformLayout, Math.max(dispatches.length, 1));

    const range = (binding: Binding | undefined): BufferRange => {
      if (binding === undefined || binding.length === 0) return rangeOf(pool.allocate(0), pool);
      const shared = sharing.bufferOf.get(binding);
      if (shared === undefined) return rangeOf(ownStorage(binding), pool);
      return { ...rangeOf(this.buffers[shared], pool), size: Math.max(binding.length * 4, 4) };
    };
    this.steps = dispatches.map((dispatch: Dispatch) => ({
      ...prepare(pipelines, dispatch, range, device.limits.maxComputeWorkgroupsPerDimension),
      offset: this.uniforms.add(dispatch.params),
    }));
    this.uniforms.upload();
  }

  /** Resolves once the GPU is at most two replays behind; whatever is enqueued or read later sees this one's results. */
  async run(): Promise<void> {
    if (this.isDisposed) throw new Error("webgpu: run() of a disposed program");
    const { backend } = this;
    backend.faults.throwIfAny();
    backend.commands.flush();
    const encoder = backend.device.createCommandEncoder();
    const pass = encoder.beginComputePass(backend.commands.timer?.nextPass());
    for (const step of this.steps) {
      pass.setPipeline(step.pipeline);
      pass.setBindGroup(0, this.uniforms.group, [step.offset]);
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
    for (const storage of this.buffers) this.backend.pool.release(storage);
    this.uniforms.destroy();
  }
}
