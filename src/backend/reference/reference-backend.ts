// The specification as a backend: storage is a typed array, and run() calls the plain loops of this folder at once.

import { UserError } from "../../base/errors.js";
import type { Backend, KernelCall, MemoryInfo, Operand, Storage, Variant } from "../backend.js";
import { checkCall } from "../check-call.js";
import { sizeOf } from "../kernels.js";
import type { KernelName } from "../kernels.js";
import { conv2d, conv2dInputGrad, conv2dWeightGrad } from "./conv2d.js";
import { copy, fill } from "./copy.js";
import { binary, elementwise, select, unary, unaryGrad } from "./elementwise.js";
import { depthToSpace, spaceToDepth } from "./fold.js";
import { gather, gatherGrad } from "./gather.js";
import { matmul } from "./matmul.js";
import { normalize, normalizeGrad } from "./normalize.js";
import { adamStep, sgdStep } from "./optimizers.js";
import { pool2d, pool2dGrad } from "./pool.js";
import { random } from "./random.js";
import { reduce } from "./reduce.js";
import { resize2d, resize2dGrad } from "./resize.js";
import { softmax } from "./softmax.js";
import type { KernelFunction, Numbers, Tensor } from "./tensor.js";

const functions: { readonly [K in KernelName]: KernelFunction<K> } = {
  matmul, conv2d, conv2dInputGrad, conv2dWeightGrad,
  pool2d, pool2dGrad, resize2d, resize2dGrad, depthToSpace, spaceToDepth,
  unary, unaryGrad, binary, select, elementwise,
  reduce, softmax, normalize, normalizeGrad,
  copy, gather, gatherGrad, fill, random, sgdStep, adamStep,
}; // prettier-ignore

const VARIANTS: readonly Variant[] = [{ name: "loops", supports: () => true }];

class ReferenceStorage implements Storage {
  readonly length: number;
  /** The view's owner, or undefined for a storage that allocate() made. */
  private numbers: Numbers | undefined;
  constructor(
    numbers: Numbers,
    private readonly owner?: ReferenceStorage,
  ) {
    this.numbers = numbers;
    this.length = numbers.length;
  }
  get data(): Numbers {
    if (!this.numbers || (this.owner && !this.owner.numbers))
      throw new Error("reference: use of a released storage");
    return this.numbers;
  }
  free(): void {
    this.numbers = undefined;
  }
}

export class ReferenceBackend implements Backend {
  readonly name = "reference";
  readonly precision: "float32" | "float64";
  private readonly live = new Set<ReferenceStorage>();

  /** @param options.precision what values are rounded to when they are stored; sums are float64 either way. Default "float32". */
  constructor({ precision = "float32" }: { precision?: "float32" | "float64" } = {}) {
    this.precision = precision;
  }

  allocate(length: number): Storage {
    const numbers = this.precision === "float32" ? new Float32Array(length) : new Float64Array(length);
    // Nobody may count on what a new storage holds; NaN shows up where 0 would pass.
    numbers.fill(NaN);
    const storage = new ReferenceStorage(numbers);
    this.live.add(storage);
    return storage;
  }

  release(storage: Storage): void {
    if (!(storage instanceof ReferenceStorage) || !this.live.delete(storage))
      throw new Error("reference: release() of a storage that is not live here (a view, or released before)");
    storage.free();
  }

  view(storage: Storage, offset: number, length: number): Storage {
    if (offset % 64 !== 0 || offset < 0 || length < 0 || offset + length > storage.length)
      throw new Error(`reference: view(${offset}, ${length}) of a storage of ${storage.length} elements`);
    return new ReferenceStorage(
      dataOf(storage).subarray(offset, offset + length),
      storage as ReferenceStorage,
    );
  }

  write(storage: Storage, data: ArrayLike<number>): void {
    if (data.length !== storage.length)
      throw new Error(`reference: write() of ${data.length} values into a storage of ${storage.length}`);
    dataOf(storage).set(data);
  }

  read(storage: Storage, into?: Float32Array): Promise<Numbers> {
    const data = dataOf(storage);
    into?.set(data);
    return Promise.resolve(into ?? data.slice());
  }

  peek(storage: Storage, count: number): Numbers {
    return dataOf(storage).slice(0, count);
  }

  run(call: KernelCall): void {
    if (call.variant !== undefined && call.variant !== VARIANTS[0].name)
      throw new Error(
        `reference: ${call.kernel} has no variant "${call.variant}" (only "${VARIANTS[0].name}")`,
      );
    checkCall(call);
    const run = functions[call.kernel] as KernelFunction<KernelName>;
    run(call.inputs.map(tensorOf), call.outputs.map(tensorOf), call.attributes);
  }

  variants(_kernel: KernelName): readonly Variant[] {
    return VARIANTS;
  }

  finish(): Promise<void> {
    return Promise.resolve();
  }

  memory(): MemoryInfo {
    let bytes = 0;
    for (const storage of this.live) bytes += storage.data.byteLength;
    return { buffers: this.live.size, bytes, pooledBytes: 0 };
  }

  close(): Promise<void> {
    for (const storage of this.live) storage.free();
    this.live.clear();
    return Promise.resolve();
  }
}

function dataOf(storage: Storage): Numbers {
  if (!(storage instanceof ReferenceStorage))
    throw new UserError(
      "A tensor that was made on another backend is used on reference; call useBackend() before making tensors, or make it again: tensor(await t.data(), t.shape).",
    );
  return storage.data;
}

function tensorOf({ storage, shape }: Operand): Tensor {
  const size = sizeOf(shape);
  const data = dataOf(storage);
  if (data.length < size)
    throw new Error(`reference: an operand of shape [${shape}] on a storage of ${data.length} elements`);
  return { data: data.length === size ? data : data.subarray(0, size), shape };
}
