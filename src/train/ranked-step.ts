// One step of training over several ranks. Each computes the loss and the gradients of its own rows of the batch; their sums over all
// ranks are the whole batch's, and every rank makes the same update from them:
//
//   loss = sum over ranks of (rows / batch) mean of the rank's rows      and so its gradient, and every figure
//
// Gradients travel in buckets (buckets.ts): while one is summed, the rest of the backward pass is computed. With the last one go the
// model's state (moving averages, which become the ranks' mean), the figures, and what the ranks decide together (decisions.ts).

import type { Loss } from "../nn/losses.js";
import { mul } from "../ops/index.js";
import { counterOfRows } from "../ops/random.js";
import type { Optimizer } from "../optim/index.js";
import type { Ranks } from "../ranks/ranks.js";
import { record, type Recorded } from "../tensor/record.js";
import { lasting, scope } from "../tensor/scope.js";
import { grad, noGrad } from "../tensor/tape.js";
import { empty, type Tensor } from "../tensor/tensor.js";
import { bucketsOf, copyOver, flat, unflat } from "./buckets.js";
import type { Rows, TrainingBatch, TrainingData } from "./data.js";
import type { Decisions } from "./decisions.js";
import type { MovingAverage } from "./moving-average.js";
import { type Objective, stacked } from "./objective.js";
import { shareOf } from "./share.js";
import { type Trainable, TrainingStep } from "./training-step.js";

/** Bytes of gradients that make a bucket full: enough that they cost more than the start of a message. */
export const defaultBucketBytes = 1 << 20;

export interface RankedOptions {
  readonly ranks: Ranks;
  /** This rank's part of the batch. */
  readonly rows: Rows;
  readonly decisions: Decisions;
  /** Default 1 MiB; Infinity for one bucket, which travels when all is computed. */
  readonly bucketBytes?: number;
}

export class RankedStep extends TrainingStep {
  /** This rank's share of the batch. */
  private readonly share: number;
  /** The parameters in each bucket, by number. */
  private buckets: number[][] = [];
  private gradients: Recorded<Record<string, Tensor>> | undefined;
  private update: Recorded<{ step: Tensor }> | undefined;
  /** Each bucket's sums over the ranks. */
  private sums: Tensor[] = [];
  private step = 0;
  /** Milliseconds that steps have waited for sums when nothing was left to compute. */
  waitedMs = 0;

  /** @param data whole batches */
  constructor(
    model: Trainable,
    data: TrainingData,
    loss: Loss | Objective,
    optimizer: Optimizer,
    eager: boolean,
    average: MovingAverage | undefined,
    private readonly of: RankedOptions,
  ) {
    super(model, shareOf(data, of.rows), loss, optimizer, eager, average);
    this.share = of.rows.count / data.inputShapes[0][0];
    counterOfRows(this.counter, of.rows);
  }

  override prepare(step: number, batch: TrainingBatch, learningRate?: number): void {
    super.prepare(step, batch, learningRate);
    this.step = step;
  }

  override async run(): Promise<{ loss: number } & Record<string, number>> {
    const { numbers, figures } = await this.summed();
    numbers.forEach((values, k) => this.sums[k].write(values));
    if (this.eager) {
      using _update = scope();
      this.applySums();
    } else await (this.update ??= record(this.applySums)).run();
    return this.named(figures);
  }

  override dispose(): void {
    super.dispose();
    this.gradients?.dispose();
    this.update?.dispose();
    for (const t of this.sums) t.dispose();
  }

  /** Computes this rank's buckets and sums each over the ranks as soon as it is complete. */
  private async summed(): Promise<{ numbers: Float32Array[]; figures: Float32Array }> {
    using _eager = scope();
    const replay = this.eager ? undefined : (this.gradients ??= record(this.computeBuckets, { parts: true }));
    const outputs = Object.values(replay?.outputs ?? this.computeBuckets());
    if (this.sums.length === 0) this.sums = outputs.map(({ size }) => lasting(empty([size])));
    const numbers: Float32Array[] = [];
    const sums: Promise<void>[] = [];
    for (const [k, bucket] of outputs.entries()) {
      await replay?.runPart(k);
      const values = await bucket.data();
      const said = k < outputs.length - 1 ? [] : this.of.decisions.say(this.step + 1);
      const message = new Float32Array(values.length + said.length);
      message.set(values);
      message.set(said, values.length);
      sums.push(this.of.ranks.allReduce(message));
      numbers.push(message.subarray(0, values.length));
    }
    const computed = performance.now();
    await Promise.all(sums);
    this.waitedMs += performance.now() - computed;
    const last = numbers[numbers.length - 1];
    this.of.decisions.hear(new Float32Array(last.buffer).subarray(last.length));
    return { numbers, figures: last.subarray(last.length - this.names.length) };
  }

  /** This rank's part of each sum, by the bucket's number. */
  private readonly computeBuckets = (): Record<string, Tensor> => {
    const figures = this.figures();
    const loss = mul(figures.get("loss")!, this.share);
    const parameters = [...this.model.parameters().values()];
    const { bucketBytes = defaultBucketBytes } = this.of;
    this.buckets = bucketsOf(loss, parameters, bucketBytes / Float32Array.BYTES_PER_ELEMENT);
    const gradients = grad(loss, parameters);
    return noGrad(() => {
      const rest = [...this.model.state().values(), stacked(figures)].map((t) => mul(t, this.share));
      const rows = this.buckets.map((inside, k) =>
        flat([...inside.map((i) => gradients[i]), ...(k === this.buckets.length - 1 ? rest : [])]),
      );
      return Object.fromEntries(rows.map((row, k) => [k, row]));
    });
  };

  /** Updates the parameters by the sums, and the state by its mean. */
  private readonly applySums = (): { step: Tensor } => {
    const { model, optimizer, average } = this;
    const parameters = model.parameters();
    const all = [...parameters.values()];
    const gradients: Tensor[] = [];
    noGrad(() => {
      for (const [k, inside] of this.buckets.entries()) {
        const states = k === this.buckets.length - 1 ? [...model.state().values()] : [];
        const targets = [...inside.map((i) => all[i]), ...states];
        const parts = unflat(this.sums[k], targets.map((t) => t.shape)); // prettier-ignore
        inside.forEach((i, at) => (gradients[i] = parts[at]));
        states.forEach((state, at) => copyOver(parts[inside.length + at], state));
      }
    });
    optimizer.apply(parameters, gradients);
    if (average) noGrad(() => average.follow(parameters));
    return { step: this.counter };
  };
}
