// What a layer is: a function with parameters. Models are layers made of layers; their parameters' names are the path to them,
// "enc.0.1.a.kernel". Each kind of layer is in a file of its own; losses are functions (losses.ts).

import { describe, isList } from "../base/arguments.js";
import { UserError } from "../base/errors.js";
import { currentBackend, withBackend } from "../backend/current.js";
import { expectTensor } from "../ops/expect.js";
import { Recorder } from "../program/recorder.js";
import { forget } from "../tensor/scope.js";
import type { Shape } from "../tensor/shape.js";
import { empty, parameter, tensor, type Tensor } from "../tensor/tensor.js";
import { dryRun, realBackend } from "./dry-run.js";
import { type Initializer, type InitializerName, initializerOf, randomFor } from "./initializers.js";

/** Most layers take one tensor; Add, Concatenate and some models take several. */
export type Inputs = Tensor | readonly Tensor[];
export type InputShape = Shape | readonly Shape[];

/** What a layer must know beside its input. */
export interface CallContext {
  /** Dropout drops and BatchNormalization uses the batch's own moments only while training. */
  readonly training: boolean;
  /**
   * The step as a [4] tensor (see ops' counterLimbs) that a training loop writes before each step: random draws take their
   * numbers from it, so that a recorded step draws anew at each replay and a resumed one repeats them.
   */
  readonly counter?: Tensor;
}

export const inference: CallContext = { training: false };

export interface LayerOptions {
  /** The layer's part of its parameters' names inside a Sequential (default: its position). */
  name?: string;
}

/** Sees every call of a layer, and must return what `forward` returns. For summaries and traces. */
export type LayerObserver = (layer: Layer<Inputs>, forward: () => Tensor) => Tensor;

let observer: LayerObserver = (_layer, forward) => forward();

/** Runs `body` with an observer of every layer called inside. */
export function observeLayers<T>(watch: LayerObserver, body: () => T): T {
  const before = observer;
  observer = watch;
  try {
    return body();
  } finally {
    observer = before;
  }
}

/**
 * A function with parameters. A subclass says what parameters it needs (createWeights) and what it computes (forward); layers
 * kept in its properties, also in arrays, are its children, and need no further word.
 */
export abstract class Layer<Input extends Inputs = Tensor> {
  readonly name: string | undefined;
  private readonly trained = new Map<string, Tensor>();
  private readonly kept = new Map<string, Tensor>();
  private path: string | undefined;
  private isBuilt = false;
  /** What random numbers of this layer, initial or drawn while training, depend on, together with its path. */
  protected seed = 0;

  constructor(options: LayerOptions = {}) {
    this.name = options.name;
  }

  /** What the layer computes. Called through `call`. */
  protected abstract forward(input: Input, context: CallContext): Tensor;

  /** Makes the layer's own weights, by addWeight and addState, for a (first) input of this shape. */
  protected createWeights(_inputShape: Shape): void {}

  /** The layer's output for an input. Makes the parameters, from seed 0, if that has not been done. */
  call(input: Input, context: CallContext = inference): Tensor {
    for (const x of [input].flat()) expectTensor(this.constructor.name, x as Tensor);
    if (!this.isBuilt) {
      if (currentBackend() instanceof Recorder)
        throw new UserError(
          `${this.constructor.name}: a program is being recorded; call build(inputShape) before, so that its weights outlive it.`,
        );
      if (this.path === undefined) this.identify("", 0);
      const shape = "shape" in input ? input.shape : input[0].shape;
      withBackend(realBackend(), () => this.createWeights(shape));
      this.isBuilt = true;
    }
    return observer(this, () => this.forward(input, context));
  }

  /**
   * Makes the parameters for inputs of this shape (one for each input), without computing anything. To be done before a step
   * is recorded. Every value depends on nothing but the seed and the parameter's name.
   * @param seed a whole number below 2^53 (default 0)
   */
  build(inputShape: InputShape, seed = 0): this {
    if (!this.isBuilt) {
      this.identify("", seed);
      this.outputShape(inputShape);
    }
    return this;
  }

  get built(): boolean {
    return this.isBuilt;
  }

  /** The shape of the output for inputs of this shape; nothing is computed, but the parameters are made if they have not been. */
  outputShape(inputShape: InputShape): Shape {
    return dryRun(() => this.call(inputsOf(inputShape) as Input)).shape;
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
  layers(): Map<string, Layer<Inputs>> {
    const found = new Map<string, Layer<Inputs>>();
    const seen = new Set<object>();
    const visit = (layer: Layer<Inputs>, path: string) => {
      if (seen.has(layer)) return;
      seen.add(layer);
      found.set(path, layer);
      for (const [key, child] of layer.children()) visit(child, join(path, key));
    };
    visit(this as unknown as Layer<Inputs>, "");
    return found;
  }

  /** Frees the parameters and the state, of the layers inside too. */
  dispose(): void {
    for (const layer of this.layers().values())
      for (const owned of [...layer.trained.values(), ...layer.kept.values()]) owned.dispose();
  }

  /** The layers directly inside, with their part of the path. */
  protected children(): [string, Layer<Inputs>][] {
    const inside = (value: unknown, path: string): [string, Layer<Inputs>][] => {
      if (value instanceof Layer) return [[path, value]];
      return Array.isArray(value) ? value.flatMap((v, i) => inside(v, join(path, String(i)))) : [];
    };
    return Object.entries(this).flatMap(([key, value]) => inside(value, key));
  }

  protected addWeight(name: string, shape: Shape, initializer: InitializerName | Initializer): Tensor {
    const values = initializerOf(this.constructor.name, initializer)(
      shape,
      randomFor(this.seed, join(this.path!, name)),
    );
    const weight = parameter(values, shape);
    this.trained.set(name, weight);
    return weight;
  }

  protected addState(name: string, shape: Shape, initializer: InitializerName | Initializer): Tensor {
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
    const random = randomFor(this.seed, join(this.path!, "draws"));
    return (random.word() >>> 11) * 2 ** 32 + random.word();
  }

  private identify(path: string, seed: number): void {
    for (const [inner, layer] of this.layers()) {
      layer.path = join(path, inner);
      layer.seed = seed;
    }
  }

  private collect(own: (layer: Layer<Inputs>) => Map<string, Tensor>): Map<string, Tensor> {
    if (!this.isBuilt)
      throw new UserError(
        `${this.constructor.name}: its weights are made by build(inputShape) or by the first call; do one of them first.`,
      );
    const all = new Map<string, Tensor>();
    for (const [path, layer] of this.layers())
      for (const [name, t] of own(layer)) all.set(join(path, name), t);
    return all;
  }
}

const join = (path: string, name: string): string =>
  path === "" ? name : name === "" ? path : `${path}.${name}`;

/** Tensors of these shapes with nothing in them, for dry runs. */
export function inputsOf(shape: InputShape): Inputs {
  if (!isList(shape))
    throw new UserError(`The shape of the input must be a list, batch axis first, not ${describe(shape)}.`);
  const isOne = (s: InputShape): s is Shape => s.length === 0 || typeof s[0] === "number";
  return isOne(shape) ? empty(shape) : shape.map((s) => empty(s));
}
