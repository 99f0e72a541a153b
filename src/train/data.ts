// What training reads: a source of batches, each a function of its number alone, so that a resumed run needs only the step.
// Photographs as patches come from data/patches; here are arrays that are already in memory.

import { RandomStream } from "../base/random-stream.js";
import { checkCount, describe, isList } from "../base/arguments.js";
import { UserError } from "../base/errors.js";
import { checkShape, type Shape, show, sizeOf } from "../tensor/shape.js";

/** The numbers of one step, row-major. */
export interface TrainingBatch {
  readonly inputs: readonly Float32Array[];
  readonly target: Float32Array;
}

export interface TrainingData {
  /** Shapes of the model's inputs and of the target, the batch axis included. */
  readonly inputShapes: readonly Shape[];
  readonly targetShape: Shape;
  /** Steps that see every sample once (rounded up). */
  readonly stepsPerEpoch: number;
  /** Batch number `step`: always the same one. */
  batch(step: number): TrainingBatch;
}

/** Samples in memory: `data` holds shape[0] of them, one after the other. */
export interface ArraySamples {
  readonly data: Float32Array;
  readonly shape: Shape;
}

function expectSamples(name: string, samples: ArraySamples): void {
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

/**
 * Batches of samples (x, y) in memory, in a new order each epoch; the last batch of an epoch is filled up from the next one's.
 * @throws when x and y do not hold equally many samples
 */
export function arrayBatches(x: ArraySamples, y: ArraySamples, batchSize = 32, seed = 0): TrainingData {
  expectSamples("x", x);
  expectSamples("y", y);
  checkCount("fit", "batchSize", batchSize);
  const count = x.shape[0];
  if (y.shape[0] !== count || count === 0)
    throw new UserError(
      `fit: x holds ${count} samples and y ${y.shape[0]}; they must be equally many, at least 1.`,
    );
  const size = Math.min(batchSize, count);
  let order = new Uint32Array(0);
  let orderEpoch = -1;
  const sampleAt = (position: number): number => {
    const epoch = Math.floor(position / count);
    if (epoch !== orderEpoch) {
      order = Uint32Array.from({ length: count }, (_, i) => i);
      new RandomStream(seed, epoch).shuffle(order);
      orderEpoch = epoch;
    }
    return order[position % count];
  };
  const rows = ({ data, shape }: ArraySamples, samples: readonly number[]): Float32Array => {
    const row = sizeOf(shape.slice(1));
    const out = new Float32Array(samples.length * row);
    samples.forEach((sample, i) => out.set(data.subarray(sample * row, (sample + 1) * row), i * row));
    return out;
  };
  return {
    inputShapes: [[size, ...x.shape.slice(1)]],
    targetShape: [size, ...y.shape.slice(1)],
    stepsPerEpoch: Math.ceil(count / size),
    batch(step) {
      const samples = Array.from({ length: size }, (_, i) => sampleAt(step * size + i));
      return { inputs: [rows(x, samples)], target: rows(y, samples) };
    },
  };
}
