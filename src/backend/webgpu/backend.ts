// The WebGPU backend: the interface of backend.ts over a GPUDevice. Memory, batching, pipelines and reading are in the
// files beside; which dispatches a kernel becomes is in plans/ and shaders/.

import type { Backend, KernelCall, MemoryInfo, Peak, Storage } from "../backend.js";
import type { KernelName } from "../kernels.js";
import type { Executable, Program } from "../program-types.js";
import { UserError } from "../../base/errors.js";
import type { AdapterDescription, OpenedDevice } from "./adapter.js";
import { openDevice } from "./adapter.js";
import { BufferPool, GpuStorage } from "./buffers.js";
import type { Catalogue } from "./catalogue.js";
import { catalogueFor } from "./catalogue.js";
import { Commands, ownStorage } from "./commands.js";
import { STORAGE_ALIGNMENT } from "./constants.js";
import type { PlannedVariant } from "./context.js";
import type { DawnOptions } from "./dawn.js";
import { openDawn } from "./dawn.js";
import { GpuExecutable } from "./executable.js";
import { DeviceLostError, Faults, ShaderError } from "./faults.js";
import { Pipelines } from "./pipelines.js";
import { Readback } from "./readback.js";
import type { Timing } from "./timing.js";
import { PassTimer } from "./timing.js";
import { measurePeak } from "./peak.js";
import { Tuner } from "./tuner.js";
import { UniformArena } from "./uniforms.js";
import type { VariantStore } from "./variant-store.js";
import { MemoryStore } from "./variant-store.js";

export interface WebgpuOptions extends DawnOptions {
  /** A browser's `navigator.gpu`. Without it the package `webgpu` (Dawn) is loaded. */
  gpu?: GPU;
  /** Choose variants by measurement. Default: on a real GPU only, because a software one takes seconds over it. */
  tune?: boolean;
  /** Where measured choices are remembered; default: the user's cache folder, or memory where `gpu` is given. */
  store?: VariantStore;
  /** Most bytes of released memory kept for reuse; default 1 GiB. */
  poolBytes?: number;
}

/** Dispatches of one batch at most. */
const UNIFORM_SLOTS = 256;

/** Opens a GPU. Throws UserError where there is none. */
export async function createWebgpuBackend(options: WebgpuOptions = {}): Promise<WebgpuBackend> {
  const gpu = options.gpu ?? (await openDawn(options));
  const opened = await openDevice(gpu, options);
  const backend = new WebgpuBackend(gpu, opened, options);
  if (options.tune ?? !backend.isSoftware) {
    const { vendor, architecture, name, driver } = backend.adapter;
    const adapter = [vendor, architecture, name, driver].join(" | ");
    const store = options.store ?? (await defaultStore(options));
    backend.tuner = new Tuner(backend, store, adapter, await store.load(adapter));
  }
  return backend;
}

async function defaultStore(options: WebgpuOptions): Promise<VariantStore> {
  if (options.gpu) return new MemoryStore();
  const node = "./variant-store-node.js"; // not a literal in import(), so that bundlers for the browser leave it alone
  const { FileStore } = (await import(node)) as { FileStore: new () => VariantStore };
  return new FileStore();
}

export class WebgpuBackend implements Backend {
  readonly name = "webgpu";
  readonly precision = "float32";
  readonly adapter: AdapterDescription;
  readonly device: GPUDevice;
  readonly faults = new Faults();
  readonly pipelines: Pipelines;
  readonly pool: BufferPool;
  readonly commands: Commands;
  readonly catalogue: Catalogue;
  /** Set where variants are chosen by measurement. */
  tuner: Tuner | undefined;
  private readonly readback: Readback;
  private readonly uniforms: UniformArena;
  private isClosed = false;

  /** @param gpu what the device was opened from; Dawn crashes if it is collected while the device is in use */
  constructor(
    readonly gpu: GPU,
    { device, description, matrixConfigs }: OpenedDevice,
    options: WebgpuOptions,
  ) {
    this.device = device;
    this.adapter = description;
    this.watch(device);
    this.pipelines = new Pipelines(device, this.faults);
    this.pool = new BufferPool(device, this.faults, options.poolBytes ?? 2 ** 30);
    this.uniforms = new UniformArena(device, this.pipelines.uniformLayout, UNIFORM_SLOTS);
    this.commands = new Commands(device, this.pipelines, this.pool, this.uniforms, this.faults);
    this.readback = new Readback(device, this.faults);
    this.catalogue = catalogueFor({
      f16: device.features.has("shader-f16"),
      subgroups: device.features.has("subgroups") ? description.subgroupSize : [0, 0],
      matrices: matrixConfigs,
      mostStorageBuffers: device.limits.maxStorageBuffersPerShaderStage,
      workgroupBytes: device.limits.maxComputeWorkgroupStorageSize,
      isSoftware: description.isSoftware,
    });
  }

  /** A CPU that pretends to be a GPU: fit for tests, never chosen by itself. */
  get isSoftware(): boolean {
    return this.adapter.isSoftware;
  }

  allocate(length: number): Storage {
    this.faults.throwIfAny();
    return this.pool.allocate(length);
  }

  release(storage: Storage): void {
    if (!(storage instanceof GpuStorage) || storage.isView)
      throw new Error("webgpu: release() of a storage that is not live here (a view, or released before)");
    this.pool.release(storage);
  }

  view(storage: Storage, offset: number, length: number): Storage {
    const own = ownStorage(storage);
    if ((offset * 4) % STORAGE_ALIGNMENT !== 0 || offset < 0 || length < 0 || offset + length > own.length)
      throw new Error(`webgpu: view(${offset}, ${length}) of a storage of ${own.length} elements`);
    return new GpuStorage(own.buffer, length, own.offset + offset * 4, true);
  }

