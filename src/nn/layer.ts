// What a layer is: a function with parameters. Models are layers made of layers; their parameters' names are the path to them,
// "enc.0.1.a.kernel". Each kind of layer is in a file of its own; losses are functions (losses.ts).

import { isRecording, withBackend } from "../backend/current.js";
import { UserError } from "../base/errors.js";
import { expectTensor } from "../ops/expect.js";
import { div } from "../ops/index.js";
import { forget } from "../tensor/scope.js";
import type { Shape } from "../tensor/shape.js";
import { empty, parameter, tensor, type Tensor } from "../tensor/tensor.js";
import { dryRun, isSketching, realBackend, sketch } from "./dry-run.js";
import { type BackwardHook, type ForwardHook, Hooks, type LayerObserver, withObserver } from "./hooks.js";
import { type Initializer, type InitializerName, initializerOf, randomFor } from "./initializers.js";
import { type Inputs, type InputShape, inputsOf } from "./inputs.js";
import { DrawingError, listOf, SymbolicTensor } from "./symbolic.js";

export type { Inputs, InputShape } from "./inputs.js";
type ShapeOf<T> = T extends Tensor ? Shape : readonly Shape[];
type Symbolic<T> = T extends Tensor ? SymbolicTensor : readonly SymbolicTensor[];

/** A layer of any kind. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- layers differ in what they take and give
export type AnyLayer = Layer<any, any>;

/** What a layer must know beside its input. */
export interface CallContext {
  /** Dropout drops and BatchNormalization uses the batch's own moments only while training. */
  readonly training: boolean;
  /**
   * The step as a [4] tensor (see ops' counterLimbs) that a training loop writes before each step: random draws take their
   * numbers from it, so that a recorded step draws anew at each replay and a resumed one repeats them.
   */
  readonly counter?: Tensor;
  /**
   * Takes a one-element tensor that is added to the loss, under a name that is reported beside it: a penalty on a code. There
   * while a loss is computed, in training and in evaluation.
   */
  readonly addLoss?: (name: string, value: Tensor) => void;
}

/** The context of a prediction: nothing is dropped, no loss is added. */
export const inference: CallContext = { training: false };

/** What every layer may be told. */
export interface LayerOptions {
  /** The layer's part of its parameters' names inside a Sequential (default: its position). */
  name?: string;
  /** A penalty on the layer's output, divided by the batch's size and added to the loss as "penalty": l1(1e-5), or any function. */
  activityRegularizer?: (y: Tensor) => Tensor;
}

/** The options that every layer takes, for checks. */
export const layerOptions = { name: true, activityRegularizer: true } as const;

/** Runs `body` with an observer of every layer called inside, which must return what `forward` returns: for summaries and traces. */
export const observeLayers = <T>(watch: LayerObserver<AnyLayer>, body: () => T): T =>
  withObserver(watch, body);

/**
 * A function with parameters. A subclass says what parameters it needs (createWeights) and what it computes (forward); layers
 * kept in its properties, also in arrays, are its children, and need no further word.
 */
export abstract class Layer<Input extends Inputs = Tensor, Output extends Inputs = Tensor> {
  readonly name: string | undefined;
  private readonly trained = new Map<string, Tensor>();
  private readonly kept = new Map<string, Tensor>();
  private path: string | undefined;
  private isBuilt = false;
  private readonly activityRegularizer: LayerOptions["activityRegularizer"];
  private readonly given: object;
  private readonly hooks = new Hooks();
  /** What random numbers of this layer, initial or drawn while training, depend on, together with its path. */
  protected seed = 0;

  constructor(options: LayerOptions = {}) {
    this.name = options.name;
    this.activityRegularizer = options.activityRegularizer;
    this.given = options;
  }

  /** Properties of the same names as what the constructor takes before its options. */
  static readonly positional: readonly string[] = [];

  /** What fromConfig makes the layer of again, without its weights: its arguments and options. A penalty is training's and left out. */
  getConfig(): Record<string, unknown> {
    const { positional } = this.constructor as typeof Layer;
    const own = positional.map((name) => [name, this[name as keyof this]]);
    const options = Object.entries(this.given).filter(([name]) => name !== "activityRegularizer");
    return Object.fromEntries([...own, ...options]) as Record<string, unknown>;
  }

