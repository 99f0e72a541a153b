// One step of training: forward, loss, backpropagation, update. It is recorded once and replayed, or run eagerly for reading
// and debugging. Everything that changes from step to step is written into tensors from outside before the step runs.

import type { Program } from "../backend/program-types.js";
import { counterLimbs } from "../ops/index.js";
import type { Layer } from "../nn/layer.js";
import type { Optimizer } from "../optim/index.js";
import { record, type Recorded } from "../tensor/record.js";
import { forget, scope } from "../tensor/scope.js";
import { grad } from "../tensor/tape.js";
import { empty, tensor, type Tensor } from "../tensor/tensor.js";
import type { TrainingBatch, TrainingData } from "./data.js";

export type Loss = (prediction: Tensor, target: Tensor) => Tensor;
/** A model of one input, or of several in an array. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- layers differ in what they take; the data must fit the model
export type Trainable = Layer<any>;

export class TrainingStep {
  private readonly inputs: Tensor[];
  private readonly target: Tensor;
  private readonly counter: Tensor;
  private recorded: Recorded<{ loss: Tensor }> | undefined;

  constructor(
    private readonly model: Trainable,
    data: TrainingData,
    private readonly loss: Loss,
    private readonly optimizer: Optimizer,
    private readonly eager: boolean,
  ) {
    const lasting = (t: Tensor) => (forget(t), t);
    this.inputs = data.inputShapes.map((shape) => lasting(empty(shape)));
    this.target = lasting(empty(data.targetShape));
    this.counter = lasting(tensor(counterLimbs(0)));
    optimizer.build(model.parameters());
  }

  /** The computation of a step, on the tensors that `prepare` fills. */
  readonly compute = (): { loss: Tensor } => {
    const context = { training: true, counter: this.counter };
    const prediction = this.model.call(this.inputs.length === 1 ? this.inputs[0] : this.inputs, context);
    const loss = this.loss(prediction, this.target);
    const parameters = this.model.parameters();
    this.optimizer.apply(parameters, grad(loss, [...parameters.values()]));
    return { loss };
  };

  /** Writes what belongs to this step: the batch, the random counter, the hyperparameters. */
  prepare(step: number, batch: TrainingBatch, learningRate?: number): void {
    batch.inputs.forEach((values, i) => this.inputs[i].write(values));
    this.target.write(batch.target);
    this.counter.write(counterLimbs(step));
    this.optimizer.beginStep(step, learningRate);
  }

  /** Runs a prepared step and resolves to its loss. */
  async run(): Promise<number> {
    if (this.eager) {
      using _step = scope();
      return await this.compute().loss.item();
    }
    await this.asProgram().run();
    return this.asProgram().outputs.loss.item();
  }

  /** The step as an optimised program, for printing and profiling. */
  program(): Program {
    return this.asProgram().program;
  }

  private asProgram(): Recorded<{ loss: Tensor }> {
    return (this.recorded ??= record(this.compute));
  }

  dispose(): void {
    this.recorded?.dispose();
    for (const t of [...this.inputs, this.target, this.counter]) t.dispose();
  }
}
