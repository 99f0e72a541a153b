// Learning rates as functions of the step. They are pure, so that a resumed run goes on exactly where it stopped.

import { checkCount, checkOptions } from "../base/arguments.js";

/** The learning rate of a step, counted from 0. */
export type Schedule = (step: number) => number;

/** The same learning rate at every step. */
export const constant =
  (rate: number): Schedule =>
  () =>
    rate;

/** Multiplied by `factor` (default 0.1) after every `every` steps. */
export function stepDecay(rate: number, options: { every: number; factor?: number }): Schedule {
  checkOptions("stepDecay", options, { every: true, factor: true });
  const { every, factor = 0.1 } = options;
  checkCount("stepDecay", "every", every);
  return (step) => rate * factor ** Math.floor(step / every);
}

/**
 * From `rate` down to `final` (default 0) along half a cosine over `steps` steps, and `final` from then on (Loshchilov and Hutter,
 * "SGDR", ICLR 2017, without restarts).
 */
export function cosineDecay(rate: number, options: { steps: number; final?: number }): Schedule {
  checkOptions("cosineDecay", options, { steps: true, final: true });
  const { steps, final = 0 } = options;
  checkCount("cosineDecay", "steps", steps);
  return (step) => {
    const done = Math.min(step / steps, 1);
    return final + ((rate - final) * (1 + Math.cos(Math.PI * done))) / 2;
  };
}

/** Rises in `steps` equal steps to the first rate of the schedule that comes after, whose own steps begin there. */
export const warmUp =
  (steps: number, after: Schedule): Schedule =>
  (step) =>
    step < steps ? (after(0) * (step + 1)) / (steps + 1) : after(step - steps);
