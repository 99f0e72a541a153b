// Does a gradient tell the truth? Single weights are moved a little to both sides, and the loss is computed anew each time: its
// slope there, a finite difference, beside the gradient that backpropagation gave.

import { scope } from "../../tensor/scope.js";
import { noGrad } from "../../tensor/tape.js";
import type { Tensor } from "../../tensor/tensor.js";
import { statisticsOf } from "./statistics.js";
import { lossOf, type Subject } from "./subject.js";
import type { Trace } from "./types.js";

export interface Nudge {
  /** The parameter, by its number among the trace's leaves, and which of its weights. */
  readonly leaf: number;
  readonly at: number;
  readonly weight: number;
  readonly gradient: number;
  /** How far one step of the curve moves the weight. */
  readonly step: number;
  /** The loss at weight + (k - reach) step, k from 0 to 2 reach. */
  readonly losses: readonly number[];
  /** (loss at +step - loss at -step) / 2 step */
  readonly difference: number;
}

/** Steps to each side. */
export const reach = 4;

/** The loss with one weight changed; the weight is put back. */
export async function lossAt(
  subject: Subject,
  parameter: Tensor,
  at: number,
  weight: number,
): Promise<number> {
  const before = await parameter.data();
  const moved = Float32Array.from(before);
  moved[at] = weight;
  parameter.write(moved);
  try {
    using _inner = scope();
    return await noGrad(() => lossOf(subject)).item();
  } finally {
    parameter.write(before);
  }
}

/** Nudges one weight: by steps that move a float32 loss by about a thousandth, so that rounding does not drown the difference. */
export async function nudge(subject: Subject, trace: Trace, leaf: number, at: number): Promise<Nudge> {
  const { name, values, gradient: all } = trace.leaves[leaf];
  const parameter = parameterOf(subject, name);
  const [weight, gradient] = [values[at], all?.[at] ?? 0];
  const { norm } = statisticsOf(values);
  const scale = norm / Math.sqrt(values.length) || 0.1;
  const wanted = (2e-3 * Math.abs(trace.loss ?? 1)) / Math.abs(gradient);
  const step = Math.min(Math.max(wanted, 0.01 * scale), 0.3 * scale);
  const losses: number[] = [];
  for (let k = -reach; k <= reach; k++)
    losses.push(k === 0 ? trace.loss! : await lossAt(subject, parameter, at, weight + k * step));
  const difference = (losses[reach + 1] - losses[reach - 1]) / (2 * step);
  return { leaf, at, weight, gradient, step, losses, difference };
}

/** Each costs eight forward passes; a network with more parameters gets one a parameter. */
const twoUpTo = 40;

/** For each parameter the weight with the largest gradient, and in a small network one with a middling one. */
export async function nudgesOf(
  subject: Subject,
  trace: Trace,
  done: (share: number) => void = () => undefined,
): Promise<Nudge[]> {
  const leaves = [...trace.leaves.keys()].filter((i) => trace.leaves[i].kind === "parameter");
  const nudges: Nudge[] = [];
  for (const [i, leaf] of leaves.entries()) {
    const { gradient = [] } = trace.leaves[leaf];
    const order = [...Array(gradient.length).keys()].sort(
      (a, b) => Math.abs(gradient[b]) - Math.abs(gradient[a]),
    );
    const chosen = [order[0], ...(leaves.length <= twoUpTo ? [order[Math.floor(order.length / 4)]] : [])];
    for (const at of new Set(chosen)) if (gradient[at]) nudges.push(await nudge(subject, trace, leaf, at));
    done((i + 1) / leaves.length);
  }
  return nudges;
}

export function parameterOf({ model }: Subject, name: string): Tensor {
  const found = [...model.parameters()].find(([path, p]) => path === name || p.name === name);
  if (!found) throw new Error(`The model has no parameter ${name}.`);
  return found[1];
}
