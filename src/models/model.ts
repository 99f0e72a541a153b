// Model, in Keras's two ways: drawn, `new Model({ inputs, outputs })`, or written, by a subclass that holds layers and calls them
// in `forward`. Both are layers themselves, and both are trained by the same methods (train/trainer.ts).

import { checkOptions, named } from "../base/arguments.js";
import { UserError } from "../base/errors.js";
import { host } from "../base/host.js";
import { configOf, type LayerClass, registerLayer } from "../nn/config.js";
import type { AnyLayer, CallContext, Inputs, InputShape, LayerOptions } from "../nn/layer.js";
import { type Summary, summary } from "../nn/summary.js";
import type { SymbolicTensor } from "../nn/symbolic.js";
import type { Shape } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { type Forecast, forecastText } from "../train/forecast.js";
import type { ModelSamples } from "../train/samples.js";
import { type FitModelOptions, type KnownShapes, Trainer } from "../train/trainer.js";
import { Graph, type GraphConfig } from "./graph.js";
import type { ModelConfig } from "./model-config.js";
import { encodeModel } from "./model-file.js";

/** What `new Model` draws a network from. */
export interface FunctionalOptions extends LayerOptions {
  /** What Input() gave; a list where there are several. */
  inputs: SymbolicTensor | readonly SymbolicTensor[];
  /** What the last layers' apply() gave; as a list, the model gives a list. */
  outputs: SymbolicTensor | readonly SymbolicTensor[];
}

/** For what shape a summary is made, and where it is printed. */
export interface SummaryOptions {
  inputShape?: InputShape;
  printFn?: (text: string) => void;
}

/** What fit is given, in one object. */
export interface TrainingArguments extends FitModelOptions {
  x: ModelSamples;
  y?: ModelSamples;
}

/**
 * A layer made of layers, that can be trained: compile, fit, evaluate, predict, summary.
 *
 * Type arguments say what `call` takes and gives, where that is not one tensor:
 * `new Model<readonly Tensor[], readonly Tensor[]>({ inputs: [a, b], outputs: [y, z] })`.
 */
export class Model<Input extends Inputs = Tensor, Output extends Inputs = Tensor> extends Trainer<
  Input,
  Output
> {
  private readonly graph: Graph | undefined;

  constructor(options: LayerOptions | FunctionalOptions = {}, ...tooMany: never[]) {
    super(options);
    if (tooMany.length > 0 || typeof options !== "object" || options === null)
      throw new UserError("Model: give one object: new Model({ inputs, outputs }).");
    if ("inputs" in options || "outputs" in options) {
      const { inputs, outputs } = options as FunctionalOptions;
      this.graph = new Graph(inputs, outputs);
    } else if (new.target === Model)
      throw new UserError(
        "Model: give { inputs, outputs }, or extend Model and write forward(input, context).",
      );
  }

  /** What a drawn network computes; a subclass writes its own. */
  protected forward(input: Input, context: CallContext): Output {
    if (!this.graph)
      throw new UserError(
        `${this.constructor.name}: a subclass of Model must write forward(input, context).`,
      );
    return this.graph.run(input, context) as Output;
  }

  /** The layers directly inside, in the order of their first use. */
  get layers(): readonly AnyLayer[] {
    return this.children().map(([, layer]) => layer);
  }

  /** The inputs' shapes with a batch of 1, where Input() has said them or a batch has been seen. */
  get inputShapes(): readonly Shape[] | undefined {
    return this.knownShapes().inputs;
  }

  /** The layer of this name directly inside. Throws a UserError with the nearest name. */
  getLayer(name: string): AnyLayer {
    return named("layer", Object.fromEntries(this.children()), name);
  }

  /**
   * Makes the parameters, without computing anything; see Layer.build.
   * @param inputShape may be left out where Input() has said it
   */
  override build(inputShape?: InputShape, seed = 0): this {
    return super.build(inputShape ?? this.ownInputShape(), seed);
  }

  /**
   * Prints the layers with their output shapes, parameters, floating-point operations and memory, and returns them. With
   * `training`, it makes a few steps of that training, puts everything back, and says what all of it will take on this machine.
   * @param options.inputShape with the batch (default: what Input() said, with a batch of 1, or what the model has last seen)
   * @param options.printFn default console.log
   * @param options.training what fit would be given: { x, y, epochs, batchSize, ... }
   */
  summary(options?: SummaryOptions): Summary;
  summary(
    options: SummaryOptions & { training: TrainingArguments },
  ): Promise<Summary & { training: Forecast }>;
  summary(options: SummaryOptions & { training?: TrainingArguments } = {}): Summary | Promise<Summary> {
    checkOptions("summary", options, { inputShape: true, printFn: true, training: true });
    const { inputShape = this.ownInputShape(), printFn = console.log } = options;
    const table = summary(this, inputShape);
    printFn(table.toString());
    if (!options.training) return table;
    const { x, y, ...fitOptions } = options.training;
    return this.forecast(x, y, fitOptions).then((training) => {
      printFn(forecastText(training));
      return { ...table, training };
    });
  }

  /** The structure as plain JSON: the drawing, or the options of a class of yours. */
  override getConfig(): Record<string, unknown> {
    if (!this.graph) return super.getConfig();
    return { ...this.graph.getConfig(), name: this.name };
  }

  static override fromConfig(config: Readonly<Record<string, unknown>>): AnyLayer {
    if (!("uses" in config)) return super.fromConfig(config);
    const { inputs, outputs } = Graph.draw(config as unknown as GraphConfig, "The model");
    const isSingle = inputs.length === 1; // a list of one is the same network
    return new Model({ inputs: isSingle ? inputs[0] : inputs, outputs, name: config.name as string });
  }

  /**
   * The model as the bytes of a safetensors file: its structure as JSON in the metadata, and its weights; loadModel reads it.
   * @param file is written, too, whole or not at all, where there are files
   */
  async save(file?: string): Promise<Uint8Array> {
    const { inputs } = this.knownShapes();
    const bytes = await encodeModel(this, { model: this.structure(), inputShapes: inputs });
    if (file === undefined) return bytes;
    if (!host.writeFile)
      throw new UserError("save: there are no files here; call save() and keep the bytes it resolves to.");
    host.writeFile(file, bytes);
    return bytes;
  }

  protected override children(): [string, AnyLayer][] {
    return this.graph ? [...this.graph.layers] : super.children();
  }

  /** The class and its config, for a file. */
  protected structure(): ModelConfig {
    const { className, config } = configOf(this);
    return { architecture: className, options: config };
  }

  protected override buildAlone(): void {
    if (this.knownShapes().inputs) this.build();
    else super.buildAlone();
  }

  protected override knownShapes(): KnownShapes {
    if (!this.graph) return super.knownShapes();
    return { inputs: this.graph.inputs.map((x) => x.withBatch(1)), outputNames: this.graph.outputNames };
  }

  private ownInputShape(): InputShape {
    const { inputs } = this.knownShapes();
    if (!inputs)
      throw new UserError(
        `${this.constructor.name}: its input's shape is not known yet; call build(inputShape) first, or begin with Input({ shape }).`,
      );
    return inputs.length === 1 ? inputs[0] : inputs;
  }
}

registerLayer(Model as unknown as LayerClass, "Model");
