// Running a model over samples without training it: its losses and metrics, or what it predicts. Each batch's size is recorded
// once as a program and replayed.

import type { AnyLayer, Inputs } from "../nn/layer.js";
import { listOf } from "../nn/symbolic.js";
import { counterLimbs } from "../ops/index.js";
import { record } from "../tensor/record.js";
import { lasting } from "../tensor/scope.js";
import { type Shape, sizeOf } from "../tensor/shape.js";
import { noGrad } from "../tensor/tape.js";
import { empty, tensor, type Tensor } from "../tensor/tensor.js";
import { type ArraySamples, rowsOf } from "./data.js";
import { figuresOf, type Objective, stacked } from "./objective.js";

/** The means over all samples of the loss, its parts and the metrics, by name. */
export async function evaluateSamples(
  model: AnyLayer,
  xs: readonly ArraySamples[],
  ys: readonly ArraySamples[],
  objective: Objective,
  batchSize: number,
): Promise<Record<string, number>> {
  let names: readonly string[] = [];
  const totals: number[] = [];
  const count = await eachBatch(
    [...xs, ...ys],
    batchSize,
    (tensors, counter) => {
      const context = { training: false, counter };
      const figures = figuresOf(
        model,
        tensors.slice(0, xs.length),
        tensors.slice(xs.length),
        objective,
        context,
      );
      names = [...figures.keys()];
      return [stacked(figures)];
    },
    ([figures], size) => figures.forEach((value, i) => (totals[i] = (totals[i] ?? 0) + value * size)),
  );
  return Object.fromEntries(names.map((name, i) => [name, totals[i] / count]));
}

/** What the model gives for all samples, for each of its outputs. */
export async function predictSamples(
  model: AnyLayer,
  xs: readonly ArraySamples[],
  batchSize: number,
): Promise<ArraySamples[]> {
  const parts: Float32Array[][] = [];
  let shapes: readonly Shape[] = [];
  const count = await eachBatch(
    xs,
    batchSize,
    (tensors, counter) => {
      const inputs = tensors.length === 1 ? tensors[0] : tensors;
      const outputs = listOf<Tensor>(
        noGrad(() => model.call(inputs, { training: false, counter })) as Inputs,
      );
      shapes = outputs.map((y) => y.shape);
      return outputs;
    },
    (values) => values.forEach((y, i) => (parts[i] ??= []).push(y)),
  );
  return shapes.map((shape, i) => {
    const whole = [count, ...shape.slice(1)];
    const data = new Float32Array(sizeOf(whole));
    let at = 0;
    for (const part of parts[i]) {
      data.set(part, at);
      at += part.length;
    }
    return { data, shape: whole };
  });
}

/** Runs `body` on one batch after another, the last one smaller, and hands what it gives to `take`. Resolves to the samples' number. */
async function eachBatch(
  samples: readonly ArraySamples[],
  batchSize: number,
  body: (tensors: readonly Tensor[], counter: Tensor) => readonly Tensor[],
  take: (values: readonly Float32Array[], size: number) => void,
): Promise<number> {
  const count = samples[0].shape[0];
  let at = 0;
  while (at < count) {
    const size = Math.min(batchSize, count - at);
    const inputs = samples.map(({ shape }) => lasting(empty([size, ...shape.slice(1)])));
    const counter = lasting(tensor(counterLimbs(0)));
    const program = record(() => Object.fromEntries(body(inputs, counter).map((y, i) => [i, y])));
    for (; size <= count - at; at += size) {
      const rows = Array.from({ length: size }, (_, i) => at + i);
      inputs.forEach((x, i) => x.write(rowsOf(samples[i], rows)));
      counter.write(counterLimbs(at));
      await program.run();
      take(await Promise.all(Object.values(program.outputs).map(async (y) => Float32Array.from(await y.data()))), size); // prettier-ignore
    }
    program.dispose();
    for (const t of [...inputs, counter]) t.dispose();
  }
  return count;
}
