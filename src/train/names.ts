// What compile() takes by name: optimisers, losses, metrics. An unknown name is refused with the nearest known one.

import { named } from "../base/arguments.js";
import { UserError } from "../base/errors.js";
import {
  accuracy,
  binaryAccuracy,
  binaryCrossentropy,
  categoricalAccuracy,
  categoricalCrossentropy,
  charbonnier,
  type Loss,
  meanAbsoluteError,
  meanSquaredError,
  sparseCategoricalAccuracy,
  sparseCategoricalCrossentropy,
  ssimLoss,
} from "../nn/index.js";
import { Adam, AdamW, Optimizer, SGD } from "../optim/index.js";

const optimizers = { adam: () => new Adam(), adamW: () => new AdamW(), sgd: () => new SGD() };

const losses = {
  mse: meanSquaredError,
  meanSquaredError,
  mae: meanAbsoluteError,
  meanAbsoluteError,
  binaryCrossentropy: (p, t) => binaryCrossentropy(p, t),
  categoricalCrossentropy: (p, t) => categoricalCrossentropy(p, t),
  sparseCategoricalCrossentropy: (p, t) => sparseCategoricalCrossentropy(p, t),
  charbonnier: (p, t) => charbonnier(p, t),
  ssimLoss,
} satisfies Record<string, Loss>;

const metrics = {
  accuracy,
  acc: accuracy,
  binaryAccuracy,
  categoricalAccuracy,
  sparseCategoricalAccuracy,
  ...losses,
} satisfies Record<string, Loss>;

export type OptimizerName = keyof typeof optimizers;
export type LossName = keyof typeof losses;
export type MetricName = keyof typeof metrics;

/** A function of (prediction, target) and what it is called. */
export interface NamedFunction {
  readonly name: string;
  readonly of: Loss;
}

export function optimizerOf(given: OptimizerName | Optimizer): Optimizer {
  if (given instanceof Optimizer) return given;
  if (typeof given !== "string")
    throw new UserError(
      'compile: the optimizer must be a name, such as "adam", or an object, such as new Adam(1e-3).',
    );
  return named("optimizer", optimizers, given)();
}

export const lossOf = (given: LossName | Loss): NamedFunction => functionOf("loss", losses, given);
export const metricOf = (given: MetricName | Loss): NamedFunction => functionOf("metric", metrics, given);

function functionOf(kind: string, table: Record<string, Loss>, given: string | Loss): NamedFunction {
  if (typeof given === "function") return { name: given.name || kind, of: given };
  if (typeof given !== "string")
    throw new UserError(`compile: a ${kind} must be a name or a function of (prediction, target).`);
  return { name: given, of: named(kind, table, given) };
}
