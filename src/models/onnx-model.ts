// A network of ONNX as a model: its floating-point constants are parameters, so it can be trained on. What its operators compute is
// in formats/onnx/.

import { UserError } from "../base/errors.js";
import { host, type ReadBeside } from "../base/host.js";
import { isList, suggestion } from "../base/arguments.js";
import { isFloat } from "../formats/onnx/element-types.js";
import {
  checkOperators,
  type FoldedGraph,
  foldConstants,
  namesRead,
  runNodes,
} from "../formats/onnx/evaluate.js";
import { type GraphValue, readOnnxGraph } from "../formats/onnx/graph.js";
import { inputFactor } from "../formats/onnx/input-factor.js";
import { operators } from "../formats/onnx/operators/index.js";
import type { HostArray } from "../formats/onnx/tensors.js";
import { channelsLast, identity, Value } from "../formats/onnx/value.js";
import { permute } from "../formats/pytorch.js";
import type { Inputs } from "../nn/layer.js";
import { listOf } from "../nn/symbolic.js";
import { scope } from "../tensor/scope.js";
import { show } from "../tensor/shape.js";
import { noGrad } from "../tensor/tape.js";
import type { Tensor } from "../tensor/tensor.js";
import { Model } from "./model.js";

/** Operators whose weights are trained even where they have a single element. */
const weighted: ReadonlySet<string> = new Set(["Conv", "ConvTranspose", "Gemm", "BatchNormalization"]);
const convolutions: ReadonlySet<string> = new Set(["Conv", "ConvTranspose"]);
/** ONNX's weights of a convolution, [outputs, inputs, kh, kw], as they lie in this engine: [kh, kw, inputs, outputs]. */
const kernelOrder = [2, 3, 1, 0];
/** Integers up to this many are read to the host, where shapes and indices are computed. */
const hostInputs = 65536;

/** What is known of an input or output: its name, its type, and its shape as far as the file says it. */
export type OnnxValue = GraphValue;

/**
 * A network that loadOnnx read. `run` takes and gives tensors by name in the graph's own layout, images as [batch, channels, height,
 * width]; `call`, as every layer, takes and gives images as [batch, height, width, channels], a list where there are several.
 * Normalisation by running averages stays so in training; everything else is differentiable.
 */
export class OnnxModel extends Model<Inputs, Inputs> {
  private readonly weights = new Map<string, Tensor>();
  /** Values whose numbers are needed before anything runs. */
  private readonly read: ReadonlySet<string>;
  private readonly initial: ReadonlyMap<string, Trained>;

  constructor(private readonly onnx: FoldedGraph) {
    super({});
    this.read = namesRead(onnx.nodes);
    this.initial = parametersOf(onnx);
    this.makeWeights([]);
  }

  get inputs(): readonly OnnxValue[] {
    return this.onnx.inputs;
  }
  get outputs(): readonly OnnxValue[] {
    return this.onnx.outputs;
  }
  /** The program that wrote the file, as it says. */
  get producer(): string {
    return this.onnx.producer;
  }

  /** The one number that an input is multiplied by before anything else, if there is one: 1/255 of a network that takes 0 to 255. */
  inputFactor(input: OnnxValue): number | undefined {
    return inputFactor(this.onnx, input.name);
  }

  protected override createWeights(): void {
    for (const [name, { array, isKernel }] of this.initial) {
      const { shape, data } = isKernel
        ? permute({ shape: array.shape, data: Float32Array.from(array.data) }, kernelOrder)
        : array;
      this.weights.set(
        name,
        this.addWeight(name, shape, () => Float32Array.from(data)),
      );
    }
  }

