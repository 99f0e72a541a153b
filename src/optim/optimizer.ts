// What optimisers share: slots (one tensor a parameter for each kind of memory), the tensor of hyperparameters that is written
// before each step, and clipping. The update rules are sgd.ts and adam.ts; the arithmetic is the sgdStep and adamStep kernels.

import { describe } from "../base/arguments.js";
import { UserError } from "../base/errors.js";
import { isRecording } from "../backend/current.js";
import { lasting, scope } from "../tensor/scope.js";
import { sameShape, show } from "../tensor/shape.js";
import { noGrad } from "../tensor/tape.js";
import { tensor, type Tensor } from "../tensor/tensor.js";
import { clipByGlobalNorm, clipByValue } from "./clipping.js";
import type { Schedule } from "./schedules.js";

/** What every optimiser may be told. */
export interface OptimizerOptions {
  /** Limits every element of the gradients to [-clipValue, clipValue]. */
  clipValue?: number;
  /** Shortens all gradients together, where their global norm is larger, to this norm. */
  globalClipNorm?: number;
}

/** The names of these options, for the checks of each optimiser. */
export const limitNames = { clipValue: true, globalClipNorm: true } as const;

/**
 * A step is: beginStep(step), then apply(parameters, gradients). Only apply computes, so a recorded step holds it, and whatever
 * changes from step to step is in the tensor that beginStep writes.
 */
export abstract class Optimizer {
  private readonly memory = new Map<string, Tensor>();
  private shapes: Map<string, readonly number[]> | undefined;
  protected hyper!: Tensor;
  private readonly schedule: Schedule;

  protected constructor(
    learningRate: number | Schedule,
    private readonly limits: OptimizerOptions,
    /** One tensor of each kind for each parameter. */
    private readonly slots: readonly string[],
  ) {
    if (typeof learningRate === "number") this.schedule = () => learningRate;
    else if (typeof learningRate === "function") this.schedule = learningRate;
    else
      throw new UserError(
        `${new.target.name}: the learning rate comes first and is a number or a schedule, not ${describe(learningRate)}.`,
      );
  }

  /** The numbers of the kernel's `hyper` operand. */
  protected abstract hyperparameters(step: number, learningRate: number): number[];

  /** One kernel call: operands and results parameter by parameter, each with its slots. */
  protected abstract update(
    parameters: readonly Tensor[],
    gradients: readonly Tensor[],
    slots: readonly (readonly Tensor[])[],
  ): void;

  /** Makes the memory, all zeros. To be done before a step is recorded; otherwise the first apply does it. */
  build(parameters: ReadonlyMap<string, Tensor>): this {
    if (this.shapes) return this;
    if (isRecording())
      throw new UserError(
        "Optimizer: a program is being recorded; call build(parameters) before, so that the memory outlives it.",
      );
    this.shapes = new Map([...parameters].map(([name, p]) => [name, p.shape]));
    for (const [name, p] of parameters)
      for (const slot of this.slots)
        this.memory.set(`${name}.${slot}`, lasting(tensor(new Float32Array(p.size), p.shape)));
    this.hyper ??= lasting(tensor(this.hyperparameters(0, this.learningRate(0))));
    return this;
  }

  /** What the optimiser remembers, by parameter name and slot ("dense.kernel.m"): all that a resumed run needs beside the step. */
  state(): Map<string, Tensor> {
    if (!this.shapes)
      throw new UserError(
        "Optimizer: its memory is made by build(parameters) or the first apply; do one of them first.",
      );
    return new Map(this.memory);
  }

  /** The scheduled learning rate of a step. */
  learningRate(step: number): number {
    return this.schedule(step);
  }

  /**
   * Writes the numbers that belong to this step.
   * @param step counted from 0
   * @param learningRate instead of the scheduled one
   */
  beginStep(step: number, learningRate = this.learningRate(step)): void {
    const values = this.hyperparameters(step, learningRate);
    if (!this.hyper) {
      this.hyper = lasting(tensor(values));
    } else this.hyper.write(values);
  }

  /** Moves every parameter, in place. `gradients` are in the parameters' order. */
  apply(parameters: ReadonlyMap<string, Tensor>, gradients: readonly Tensor[]): void {
    this.build(parameters);
    this.check(parameters, gradients);
    const slots = [...parameters.keys()].map((name) =>
      this.slots.map((slot) => this.memory.get(`${name}.${slot}`)!),
    );
    noGrad(() =>
      scope(() => {
        const { clipValue, globalClipNorm } = this.limits;
        let limited = gradients;
        if (clipValue !== undefined) limited = clipByValue(limited, clipValue);
        if (globalClipNorm !== undefined) limited = clipByGlobalNorm(limited, globalClipNorm);
        this.update([...parameters.values()], limited, slots);
      }),
    );
  }

  dispose(): void {
    for (const t of this.memory.values()) t.dispose();
    this.hyper?.dispose();
  }

  private check(parameters: ReadonlyMap<string, Tensor>, gradients: readonly Tensor[]): void {
    if (parameters.size !== gradients.length)
      throw new UserError(
        `Optimizer: ${gradients.length} gradients for ${parameters.size} parameters; give one for each, in order.`,
      );
    [...parameters].forEach(([name, p], i) => {
      const known = this.shapes!.get(name);
      if (!known)
        throw new UserError(
          `Optimizer: the parameter "${name}" was not there at the first step; use a new optimiser.`,
        );
      for (const shape of [gradients[i].shape, known])
        if (!sameShape(shape, p.shape))
          throw new UserError(
            `Optimizer: "${name}" has the shape ${show(p.shape)} but its gradient or memory has ${show(shape)}.`,
          );
    });
  }
}
