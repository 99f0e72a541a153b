// What a step of training or evaluation works out of a prediction: losses, what layers add to them, and metrics, each one number
// with a name. What is done with them is training-step.ts (makes them smaller) and evaluation.ts (averages them).

import { UserError } from "../base/errors.js";
import type { AnyLayer, CallContext } from "../nn/layer.js";
import type { Loss } from "../nn/losses.js";
import { listOf } from "../nn/symbolic.js";
import { add, concatenate, mul, reshape } from "../ops/index.js";
import { show } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";

/** One figure of one output. */
export interface Term {
  readonly name: string;
  /** Which output, and which target, it is of. */
  readonly output: number;
  readonly of: Loss;
  /** Its share of the loss (default 1). */
  readonly weight?: number;
}

export interface Objective {
  /** Their weighted sum, and what layers add to it, is the loss. */
  readonly losses: readonly Term[];
  /** Reported, not made small. */
  readonly metrics: readonly Term[];
}

export const objectiveOf = (loss: Loss | Objective): Objective =>
  typeof loss === "function" ? { losses: [{ name: loss.name, output: 0, of: loss }], metrics: [] } : loss;

/** One-element tensors by name: "loss", its parts where there are several, and the metrics. */
export type Figures = ReadonlyMap<string, Tensor>;

/** Calls the model and measures what it gives. */
export function figuresOf(
  model: AnyLayer,
  inputs: readonly Tensor[],
  targets: readonly Tensor[],
  { losses, metrics }: Objective,
  context: CallContext,
): Figures {
  const parts = new Map<string, Tensor>();
  const addLoss = (name: string, value: Tensor): void => {
    if (value.size !== 1)
      throw new UserError(`addLoss: "${name}" has the shape ${show(value.shape)}; take its sum or its mean.`);
    const part = value.rank === 0 ? value : reshape(value, []);
    const before = parts.get(name);
    parts.set(name, before ? add(before, part) : part);
  };
  const prediction: Tensor | readonly Tensor[] = model.call(inputs.length === 1 ? inputs[0] : inputs, {
    ...context,
    addLoss,
  });
  const outputs = listOf<Tensor>(prediction);
  const value = (term: Term): Tensor => term.of(outputs[term.output], targets[term.output]);
  const own = new Map(losses.map((term) => [term.name, weighted(value(term), term.weight)]));
  const all = new Map([...own, ...parts]);
  if (all.size === 0)
    throw new UserError(
      "The model has no loss: compile it with one, or let a layer add one by context.addLoss.",
    );
  const loss = [...all.values()].reduce((total, part) => add(total, part));
  return new Map([
    ["loss", loss],
    ...(all.size > 1 ? all : []),
    ...metrics.map((term) => [term.name, value(term)] as const),
  ]);
}

const weighted = (loss: Tensor, weight = 1): Tensor => (weight === 1 ? loss : mul(loss, weight));

/** All figures as one tensor, so that one read fetches them. */
export function stacked(figures: Figures): Tensor {
  const rows = [...figures.values()].map((figure) => reshape(figure, [1]));
  return rows.length === 1 ? rows[0] : concatenate(rows);
}