  write(storage: Storage, data: ArrayLike<number>): void {
    this.faults.throwIfAny();
    const own = ownStorage(storage);
    if (data.length !== own.length)
      throw new Error(`webgpu: write() of ${data.length} values into a storage of ${own.length}`);
    if (own.length === 0) return;
    // Writes go ahead of commands that are not submitted yet: those that use this buffer must go first.
    if (own.buffer.lastBatch === this.commands.batch) this.commands.flush();
    const values = data instanceof Float32Array ? data : Float32Array.from(data);
    this.device.queue.writeBuffer(own.buffer.gpu, own.offset, values as Float32Array<ArrayBuffer>);
  }

  async read(storage: Storage, into?: Float32Array): Promise<Float32Array> {
    const own = ownStorage(storage);
    if (own.length === 0) return into ?? new Float32Array(0);
    this.commands.flush();
    const bytes = await this.readback.read(own.buffer.gpu, own.offset, own.length * 4);
    await this.faults.settled();
    await this.tuner?.settle();
    const values = new Float32Array(bytes);
    into?.set(values);
    return into ?? values;
  }

  run(call: KernelCall): void {
    this.commands.encode(this.choose(call).plan(call));
  }

  variants(kernel: KernelName): readonly PlannedVariant[] {
    return this.catalogue[kernel];
  }

  /** The variant that runs a call: the one it names, or else the first that serves it. */
  choose(call: KernelCall): PlannedVariant {
    const variants = this.catalogue[call.kernel];
    if (call.variant === undefined) {
      const measured = this.tuner?.choice(call);
      if (measured) return measured;
      const fitting = variants.filter((variant) => !variant.reducedPrecision && variant.supports(call));
      const chosen = fitting.find((variant) => variant.prefers?.(call) ?? true) ?? fitting[0];
      if (chosen) return chosen;
      throw new Error(`webgpu: no variant of ${call.kernel} serves ${shapesOf(call)}`);
    }
    const named = variants.find((variant) => variant.name === call.variant);
    if (!named) {
      const names = variants.map((variant) => variant.name).join(", ");
      throw new UserError(`${call.kernel} has no variant "${call.variant}" on this GPU (it has ${names})`);
    }
    if (!named.supports(call))
      throw new UserError(`the variant "${call.variant}" of ${call.kernel} does not serve ${shapesOf(call)}`);
    return named;
  }

  /** The variant of a call that names none; undefined while it waits to be measured. */
  defaultVariant(call: KernelCall): string | undefined {
    const chosen = this.choose({ ...call, variant: undefined }).name;
    return this.tuner?.isWaitingFor(call) ? undefined : chosen;
  }

  async finish(): Promise<void> {
    await this.idle();
    await this.tuner?.settle();
  }

  /** As finish, but measures no variants. */
  private async idle(): Promise<void> {
    this.commands.flush();
    await this.faults.guard(this.device.queue.onSubmittedWorkDone());
    await this.faults.settled();
  }

  memory(): MemoryInfo {
    const memory = this.pool.memory();
    return { ...memory, pooledBytes: memory.pooledBytes + this.readback.bytes };
  }

  /** Gives memory that is kept for reuse back to the system. */
  trim(): void {
    this.commands.flush();
    this.pipelines.dropBindGroups();
    this.pool.trim();
    this.readback.trim();
  }

  compile(program: Program): Executable {
    return new GpuExecutable(this, program);
  }

  /** Measures what this GPU does at most. */
  peak(): Promise<Peak> {
    return measurePeak(this);
  }

  /** Runs `work` (which enqueues kernels or replays programs) and tells how long the GPU and the caller needed. */
  async time(work: () => void | Promise<void>): Promise<Timing> {
    await this.finish();
    const timer = this.device.features.has("timestamp-query") ? new PassTimer(this.device) : undefined;
    this.commands.timer = timer;
    try {
      const started = performance.now();
      await work();
      await this.idle();
      const wallSeconds = (performance.now() - started) / 1000;
      const passes = await timer?.seconds(this.readback);
      return { wallSeconds, deviceSeconds: passes?.reduce((sum, seconds) => sum + seconds, 0) };
    } finally {
      this.commands.timer = undefined;
      timer?.destroy();
    }
  }

  close(): Promise<void> {
    if (this.isClosed) return Promise.resolve();
    this.isClosed = true;
    this.faults.reportEnd(new Error("the WebGPU backend was closed"));
    // Dawn holds on to listeners, and through this one to the backend.
    this.device.removeEventListener("uncapturederror", this.onError);
    this.device.destroy();
    return Promise.resolve();
  }

  private watch(device: GPUDevice): void {
    void device.lost.then((info) => {
      if (this.isClosed) return;
      const why = info.message || info.reason;
      this.faults.reportEnd(
        new DeviceLostError(`the GPU was lost (${why}): what it held is gone; open it again`),
      );
    });
    device.addEventListener("uncapturederror", this.onError);
  }

  private readonly onError = (event: Event): void => {
    event.preventDefault?.(); // or Dawn prints it
    const { message } = (event as GPUUncapturedErrorEvent).error;
    // The previous error, a shader that did not compile, is told by its own check.
    if (!message.includes("due to a previous error")) this.faults.report(new ShaderError(message));
  };
}

export function shapesOf(call: KernelCall): string {
  const shapes = (operands: KernelCall["inputs"]) =>
    operands.map((o) => `[${o.shape.join(", ")}]`).join(", ");
  return `${shapes(call.inputs)} -> ${shapes(call.outputs)}`;
}
