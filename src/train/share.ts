// What a rank's share of a training is: which samples of each batch, and the same state to begin with. How the ranks' gradients
// come together is ranked-step.ts.

import { UserError } from "../base/errors.js";
import { fromFirst, type Ranks } from "../ranks/ranks.js";
import type { Shape } from "../tensor/shape.js";
import { type Rows, shapesOf, type TrainingData, valuesOf } from "./data.js";
import { type Snapshot, tensorsOf, type Trained } from "./snapshot.js";

/** A rank's samples of a batch: neighbours, as many for each rank as for any other, or one fewer. */
export function rowsOfRank(batch: number, { rank, size }: Ranks): Rows {
  if (batch < size)
    throw new UserError(
      `A batch of ${batch} cannot be dealt out to ${size} ranks; give a batch of at least ${size}, or start fewer.`,
    );
  const begin = (r: number) => Math.floor((batch * r) / size);
  return { first: begin(rank), count: begin(rank + 1) - begin(rank) };
}

/** The data with some rows of each batch alone. */
export function shareOf(data: TrainingData, rows: Rows): TrainingData {
  const shortened = ([, ...row]: Shape): Shape => [rows.count, ...row];
  const batch = data.inputShapes[0][0];
  /** Cuts the rows out where the source gave the whole batch. */
  const part = (values: Float32Array, whole: Shape): Float32Array => {
    const row = values.length / batch;
    return values.length < whole.reduce((n, m) => n * m, 1)
      ? values
      : values.subarray(rows.first * row, (rows.first + rows.count) * row);
  };
  return {
    inputShapes: data.inputShapes.map(shortened),
    targetShape: shapesOf(data.targetShape).map(shortened),
    stepsPerEpoch: data.stepsPerEpoch,
    batch(step) {
      const { inputs, target } = data.batch(step, rows);
      const wholes = shapesOf(data.targetShape);
      return {
        inputs: inputs.map((values, i) => part(values, data.inputShapes[i])),
        target: valuesOf(target).map((values, i) => part(values, wholes[i])),
      };
    },
  };
}

/** Gives every rank the weights, the optimiser's memory and the progress of rank 0. */
export async function beginAlike(
  trained: Trained,
  progress: Omit<Snapshot, "tensors">,
  ranks: Ranks,
): Promise<Omit<Snapshot, "tensors">> {
  if (ranks.size === 1) return progress;
  for (const t of tensorsOf(trained).values()) {
    const values = Float32Array.from(await t.data());
    await ranks.broadcast(new Uint8Array(values.buffer));
    if (ranks.rank > 0) t.write(values);
  }
  return fromFirst(ranks, progress);
}
