// Trainer: compile, fit, evaluate, predict, with Keras's names and defaults. Models inherit from it. The training loop itself is
// fit.ts; what names mean is names.ts; what samples may be given as is samples.ts.

import { checkCount, checkOptions } from "../base/arguments.js";
import { UserError } from "../base/errors.js";
import { type Inputs, type InputShape, Layer } from "../nn/layer.js";
import type { Loss } from "../nn/losses.js";
import type { Optimizer } from "../optim/index.js";
import type { Shape } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { tensor } from "../tensor/tensor.js";
import type { Callback, History, Trained } from "./callbacks.js";
import { type ArraySamples, arrayBatches, countSamples } from "./data.js";
import { evaluateSamples, predictSamples } from "./evaluation.js";
import { trainEpochs } from "./epochs.js";
import { type Forecast, forecastOf, stepCost } from "./forecast.js";
import {
  lossOf,
  type LossName,
  metricOf,
  type MetricName,
  optimizerOf,
  type OptimizerName,
} from "./names.js";
import type { Objective, Term } from "./objective.js";
import { progressBar } from "./progress-bar.js";
import { type ModelSamples, samplesOf, separate, splitSamples, targetsOf } from "./samples.js";

/** How a model is trained: optimiser, loss, metrics, by name or as objects. */
export interface CompileOptions {
  /** "adam", "adamW", "sgd", or an object: new Adam(1e-3). */
  optimizer: OptimizerName | Optimizer;
  /** A name or a function of (prediction, target); a list, one an output. Left out where layers add the loss themselves. */
  loss?: LossName | Loss | readonly (LossName | Loss)[];
  /** The share of each output's loss (default 1 each). */
  lossWeights?: readonly number[];
  /** Names or functions of (prediction, target), of every output. */
  metrics?: readonly (MetricName | Loss)[];
  /** Runs each step operation by operation instead of replaying a recorded program (default false). */
  runEagerly?: boolean;
}

/** How long and on what a model is trained, and what is shown. */
export interface FitModelOptions {
  /** Default 1. */
  epochs?: number;
  /** Default 32. The last batch of an epoch is filled up from the next epoch's first samples. */
  batchSize?: number;
  /** Samples in a new order each epoch (default true). */
  shuffle?: boolean;
  /** The last part of the samples, in [0, 1), is kept from training and evaluated after each epoch. */
  validationSplit?: number;
  /** Evaluated after each epoch: [x, y]. */
  validationData?: readonly [x: ModelSamples, y: ModelSamples];
  callbacks?: readonly Callback[];
  /** 0 nothing, 1 a progress bar, 2 a line an epoch (default 1). */
  verbose?: 0 | 1 | 2;
  /** Fixes the initial weights, the order of the samples and all draws (default 0). */
  seed?: number;
  /** Ends training after the step that is running. */
  signal?: AbortSignal;
}

const fitOptions: { readonly [Name in keyof Required<FitModelOptions>]: true } = {
  ...{ epochs: true, batchSize: true, shuffle: true, validationSplit: true, validationData: true },
  ...{ callbacks: true, verbose: true, seed: true, signal: true },
};

/** What a model knows about itself before it has seen a tensor. */
export interface KnownShapes {
  /** One an input, with a batch of 1. */
  readonly inputs?: readonly Shape[];
  /** Names of the outputs, where there are several. */
  readonly outputNames?: readonly string[];
}

interface Compiled {
  readonly optimizer: Optimizer;
  readonly objective: Objective;
  readonly eager: boolean;
}

