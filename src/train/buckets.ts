// Gradients in buckets: which of them travel together. A bucket is sent when the last of its gradients is complete, so it holds
// neighbours in the order in which backpropagation completes them.

import { concatenate, reshape, slice } from "../ops/index.js";
import { tape } from "../tensor/tape.js";
import type { Shape } from "../tensor/shape.js";
import { sizeOf } from "../tensor/shape.js";
import { runInto, type Tensor } from "../tensor/tensor.js";

/**
 * The numbers of the parameters in each bucket, first to last.
 * @param least elements that a bucket holds before the next is begun
 */
export function bucketsOf(loss: Tensor, parameters: readonly Tensor[], least: number): number[][] {
  // Backpropagation goes from the last operation to the first: a gradient is complete at the first that uses its parameter.
  const firstUse = new Map<Tensor, number>();
  for (const [at, { inputs }] of tape(loss).entries())
    for (const input of inputs) if (!firstUse.has(input)) firstUse.set(input, at);
  const order = parameters
    .map((p, i) => ({ i, at: firstUse.get(p) ?? -1 }))
    .sort((a, b) => b.at - a.at || a.i - b.i);
  const buckets: number[][] = [[]];
  let size = 0;
  for (const { i } of order) {
    if (size >= least) {
      buckets.push([]);
      size = 0;
    }
    buckets[buckets.length - 1].push(i);
    size += parameters[i].size;
  }
  return buckets;
}

/** Tensors of any shapes as one row of numbers. */
export const flat = (tensors: readonly Tensor[]): Tensor =>
  concatenate(tensors.map((t) => reshape(t, [t.size])));

/** The tensors of these shapes that lie in a row of numbers, one after the other. */
export function unflat(row: Tensor, shapes: readonly Shape[]): Tensor[] {
  let at = 0;
  return shapes.map((shape) => {
    const size = sizeOf(shape);
    at += size;
    return reshape(slice(row, [at - size], [size]), shape);
  });
}

/** Writes a tensor's numbers over another's, as a recorded step may. */
export function copyOver(from: Tensor, to: Tensor): void {
  runInto("copy", [reshape(from, [from.size])], [to], {
    ...{ shape: [from.size], inputStrides: [1], inputOffset: 0 },
    ...{ outputStrides: [1], outputOffset: 0 },
  });
}
