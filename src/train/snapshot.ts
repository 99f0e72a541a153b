// A snapshot: everything that training needs to go on as if it had never stopped. Weights, the model's state, the optimiser's
// memory, the weights' moving average if one is kept, and the step; batches and random draws follow from the step, so there are no
// generators to save. Files are checkpoint.ts's business.

import { type NamedArray, readTensors } from "../nn/weights.js";
import type { Optimizer } from "../optim/index.js";
import { sameShape, show } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import type { MovingAverage } from "./moving-average.js";
import type { Trainable } from "./training-step.js";

export interface Snapshot {
  /** Steps done. */
  readonly step: number;
  /** Minutes trained, over all the runs that led here. */
  readonly minutes: number;
  /** Best validation figure so far, and evaluations since it last improved: for patience. */
  readonly best?: number;
  readonly sinceBest?: number;
  /** By name: "model.…" parameters and state, "optimizer.…" memory, "average.…" the parameters' moving average. */
  readonly tensors: ReadonlyMap<string, NamedArray>;
}

/** What a run consists of. */
export interface Trained {
  readonly model: Trainable;
  readonly optimizer: Optimizer;
  readonly average?: MovingAverage;
}

/** All tensors that training changes, by their names in a snapshot. */
export function tensorsOf({ model, optimizer, average }: Trained): Map<string, Tensor> {
  const named = (prefix: string, tensors: ReadonlyMap<string, Tensor>) =>
    [...tensors].map(([name, t]) => [`${prefix}.${name}`, t] as const);
  return new Map([
    ...named("model", model.parameters()),
    ...named("model", model.state()),
    ...named("optimizer", optimizer.build(model.parameters()).state()),
    ...named("average", average?.state() ?? new Map<string, Tensor>()),
  ]);
}

export async function takeSnapshot(trained: Trained, progress: Omit<Snapshot, "tensors">): Promise<Snapshot> {
  return { ...progress, tensors: await readTensors(tensorsOf(trained)) };
}

/** Puts a snapshot's numbers back. Throws when it was taken of another model or optimiser. */
export function restoreSnapshot(trained: Trained, snapshot: Snapshot): void {
  for (const [name, t] of tensorsOf(trained)) {
    const saved = snapshot.tensors.get(name);
    if (!saved) throw new Error(`it has no ${name}`);
    if (!sameShape(saved.shape, t.shape))
      throw new Error(`its ${name} has the shape ${show(saved.shape)}, the model's has ${show(t.shape)}`);
    t.write(saved.data);
  }
}
