// Tensor: a shape and a storage on a backend. It knows how to be made, read and freed; what is computed with it is in ops/,
// how gradients flow is in tape.ts, when it is freed is in scope.ts.

import type { Backend, KernelCall, Operand, Storage } from "../backend/backend.js";
import { currentBackend, isRecording } from "../backend/current.js";
import { checkCall } from "../backend/check-call.js";
import type { Attributes, KernelName } from "../backend/kernels.js";
import { UserError } from "../base/errors.js";
import { unwatch, watch } from "./leaks.js";
import { flatten, nestedShape, type NestedNumbers } from "./nested.js";
import { describeTensor, inspectKey, tensorJson, type TensorJson } from "./print.js";
import { forget, track } from "./scope.js";
import { checkShape, type Shape, show, sizeOf } from "./shape.js";
import { backward, checkUnchanged, type TapeNode, tapeTime } from "./tape.js";

/** A storage and how many look at it: tensors (a reshape shares its original's), reads under way, recorded programs. */
export class SharedStorage {
  private references = 1;
  /** The tape's time when it was made, and when it was last written over, and by what. */
  readonly madeAt = tapeTime();
  writtenAt = this.madeAt;
  writer = "";

  constructor(
    readonly storage: Storage,
    readonly backend: Backend,
  ) {
    byStorage.set(storage, this);
  }
  retain(): this {
    this.references++;
    return this;
  }
  release(): void {
    if (--this.references === 0) this.backend.release(this.storage);
  }
  /** As release(), for a tensor that the garbage collector found: its backend may have been closed since. */
  releaseLate(): void {
    try {
      this.release();
    } catch {
      // A closed backend has freed everything.
    }
  }
  written(writer: string): void {
    this.writtenAt = tapeTime();
    this.writer = writer;
  }
}

/** Is shown a tensor's gradient, of its shape, and may return another. */
export type GradientHook = (gradient: Tensor) => Tensor | void;

const byStorage = new WeakMap<Storage, SharedStorage>();

/** Whose storage it is, for those that know only a kernel call's operands. */
export const sharedOf = (storage: Storage): SharedStorage | undefined => byStorage.get(storage);

/** Numbers (float32, on the reference backend also float64) in row-major order under a shape, on a backend. A scalar has the shape []. */
export class Tensor {
  readonly size: number;
  /** True for parameters and for everything computed from one. */
  requiresGrad = false;
  /** How this tensor was computed; null for tensors made from data. */
  node: TapeNode | null = null;
  /** A parameter's gradient: `backward()` adds to it. So for others after retainGrad(). */
  grad: Tensor | null = null;
  /** For printing; layers name their parameters. */
  name: string | undefined;
  /** `backward()` keeps the gradient, though this is no parameter. */
  keepsGrad = false;
  private gradientHooks: readonly GradientHook[] = [];
  private live = true;

  /** For ops/; users call `tensor()` or `parameter()`. */
  constructor(
    readonly shape: Shape,
    /** For record() and the tape. */
    readonly shared: SharedStorage,
  ) {
    this.size = sizeOf(shape);
    track(this);
    watch(this, () => shared.releaseLate());
  }

  get rank(): number {
    return this.shape.length;
  }
  get backend(): Backend {
    return this.shared.backend;
  }
  get disposed(): boolean {
    return !this.live;
  }

  /** This tensor as a kernel's operand. Throws when it has been disposed. */
  operand(): Operand {
    if (!this.live)
      throw new UserError(
        `A tensor of shape ${show(this.shape)}${this.node ? ` made by ${this.node.operation}` : ""} was used after it was disposed; keep it in its scope for as long as it is needed.`,
      );
    return { storage: this.shared.storage, shape: this.shape };
  }

  /** The same numbers under another shape of equal size, without a copy and without a gradient (see ops/reshape). */
  view(shape: Shape): Tensor {
    this.operand();
    return new Tensor(shape, this.shared.retain());
  }

  /** The same numbers, cut off from the tape. */
  detach(): Tensor {
    return this.view(this.shape);
  }

  /**
   * The values, row-major.
   * @param into an array of `size` numbers that they are put into; by default a new one
   */
  async data(into?: Float32Array): Promise<Float32Array | Float64Array> {
    if (into && into.length !== this.size)
      throw new UserError(
        `data: an array of ${into.length} numbers for a tensor of shape ${show(this.shape)}.`,
      );
    const { storage } = this.operand();
    const shared = this.shared.retain();
    try {
      return await this.backend.read(storage, into);
    } finally {
      shared.release();
    }
  }

  /** The value of a tensor with one element. */
  async item(): Promise<number> {
    if (this.size !== 1)
      throw new UserError(`item: a tensor of shape ${show(this.shape)} has ${this.size} elements, not one.`);
    return (await this.data())[0];
  }

