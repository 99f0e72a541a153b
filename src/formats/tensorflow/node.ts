// What TensorFlow's operations share while they are written as a graph of ONNX: a node's settings, its inputs as values or known
// numbers, and images, which TensorFlow has channels last and ONNX channels first. The importer cancels the transposes between.

import { UserError } from "../../base/errors.js";
import type { AttributeValue, GraphBuilder } from "../onnx/export/builder.js";
import type { HostArray } from "../onnx/tensors.js";
import { permute } from "../pytorch.js";
import type { GraphDefNode } from "./graph-def.js";

const TO_FIRST = [0, 3, 1, 2];
const TO_LAST = [0, 2, 3, 1];

/** The graph while it is written. */
export class Writing {
  /** Names in the new graph of TensorFlow's values. */
  readonly names = new Map<string, string>();
  /** Numbers that are known, by the names of TensorFlow's values. */
  readonly known = new Map<string, HostArray>();
  /** The same values channels first, by their new names. */
  readonly first = new Map<string, string>();

  constructor(
    readonly graph: GraphBuilder,
    readonly source: string,
  ) {}

  /** The new name of a value; known numbers come into the graph when they are first used. */
  nameOf(value: string): string {
    const name = this.names.get(value);
    if (name !== undefined) return name;
    const array = this.known.get(value);
    if (!array) throw new UserError(`${this.source} needs a result ${JSON.stringify(value.slice(0, 60))} that its node does not have; convert the network again.`); // prettier-ignore
    const constant = this.graph.constant(array, value);
    this.names.set(value, constant);
    return constant;
  }
}

export class TfNode {
  constructor(
    readonly writing: Writing,
    readonly node: GraphDefNode,
  ) {}

  get graph(): GraphBuilder {
    return this.writing.graph;
  }

  fail(what: string): never {
    const { name, op } = this.node;
    throw new UserError(`${this.writing.source}: ${name.slice(-60)} (${op.slice(0, 40)}) ${what}.`);
  }

  get inputs(): string[] {
    return this.node.inputs.map((value) => this.writing.nameOf(value));
  }

  input(index = 0): string {
    return this.writing.nameOf(this.node.inputs[index] ?? this.fail(`has no input ${index}`));
  }

  knownInput(index: number): HostArray | undefined {
    return this.writing.known.get(this.node.inputs[index] ?? "");
  }

  /** The numbers of an input that must be known. */
  numbers(index: number): number[] {
    const array =
      this.knownInput(index) ?? this.fail(`has an input ${index} that is computed, which is not read`);
    return Array.from(array.data);
  }

  int(name: string, otherwise: number): number {
    const value = this.node.attributes[name]?.i ?? otherwise;
    return Number.isSafeInteger(Number(value)) ? Number(value) : this.fail(`has no whole number ${name}`);
  }

  float(name: string, otherwise: number): number {
    const value = this.node.attributes[name]?.f ?? otherwise;
    return typeof value === "number" && Number.isFinite(value) ? value : this.fail(`has no number ${name}`);
  }

  flag(name: string): boolean {
    return this.node.attributes[name]?.b === true;
  }

  ints(name: string): number[] {
    const { i = [] } = (this.node.attributes[name]?.list ?? {}) as { i?: unknown };
    const list = Array.isArray(i) ? i.map(Number) : this.fail(`has no list ${name}`);
    return list.every((n) => Number.isSafeInteger(n)) ? list : this.fail(`has no list ${name}`);
  }

  /** A text, which JSON has in base64, or as its letters' numbers. */
  text(name: string): string | undefined {
    const { s } = this.node.attributes[name] ?? {};
    return s === undefined ? undefined : this.decoded(s);
  }

  texts(name: string): string[] {
    const { s = [] } = (this.node.attributes[name]?.list ?? {}) as { s?: unknown };
    return Array.isArray(s) ? s.map((one) => this.decoded(one)) : this.fail(`has no list ${name}`);
  }

  private decoded(s: unknown): string {
    if (Array.isArray(s) && s.every((n) => Number.isInteger(n) && n >= 0 && n < 256)) return String.fromCharCode(...(s as number[])); // prettier-ignore
    if (typeof s !== "string") return this.fail("has a text that is none");
    try {
      return atob(s);
    } catch {
      return this.fail("has a text that is none"); // nor is it base64
    }
  }

  /** The type in an attribute: float32 and whole numbers are told apart, no more. */
  type(name: string): "float" | "int64" | "bool" {
    const given = this.node.attributes[name]?.type;
    if (given === "DT_FLOAT" || given === 1 || given === "DT_HALF") return "float";
    if (given === "DT_INT32" || given === 3 || given === "DT_INT64" || given === 9) return "int64";
    return given === "DT_BOOL" || given === 10
      ? "bool"
      : this.fail(`has the type ${String(given).slice(0, 40)}`);
  }

  write(
    type: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, AttributeValue>> = {},
  ): string {
    return this.graph.node(type, inputs, attributes);
  }

  /** Images channels first. */
  toFirst(name: string): string {
    const { first } = this.writing;
    const turned = first.get(name) ?? this.write("Transpose", [name], { perm: TO_FIRST });
    first.set(name, turned);
    return turned;
  }

  /** Images channels last, of those channels first. */
  toLast(name: string): string {
    const turned = this.write("Transpose", [name], { perm: TO_LAST });
    this.writing.first.set(turned, name);
    return turned;
  }

  /** A weight with its axes in another order: as a constant where it is known. */
  weight(index: number, order: readonly number[], shapeOf?: (shape: readonly number[]) => number[]): string {
    const known = this.knownInput(index);
    if (!known) {
      if (shapeOf) return this.fail("has weights that are computed, which is not read");
      return this.write("Transpose", [this.input(index)], { perm: order });
    }
    if (known.shape.length !== order.length) return this.fail(`has weights of ${known.shape.length} axes`);
    const { shape, data } = permute({ shape: known.shape, data: Float32Array.from(known.data) }, order);
    return this.graph.constant(
      { type: "float", shape: shapeOf?.(shape) ?? shape, data },
      this.node.inputs[index],
    );
  }
}

/** What an operation gives: one value, or several. */
export type Write = (node: TfNode) => string | readonly string[];