export abstract class Trainer<Input extends Inputs = Tensor, Output extends Inputs = Tensor>
  extends Layer<Input, Output>
  implements Trained
{
  /** A callback sets it to true to end training. */
  stopTraining = false;
  private compiled: Compiled | undefined;
  /** The shapes of the inputs that were seen first. */
  private seen: readonly Shape[] | undefined;
  /** Steps and epochs since compile. */
  private done = { steps: 0, epochs: 0 };

  /**
   * Says how the model is trained. Needed before fit and evaluate.
   * @throws UserError for an unknown name, with the nearest known one
   */
  compile(options: CompileOptions): void {
    checkOptions("compile", options, {
      optimizer: true,
      loss: true,
      lossWeights: true,
      metrics: true,
      runEagerly: true,
    });
    const losses =
      options.loss === undefined ? [] : [options.loss].flat().map((loss) => lossOf(loss as LossName | Loss));
    const { outputNames = [] } = this.knownShapes();
    const nameOf = (name: string, output: number) =>
      losses.length > 1 ? `${outputNames[output] ?? `output_${output}`}_${name}` : name;
    const terms: Term[] = losses.map(({ name, of }, output) => ({
      name: losses.length > 1 ? nameOf("loss", output) : name,
      output,
      of,
      weight: options.lossWeights?.[output],
    }));
    const metrics = (options.metrics ?? [])
      .map(metricOf)
      .flatMap(({ name, of }) =>
        losses.length > 1
          ? losses.map((_, output): Term => ({ name: nameOf(name, output), output, of }))
          : [{ name, output: 0, of }],
      );
    this.compiled = {
      optimizer: optimizerOf(options.optimizer),
      objective: { losses: terms, metrics },
      eager: options.runEagerly ?? false,
    };
    this.done = { steps: 0, epochs: 0 };
  }

  /**
   * Trains in place. Called again, it goes on where it stopped.
   * @param x samples of the input; a list of them for several inputs
   * @param y what the outputs should be; left out where layers add the whole loss
   * @returns each epoch's figures
   * @throws UserError for samples or options that do not fit; DivergedError when the loss is no longer a number
   */
  async fit(x: ModelSamples, y?: ModelSamples, options: FitModelOptions = {}): Promise<History> {
    const { data, objective, optimizer, eager, validate } = await this.prepared(x, y, options);
    const { epochs = 1, verbose = 1, seed = 0, signal } = options;
    const callbacks = [...(options.callbacks ?? []), progressBar(epochs, data.stepsPerEpoch, verbose)];
    const { history, steps } = await trainEpochs(this, data, {
      ...{ optimizer, objective, eager, epochs, seed, callbacks, signal, before: this.done },
      validate: async () => validate?.() ?? {},
    });
    this.done = { steps: this.done.steps + steps, epochs: this.done.epochs + history.epoch.length };
    return history;
  }

  /** What fit(x, y, options) would take on this machine: a few steps and one validation are made, and undone. */
  protected async forecast(
    x: ModelSamples,
    y?: ModelSamples,
    options: FitModelOptions = {},
  ): Promise<Forecast> {
    const { data, objective: loss, optimizer, eager, validate } = await this.prepared(x, y, options);
    const { epochs = 1, batchSize = 32, seed = 0, signal } = options;
    const cost = await stepCost(this, data, { optimizer, loss, eager, seed, signal });
    const started = performance.now();
    await validate?.();
    const validation = validate && {
      validations: epochs,
      validationSeconds: (performance.now() - started) / 1000,
    };
    return forecastOf(cost, { steps: epochs * data.stepsPerEpoch, batchSize, ...validation });
  }

  /**
   * The loss over samples, or with metrics [loss, ...metrics], as Keras has it; with `returnDict` all figures by name.
   * @param options.batchSize default 32
   */
  async evaluate(x: ModelSamples, y: ModelSamples | undefined, options: { batchSize?: number; returnDict: true }): Promise<Record<string, number>>; // prettier-ignore
  async evaluate(x: ModelSamples, y?: ModelSamples, options?: { batchSize?: number; returnDict?: false }): Promise<number | number[]>; // prettier-ignore
  async evaluate(
    x: ModelSamples,
    y?: ModelSamples,
    options: { batchSize?: number; returnDict?: boolean } = {},
  ): Promise<number | number[] | Record<string, number>> {
    const { objective } = this.compiledFor("evaluate");
    checkOptions("evaluate", options, { batchSize: true, returnDict: true });
    const { batchSize = 32, returnDict = false } = options;
    checkCount("evaluate", "batchSize", batchSize);
    const { xs, ys } = await this.pairsOf(x, y, 0);
    const figures = await evaluateSamples(this, xs, ys, objective, batchSize);
    if (returnDict) return figures;
    const values = Object.values(figures);
    return values.length === 1 ? values[0] : values;
  }

  /**
   * What the model gives for samples, batch by batch; several outputs as a list.
   * @param options.batchSize default 32
   */
  async predict(x: ModelSamples, options: { batchSize?: number } = {}): Promise<Output> {
    checkOptions("predict", options, { batchSize: true });
    const { batchSize = 32 } = options;
    checkCount("predict", "batchSize", batchSize);
    const xs = await this.inputsOf(x, 0);
    const outputs = (await predictSamples(this, xs, batchSize)).map(({ data, shape }) => tensor(data, shape));
    return (typeof this.outputShape(shapeOfInputs(xs))[0] === "object" ? outputs : outputs[0]) as Output;
  }

  /** What is known of the inputs: what Input() said, or what has been seen. */
  protected knownShapes(): KnownShapes {
    return { inputs: this.seen };
  }

  private compiledFor(method: string): Compiled {
    if (!this.compiled)
      throw new UserError(
        `${method}: compile the model first: model.compile({ optimizer: "adam", loss: "mse" }).`,
      );
    return this.compiled;
  }

  /** What fit needs of its arguments, all of them checked. */
  private async prepared(x: ModelSamples, y: ModelSamples | undefined, options: FitModelOptions) {
    const compiled = this.compiledFor("fit");
    checkOptions("fit", options, fitOptions);
    const { epochs = 1, batchSize = 32, shuffle = true, seed = 0 } = options;
    checkCount("fit", "epochs", epochs);
    checkCount("fit", "batchSize", batchSize);
    const all = await this.pairsOf(x, y, seed);
    const [training, kept] = await this.withValidation(all, options, seed);
    const data = arrayBatches(training.xs, training.ys, batchSize, seed, shuffle);
    const validate = kept && (() => evaluateSamples(this, kept.xs, kept.ys, compiled.objective, batchSize));
    return { ...compiled, data, validate };
  }

  private async inputsOf(x: ModelSamples, seed: number): Promise<ArraySamples[]> {
    const known = this.knownShapes().inputs;
    const list = separate(x, known?.length, "x");
    const xs: ArraySamples[] = [];
    for (const [i, samples] of list.entries())
      xs.push(await samplesOf(samples, known?.[i]?.slice(1), list.length === 1 ? "x" : `x[${i}]`));
    countSamples(xs, []);
    this.build(shapeOfInputs(xs), seed);
    this.seen ??= xs.map(({ shape }) => [1, ...shape.slice(1)]);
    return xs;
  }

  private async pairsOf(x: ModelSamples, y: ModelSamples | undefined, seed: number) {
    const xs = await this.inputsOf(x, seed);
    const outputs = this.outputShape(shapeOfInputs(xs)) as Shape | readonly Shape[];
    const rows = (typeof outputs[0] === "object" ? outputs : [outputs]) as readonly Shape[];
    const ys: ArraySamples[] = [];
    const list = y === undefined ? [] : separate(y, rows.length, "y");
    for (const [i, samples] of list.entries())
      ys.push(
        await targetsOf(samples, rows[i].slice(1), xs[0].shape[0], list.length === 1 ? "y" : `y[${i}]`),
      );
    countSamples(xs, ys);
    return { xs, ys };
  }

  private async withValidation(
    all: { xs: ArraySamples[]; ys: ArraySamples[] },
    { validationData, validationSplit = 0 }: FitModelOptions,
    seed: number,
  ) {
    if (validationData) return [all, await this.pairsOf(validationData[0], validationData[1], seed)] as const;
    if (!(validationSplit >= 0 && validationSplit < 1))
      throw new UserError(`fit: validationSplit must lie in [0, 1), not ${validationSplit}.`);
    if (validationSplit === 0) return [all, undefined] as const;
    const count = all.xs[0].shape[0];
    const at = Math.floor(count * (1 - validationSplit));
    if (at === 0 || at === count)
      throw new UserError(
        `fit: a validationSplit of ${validationSplit} leaves nothing of ${count} samples to ${at === 0 ? "train on" : "validate with"}.`,
      );
    const parts = (list: ArraySamples[], i: 0 | 1) => list.map((samples) => splitSamples(samples, at)[i]);
    const part = (i: 0 | 1) => ({ xs: parts(all.xs, i), ys: parts(all.ys, i) });
    return [part(0), part(1)] as const;
  }
}

const shapeOfInputs = (xs: readonly ArraySamples[]): InputShape =>
  xs.length === 1 ? [1, ...xs[0].shape.slice(1)] : xs.map(({ shape }) => [1, ...shape.slice(1)]);