  /** Replaces the values in place; for inputs, parameters and counters, not for tensors on the tape. */
  write(data: ArrayLike<number>): void {
    if (data.length !== this.size)
      throw new UserError(`write: ${data.length} numbers do not fill a tensor of shape ${show(this.shape)}.`);
    if (isRecording() && !this.backend.isRecording)
      throw new UserError(
        "A tensor from outside cannot be written while a program is recorded; write it between runs.",
      );
    this.backend.write(this.operand().storage, data);
    this.shared.written("write()");
  }

  /** The first values, without waiting, where they lie in this process's memory and are computed; for printing. */
  peek(count: number): ArrayLike<number> | undefined {
    return this.backend.peek?.(this.operand().storage, Math.min(count, this.size));
  }

  /** Gives it a name for printing: `tensor([1, 2]).named("x")`. */
  named(name: string): this {
    this.name = name;
    return this;
  }

  /** Has `backward()` keep this tensor's gradient in `grad`, too. */
  retainGrad(): this {
    this.keepsGrad = true;
    return this;
  }

  /**
   * Has backpropagation call `hook` once all of this tensor's gradient has arrived, before it goes on. What the hook returns, if
   * anything, goes on in its place. Returns a function that takes the hook away.
   */
  onGradient(hook: GradientHook): () => void {
    this.gradientHooks = [...this.gradientHooks, hook];
    return () => void (this.gradientHooks = this.gradientHooks.filter((other) => other !== hook));
  }

  /** For the tape: the gradient as the hooks leave it. */
  hooked(gradient: Tensor): Tensor {
    return this.gradientHooks.reduce((dy, hook) => hook(dy) ?? dy, gradient);
  }

  /** Forgets the gradient, before the next backward(). */
  zeroGrad(): void {
    this.grad?.dispose();
    this.grad = null;
  }

  /** Adds d(this)/d(parameter) to every parameter's `grad`. This tensor must have one element. */
  backward(): void {
    backward(this);
  }

  dispose(): void {
    if (!this.live) return;
    this.live = false;
    unwatch(this);
    forget(this);
    this.shared.release();
    this.grad?.dispose();
    this.grad = null;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** What JSON.stringify writes: shape, name, operation, and the values where they are at hand. */
  toJSON(): TensorJson {
    return tensorJson(this);
  }

  toString(): string {
    return describeTensor(this);
  }

  [inspectKey](): string {
    return describeTensor(this);
  }
}

/** An uninitialised tensor on the current backend. */
export function empty(shape: Shape, backend = currentBackend()): Tensor {
  checkShape("tensor", shape);
  return new Tensor(shape, new SharedStorage(backend.allocate(sizeOf(shape)), backend));
}

export type TensorData = NestedNumbers | Float32Array | Float64Array | Uint8Array;

/**
 * A tensor from numbers: a typed array with its shape, or nested arrays whose nesting is the shape.
 * @throws when the numbers do not fill the shape, or nested arrays are ragged.
 */
export function tensor(data: TensorData, shape?: Shape): Tensor {
  const isTyped = ArrayBuffer.isView(data) && typeof data[0] !== "bigint" && !(data instanceof DataView);
  const inferred = isTyped ? [data.length] : nestedShape(data as NestedNumbers);
  const values = isTyped ? data : flatten(data as NestedNumbers);
  const target = shape ?? inferred;
  checkShape("tensor", target);
  if (sizeOf(target) !== values.length)
    throw new UserError(`tensor: ${values.length} numbers do not fill the shape ${show(target)}.`);
  const result = empty(target);
  result.write(values);
  return result;
}

/** A tensor whose gradient is kept in `grad`, and which outlives every scope until it is disposed. */
export function parameter(data: TensorData, shape?: Shape): Tensor {
  const result = tensor(data, shape);
  result.requiresGrad = true;
  forget(result);
  return result;
}

/**
 * Enqueues one kernel that writes to existing tensors. A call that is not as the catalogue says never reaches a backend; one
 * whose results are all empty need not.
 */
export function runInto<K extends KernelName>(
  kernel: K,
  inputs: readonly Tensor[],
  outputs: readonly Tensor[],
  attributes: Attributes[K],
): void {
  const backend = currentBackend();
  const call = {
    kernel,
    inputs: inputs.map((t) => t.operand()),
    outputs: outputs.map((t) => t.operand()),
    attributes,
  } as KernelCall;
  checkCall(call);
  for (const { shared } of inputs) checkUnchanged(shared);
  for (const { shared } of outputs) shared.written(kernel);
  if (outputs.some((t) => t.size > 0)) backend.run(call);
}

/** Enqueues one kernel and returns its output, a new tensor of the given shape. */
export function run<K extends KernelName>(
  kernel: K,
  inputs: readonly Tensor[],
  shape: Shape,
  attributes: Attributes[K],
): Tensor {
  const output = empty(shape);
  runInto(kernel, inputs, [output], attributes);
  return output;
}