  /** A layer by what getConfig gave. */
  static fromConfig(config: Readonly<Record<string, unknown>>): AnyLayer {
    const options = Object.entries(config).filter(([name]) => !this.positional.includes(name));
    const make = this as unknown as new (...args: unknown[]) => AnyLayer;
    return new make(...this.positional.map((name) => config[name]), Object.fromEntries(options));
  }

  /** What the layer computes. Called through `call`. */
  protected abstract forward(input: Input, context: CallContext): Output;

  /** Makes the layer's own weights, by addWeight and addState, for a (first) input of this shape. */
  protected createWeights(_inputShape: Shape): void {}

  /** The layer's output for an input. Makes the parameters, from seed 0, if that has not been done. */
  call(input: Input, context: CallContext = inference): Output {
    if (listOf<Tensor | SymbolicTensor>(input)[0] instanceof SymbolicTensor)
      throw new UserError(
        `${this.constructor.name}: call takes tensors; use apply to draw a network of symbolic ones.`,
      );
    for (const x of listOf<Tensor>(input)) expectTensor(this.constructor.name, x);
    if (!this.isBuilt) this.makeWeights(listOf<Tensor>(input)[0].shape);
    const y = this.hooks.call(this, input, () => this.forward(input, context)) as Output;
    if (this.activityRegularizer && context.addLoss)
      for (const part of listOf<Tensor>(y))
        context.addLoss("penalty", div(this.activityRegularizer(part), part.shape[0]));
    return y;
  }

  /**
   * Keras's `layer(x)`: on symbolic tensors (see Input) draws one more layer of a network, and is `call` on tensors. A layer
   * that is applied twice shares its parameters.
   */
  apply(input: Symbolic<Input>): Symbolic<Output>;
  apply(input: Input): Output;
  apply(input: Symbolic<Input> | Input): Symbolic<Output> | Output {
    const given = listOf(input as SymbolicTensor | readonly SymbolicTensor[]);
    if (!(given[0] instanceof SymbolicTensor)) return this.call(input as Input);
    const takesList = Array.isArray(input);
    // The batch is the axis that changes with it.
    const [shapes, others] = [2, 3].map((batch) => this.drawnShapes(given, takesList, batch));
    const outputs: SymbolicTensor[] = [];
    const use = { layer: this, inputs: given, takesList, outputs };
    for (const [i, shape] of shapes.entries())
      outputs.push(
        new SymbolicTensor(
          shape.map((n, axis) => (n === others[i][axis] ? n : null)),
          use,
        ),
      );
    return (outputs.length === 1 ? outputs[0] : outputs) as unknown as Symbolic<Output>;
  }

  private drawnShapes(given: readonly SymbolicTensor[], takesList: boolean, batch: number): readonly Shape[] {
    const inputs = given.map((x) => x.withBatch(batch));
    try {
      const shape: InputShape = this.outputShape(takesList ? inputs : inputs[0]);
      return (typeof shape[0] === "object" ? shape : [shape]) as readonly Shape[];
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      throw new DrawingError(error.message, this, given, takesList);
    }
  }

  /**
   * Makes the parameters for inputs of this shape (one for each input), without computing anything. To be done before a step
   * is recorded. Every value depends on nothing but the seed and the parameter's name.
   * @param seed a whole number below 2^53 (default 0)
   */
  build(inputShape: InputShape, seed = 0): this {
    if (!this.isBuilt) {
      this.identify("", seed);
      dryRun(() => this.call(inputsOf(inputShape) as Input));
    }
    return this;
  }

  /** Has every call show its output to `hook`, which may return another. Returns a function that takes the hook away. */
  onForward(hook: ForwardHook): () => void {
    return this.hooks.onForward(hook);
  }

  /** Has backpropagation show `hook` the gradient that arrives at the output; it may return another. See Tensor.onGradient. */
  onBackward(hook: BackwardHook): () => void {
    return this.hooks.onBackward(hook);
  }

  get built(): boolean {
    return this.isBuilt;
  }

  /** The shape of the output (shapes, if there are several) for inputs of this shape; nothing is computed or made. */
  outputShape(inputShape: InputShape): ShapeOf<Output> {
    const y = sketch(() => this.call(inputsOf(inputShape) as Input));
    return (
      Array.isArray(y) ? (y as readonly Tensor[]).map((t) => t.shape) : (y as Tensor).shape
    ) as ShapeOf<Output>;
  }

