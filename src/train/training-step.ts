// One step of training: forward, loss, backpropagation, update. It is recorded once and replayed, or run eagerly for reading
// and debugging. Everything that changes from step to step is written into tensors from outside before the step runs.

import type { Program } from "../backend/program-types.js";
import { counterLimbs } from "../ops/index.js";
import type { AnyLayer } from "../nn/layer.js";
import type { Loss } from "../nn/losses.js";
import type { Optimizer } from "../optim/index.js";
import { record, type Recorded } from "../tensor/record.js";
import { lasting, scope } from "../tensor/scope.js";
import { grad, noGrad } from "../tensor/tape.js";
import { empty, tensor, type Tensor } from "../tensor/tensor.js";
import { shapesOf, type TrainingBatch, type TrainingData, valuesOf } from "./data.js";
import type { MovingAverage } from "./moving-average.js";
import { type Figures, figuresOf, type Objective, objectiveOf, stacked } from "./objective.js";

/** A model of one input, or of several in an array. */
export type Trainable = AnyLayer;

export class TrainingStep {
  private readonly inputs: Tensor[];
  private readonly targets: Tensor[];
  protected readonly counter: Tensor;
  private readonly objective: Objective;
  /** What the figures are called, once they have been computed. */
  protected names: readonly string[] = [];
  private recorded: Recorded<{ figures: Tensor }> | undefined;

  constructor(
    protected readonly model: Trainable,
    data: TrainingData,
    loss: Loss | Objective,
    protected readonly optimizer: Optimizer,
    protected readonly eager: boolean,
    protected readonly average?: MovingAverage,
  ) {
    this.inputs = data.inputShapes.map((shape) => lasting(empty(shape)));
    this.targets = shapesOf(data.targetShape).map((shape) => lasting(empty(shape)));
    this.objective = objectiveOf(loss);
    this.counter = lasting(tensor(counterLimbs(0)));
    optimizer.build(model.parameters());
  }

  /** The computation of a step, on the tensors that `prepare` fills. */
  readonly compute = (): { figures: Tensor } => {
    const figures = this.figures();
    const parameters = this.model.parameters();
    this.optimizer.apply(parameters, grad(figures.get("loss")!, [...parameters.values()]));
    if (this.average) noGrad(() => this.average!.follow(parameters));
    return { figures: stacked(figures) };
  };

  /** The forward pass: the loss, its parts, the metrics. */
  protected figures(): Figures {
    const context = { training: true, counter: this.counter };
    const figures = figuresOf(this.model, this.inputs, this.targets, this.objective, context);
    this.names = [...figures.keys()];
    return figures;
  }

  /** Writes what belongs to this step: the batch, the random counter, the hyperparameters. */
  prepare(step: number, batch: TrainingBatch, learningRate?: number): void {
    batch.inputs.forEach((values, i) => this.inputs[i].write(values));
    valuesOf(batch.target).forEach((values, i) => this.targets[i].write(values));
    this.counter.write(counterLimbs(step));
    this.optimizer.beginStep(step, learningRate);
    this.average?.beginStep(step);
  }

  /** Runs a prepared step and resolves to its figures: the loss, its parts where there are several, the metrics. */
  async run(): Promise<{ loss: number } & Record<string, number>> {
    if (this.eager) {
      using _step = scope();
      return this.named(await this.compute().figures.data());
    }
    await this.asProgram().run();
    return this.named(await this.asProgram().outputs.figures.data());
  }

  protected named(values: ArrayLike<number>): { loss: number } & Record<string, number> {
    return Object.fromEntries(this.names.map((name, i) => [name, values[i]])) as { loss: number };
  }

  /** The step as an optimised program, for printing and profiling. */
  program(): Program {
    return this.asProgram().program;
  }

  private asProgram(): Recorded<{ figures: Tensor }> {
    return (this.recorded ??= record(this.compute));
  }

  dispose(): void {
    this.recorded?.dispose();
    for (const t of [...this.inputs, ...this.targets, this.counter]) t.dispose();
  }
}