  /**
   * The outputs by name, in the graph's own layout.
   * @param given a tensor for every input; images [batch, channels, height, width]
   * @throws UserError for a name or shape that the graph does not have, and where its operators do not fit each other
   */
  async run(given: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>> {
    const stranger = Object.keys(given).find((name) => !this.inputs.some((input) => input.name === name));
    if (stranger !== undefined)
      throw new UserError(`${this.onnx.source} has no input ${JSON.stringify(stranger)}; ${suggestion(stranger, this.inputs.map(({ name }) => name))}`); // prettier-ignore
    const values = new Map<string, Value>();
    for (const input of this.inputs) {
      const t = given[input.name];
      if (!t) throw new UserError(`${this.onnx.source} needs a tensor for its input ${JSON.stringify(input.name)}.`); // prettier-ignore
      checkShape(this.onnx.source, input, t.shape);
      const isCount = this.read.has(input.name) || (!isFloat(input.type) && t.size <= hostInputs);
      values.set(input.name, isCount ? await knownOf(input, t) : Value.of(input.type, t));
    }
    return scope(() =>
      noGrad(() => {
        const results = this.compute(values);
        return Object.fromEntries(
          this.outputs.map(({ name }, i) => [name, results[i].tensor.view(results[i].shape)]),
        );
      }),
    );
  }

  protected override forward(input: Inputs): Inputs {
    const tensors = listOf<Tensor>(input);
    if (tensors.length !== this.inputs.length)
      throw new UserError(
        `${this.onnx.source} takes ${this.inputs.length} inputs (${this.inputs.map(({ name }) => name).join(", ")}) and was given ${tensors.length}.`,
      );
    const values = new Map<string, Value>();
    for (const [i, t] of tensors.entries()) {
      const order = t.rank === 4 ? channelsLast(4) : identity(t.rank);
      const value = Value.of(this.inputs[i].type, t, order);
      checkShape(this.onnx.source, this.inputs[i], value.shape);
      values.set(this.inputs[i].name, value);
    }
    const results = this.compute(values).map((v) => (v.rank === 4 ? v.in(channelsLast(4)) : v.tensor));
    return results.length === 1 ? results[0] : results;
  }

  private compute(environment: Map<string, Value>): Value[] {
    for (const [name, array] of this.onnx.constants) {
      const weight = this.weights.get(name);
      const order = this.initial.get(name)?.isKernel ? kernelOrder : undefined;
      environment.set(name, weight ? Value.of("float", weight, order) : Value.known(array));
    }
    runNodes(this.onnx.nodes, environment);
    return this.outputs.map(({ name }) => environment.get(name)!);
  }
}

async function knownOf(input: GraphValue, t: Tensor): Promise<Value> {
  return Value.known({ type: input.type, shape: t.shape, data: Float64Array.from(await t.data()) });
}

function checkShape(source: string, { name, shape }: GraphValue, given: readonly number[]): void {
  if (!shape) return;
  const fits =
    shape.length === given.length && shape.every((n, i) => typeof n !== "number" || n === given[i]);
  if (!fits)
    throw new UserError(
      `${source}: its input ${JSON.stringify(name)} is [${shape.map((n) => n ?? "any").join(", ")}], not ${show(given)}.`,
    );
}

/** A constant that is a parameter, and whether it lies as convolutions take it. */
interface Trained {
  readonly array: HostArray;
  readonly isKernel: boolean;
}

/** The floating-point constants that are computed with, not read as numbers. */
function parametersOf({ nodes, constants }: FoldedGraph): Map<string, Trained> {
  const uses = new Map<string, { operator: string; index: number }[]>();
  for (const { operator, inputs } of nodes)
    for (const [index, name] of inputs.entries())
      if (constants.has(name)) uses.set(name, [...(uses.get(name) ?? []), { operator, index }]);
  const found = new Map<string, Trained>();
  for (const [name, users] of uses) {
    const array = constants.get(name)!;
    const isRead = users.some(
      ({ operator, index }) => operators[operator].shapesOnly || operators[operator].numbers?.includes(index),
    );
    const isLarge = array.data.length > 1 || users.some(({ operator }) => weighted.has(operator));
    if (!isFloat(array.type) || !isLarge || isRead) continue;
    const isKernel =
      array.shape.length === 4 &&
      users.every(({ operator, index }) => convolutions.has(operator) && index === 1);
    found.set(name, { array, isKernel });
  }
  return found;
}

/**
 * Reads a network of ONNX: opsets 7 to 28, tensors in float32, float16, bfloat16 or on a grid of integers, in the file or beside it.
 * What is computed from constants alone is computed once, here.
 * @param bytesOrPath the file's bytes, or in Node its path, which is needed where tensors lie in files beside it
 * @throws UserError, one sentence, for what is no sound graph, and with every operator that is not known, before anything runs
 */
export async function loadOnnx(bytesOrPath: Uint8Array | string): Promise<OnnxModel> {
  const isPath = typeof bytesOrPath === "string";
  if (!isPath && (!(bytesOrPath instanceof Uint8Array) || isList(bytesOrPath)))
    throw new UserError("loadOnnx: give the bytes of an ONNX file or its path.");
  if (isPath && !host.openFile)
    throw new UserError("loadOnnx: there are no files here; give the bytes of the file.");
  const { bytes, beside } = isPath ? host.openFile!(bytesOrPath) : { bytes: bytesOrPath, beside: undefined };
  return readOnnx(bytes, isPath ? bytesOrPath : "The ONNX model", beside);
}

/** The same at once. @param source what to call the file in messages @param beside reads tensors that lie elsewhere */
export function readOnnx(bytes: Uint8Array, source: string, beside?: ReadBeside): OnnxModel {
  const graph = readOnnxGraph(bytes, source, beside);
  checkOperators(graph);
  return new OnnxModel(foldConstants(graph));
}