  /** The trainable tensors, by dotted path. */
  parameters(): Map<string, Tensor> {
    return this.collect((layer) => layer.trained);
  }

  /** The other tensors that belong to the layer (moving averages), by dotted path. */
  state(): Map<string, Tensor> {
    return this.collect((layer) => layer.kept);
  }

  /** This layer ("") and all inside it, by dotted path; a layer that is used twice appears under its first path. */
  layersByPath(): Map<string, AnyLayer> {
    const found = new Map<string, AnyLayer>();
    const seen = new Set<object>();
    const visit = (layer: AnyLayer, path: string) => {
      if (seen.has(layer)) return;
      seen.add(layer);
      found.set(path, layer);
      for (const [key, child] of layer.children()) visit(child, join(path, key));
    };
    visit(this, "");
    return found;
  }

  /** Forgets the gradients that backward() has left in the parameters. */
  zeroGrad(): void {
    for (const p of this.parameters().values()) p.zeroGrad();
  }

  /** Frees the parameters and the state, of the layers inside too. */
  dispose(): void {
    for (const layer of this.layersByPath().values())
      for (const owned of [...layer.trained.values(), ...layer.kept.values()]) owned.dispose();
  }

  /** The layers directly inside, with their part of the path. */
  protected children(): [string, AnyLayer][] {
    const inside = (value: unknown, path: string): [string, AnyLayer][] => {
      if (value instanceof Layer) return [[path, value]];
      return Array.isArray(value) ? value.flatMap((v, i) => inside(v, join(path, String(i)))) : [];
    };
    return Object.entries(this).flatMap(([key, value]) => inside(value, key));
  }

  protected addWeight(name: string, shape: Shape, initializer: InitializerName | Initializer): Tensor {
    if (isSketching()) return empty(shape);
    const values = initializerOf(this.constructor.name, initializer)(
      shape,
      randomFor(this.seed, join(this.path!, name)),
    );
    const weight = parameter(values, shape).named(join(this.path!, name));
    this.trained.set(name, weight);
    return weight;
  }

  protected addState(name: string, shape: Shape, initializer: InitializerName | Initializer): Tensor {
    if (isSketching()) return empty(shape);
    const values = initializerOf(this.constructor.name, initializer)(
      shape,
      randomFor(this.seed, join(this.path!, name)),
    );
    const state = tensor(values, shape);
    forget(state);
    this.kept.set(name, state);
    return state;
  }

  /** A seed for draws while training, of this layer's own: 53 random bits that follow from the seed and the path. */
  protected drawSeed(): number {
    const random = randomFor(this.seed, join(this.path ?? "", "draws"));
    return (random.word() >>> 11) * 2 ** 32 + random.word();
  }

  /** Makes the parameters for a (first) input of this shape; for models that know it without one. */
  protected makeWeights(inputShape: Shape): void {
    if (isSketching()) return this.createWeights(inputShape);
    if (isRecording())
      throw new UserError(
        `${this.constructor.name}: a program is being recorded; call build(inputShape) before, so that its weights outlive it.`,
      );
    if (this.path === undefined) this.identify("", 0);
    withBackend(realBackend(), () => this.createWeights(inputShape));
    this.isBuilt = true;
  }

  private identify(path: string, seed: number): void {
    for (const [inner, layer] of this.layersByPath()) {
      if (layer.isBuilt) continue; // by another model that it is in
      layer.path = join(path, inner);
      layer.seed = seed;
    }
  }

  /** Called when the weights are asked for before they are made. */
  protected buildAlone(): void {
    throw new UserError(
      `${this.constructor.name}: its weights are made by build(inputShape) or by the first call; do one of them first.`,
    );
  }

  private collect(own: (layer: AnyLayer) => Map<string, Tensor>): Map<string, Tensor> {
    if (!this.isBuilt) this.buildAlone();
    const all = new Map<string, Tensor>();
    for (const [path, layer] of this.layersByPath())
      for (const [name, t] of own(layer)) all.set(join(path, name), t);
    return all;
  }
}

const join = (path: string, name: string): string =>
  path === "" ? name : name === "" ? path : `${path}.${name}`;
