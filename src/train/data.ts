// What training reads: a source of batches, each a function of its number alone, so that a resumed run needs only the step.
// Photographs as patches come from data/patches; here are arrays that are already in memory.

import { checkCount, describe, isList } from "../base/arguments.js";
import { UserError } from "../base/errors.js";
import { RandomStream } from "../base/random-stream.js";
import { listOf } from "../nn/symbolic.js";
import { checkShape, type Shape, show, sizeOf } from "../tensor/shape.js";

/** The numbers of one step, row-major. */
export interface TrainingBatch {
  readonly inputs: readonly Float32Array[];
  /** A list where the model has several outputs. */
  readonly target: Float32Array | readonly Float32Array[];
}

/** Some samples of a batch, from number `first` on. */
export interface Rows {
  readonly first: number;
  readonly count: number;
}

/** A source of batches, each a function of its number alone. */
export interface TrainingData {
  /** Shapes of the model's inputs and of the target (of each, for several outputs), the batch axis included. */
  readonly inputShapes: readonly Shape[];
  readonly targetShape: Shape | readonly Shape[];
  /** Steps that see every sample once (rounded up). */
  readonly stepsPerEpoch: number;
  /** Batch number `step`: always the same one. With `rows` no more than those of it need be made, and all of it may be given. */
  batch(step: number, rows?: Rows): TrainingBatch;
}

export const shapesOf = (shape: Shape | readonly Shape[]): readonly Shape[] =>
  typeof shape[0] === "object" ? (shape as readonly Shape[]) : shape.length === 0 ? [] : [shape as Shape];

export const valuesOf = (target: Float32Array | readonly Float32Array[]): readonly Float32Array[] =>
  listOf<Float32Array>(target);

/** Samples in memory: `data` holds shape[0] of them, one after the other. */
export interface ArraySamples {
  readonly data: Float32Array;
  readonly shape: Shape;
}

/** Numbers of samples from `first` on, one after the other. */
export function rowsOf({ data, shape }: ArraySamples, samples: ArrayLike<number>): Float32Array {
  const row = sizeOf(shape.slice(1));
  const out = new Float32Array(samples.length * row);
  for (let i = 0; i < samples.length; i++)
    out.set(data.subarray(samples[i] * row, (samples[i] + 1) * row), i * row);
  return out;
}

/** Throws a UserError unless `samples` are numbers that fill their shape; `name` is for messages. */
export function expectSamples(name: string, samples: ArraySamples): void {
  const { data, shape } = samples ?? {};
  if (!ArrayBuffer.isView(data) || !isList(shape))
    throw new UserError(
      `fit: ${name} must be { data, shape }, a Float32Array and its shape with the samples as first axis, not ${describe(samples)}.`,
    );
  checkShape(`fit: ${name}`, shape);
  if (shape.length === 0 || data.length !== sizeOf(shape))
    throw new UserError(
      `fit: ${name}.data holds ${data.length} numbers and the shape ${show(shape)} needs ${sizeOf(shape)}.`,
    );
}

/** How many samples there are in each of the arrays. Throws a UserError when they differ, or there are none. */
export function countSamples(xs: readonly ArraySamples[], ys: readonly ArraySamples[]): number {
  for (const [name, list] of [
    ["x", xs],
    ["y", ys],
  ] as const)
    list.forEach((samples, i) => expectSamples(list.length === 1 ? name : `${name}[${i}]`, samples));
  const [count, ...others] = [...xs, ...ys].map(({ shape }) => shape[0]);
  const other = others.find((n) => n !== count) ?? count;
  if (other !== count || count === 0)
    throw new UserError(
      `fit: x holds ${count} samples and y ${other}; they must be equally many, at least 1.`,
    );
  return count;
}

/**
 * Batches of samples (x, y) in memory, in a new order each epoch; the last batch of an epoch is filled up from the next one's.
 * @param x for each input, @param y for each output
 * @param shuffle false: in the order given
 * @throws UserError when x and y do not hold equally many samples, or do not fill their shapes
 */
export function arrayBatches(
  x: ArraySamples | readonly ArraySamples[],
  y: ArraySamples | readonly ArraySamples[],
  batchSize = 32,
  seed = 0,
  shuffle = true,
): TrainingData {
  const [xs, ys] = [listOf<ArraySamples>(x), listOf<ArraySamples>(y)];
  const count = countSamples(xs, ys);
  checkCount("fit", "batchSize", batchSize);
  const size = Math.min(batchSize, count);
  let order = new Uint32Array(0);
  let orderEpoch = -1;
  const sampleAt = (position: number): number => {
    const epoch = Math.floor(position / count);
    if (epoch !== orderEpoch) {
      order = Uint32Array.from({ length: count }, (_, i) => i);
      if (shuffle) new RandomStream(seed, epoch).shuffle(order);
      orderEpoch = epoch;
    }
    return order[position % count];
  };
  return {
    inputShapes: xs.map(({ shape }) => [size, ...shape.slice(1)]),
    targetShape: ys.map(({ shape }) => [size, ...shape.slice(1)]),
    stepsPerEpoch: Math.ceil(count / size),
    batch(step, { first, count: some } = { first: 0, count: size }) {
      const samples = Array.from({ length: some }, (_, i) => sampleAt(step * size + first + i));
      return { inputs: xs.map((a) => rowsOf(a, samples)), target: ys.map((a) => rowsOf(a, samples)) };
    },
  };
}
