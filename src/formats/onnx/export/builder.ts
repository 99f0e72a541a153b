// The nodes and initial values of a graph of ONNX while it is written. Values are names; every name is given once.

import type { HostArray } from "../tensors.js";
import { modelTable } from "../messages.js";
import { encodeTensor } from "../tensors.js";
import { writeMessage } from "../wire.js";

/** An attribute as a number, a list of whole numbers, or a word. */
export type AttributeValue = number | readonly number[] | string | { readonly float: number };

const utf8 = new TextEncoder();

function attributeOf(name: string, value: AttributeValue) {
  if (typeof value === "string") return { name, s: utf8.encode(value), type: 3 };
  if (typeof value === "number") return { name, i: value, type: 2 };
  if ("float" in value) return { name, f: value.float, type: 1 };
  return { name, ints: value, type: 7 };
}

export class GraphBuilder {
  readonly nodes: object[] = [];
  readonly initializers: object[] = [];
  private readonly taken = new Set<string>();
  /** How many have been called so already. */
  private readonly counts = new Map<string, number>();

  /** The name, or one like it that is free. */
  fresh(name: string): string {
    let [free, i] = [name, this.counts.get(name) ?? 0];
    while (this.taken.has(free)) free = `${name}_${++i}`;
    this.counts.set(name, i);
    this.taken.add(free);
    return free;
  }

  /** Adds a node; gives the name of its result. */
  node(
    opType: string,
    input: readonly string[],
    attributes: Readonly<Record<string, AttributeValue>> = {},
    output = this.fresh(opType.toLowerCase()),
  ): string {
    this.several(opType, input, attributes, [output]);
    return output;
  }

  /** The same of a node with several results. */
  several(
    opType: string,
    input: readonly string[],
    attributes: Readonly<Record<string, AttributeValue>>,
    output: readonly string[],
  ): void {
    const attribute = Object.entries(attributes).map(([name, value]) => attributeOf(name, value));
    this.nodes.push({ opType, name: `${opType}_${this.nodes.length}`, input, output, attribute });
  }

  /** Adds numbers; gives their name. */
  constant(array: HostArray, name = "constant"): string {
    const free = this.fresh(name);
    this.initializers.push(encodeTensor(free, array));
    return free;
  }

  floats(data: readonly number[], shape: readonly number[] = []): string {
    return this.constant({ type: "float", shape, data: Float32Array.from(data) });
  }

  /** A list of whole numbers. */
  list(numbers: readonly number[]): string {
    return this.constant({ type: "int64", shape: [numbers.length], data: Float64Array.from(numbers) });
  }
}

/** What goes into a graph or comes out: sizes that are not fixed have names, and the same name means the same size. */
export interface GraphValueInfo {
  readonly name: string;
  readonly shape: readonly (number | string)[];
}

const OPSET = 17;
const IR_VERSION = 8;

/** The bytes of a file with this graph; its inputs and outputs are tensors of floats. */
export function modelBytes(
  graph: GraphBuilder,
  inputs: readonly GraphValueInfo[],
  outputs: readonly GraphValueInfo[],
): Uint8Array {
  const info = ({ name, shape }: GraphValueInfo) => {
    const dim = shape.map((n) => (typeof n === "number" ? { value: n } : { param: n }));
    return { name, type: { tensorType: { elemType: 1, shape: { dim } } } };
  };
  return writeMessage(
    {
      irVersion: IR_VERSION,
      producerName: "fovea",
      opsetImport: [{ domain: "", version: OPSET }],
      graph: {
        node: graph.nodes,
        name: "fovea",
        initializer: graph.initializers,
        input: inputs.map(info),
        output: outputs.map(info),
      },
    },
    modelTable,
  );
}
