// A node's attributes, by name and kind. What is not there has the default that ONNX gives it.

import { UserError } from "../../base/errors.js";
import type { AttributeProto } from "./messages.js";
import { decodeTensor, type HostArray } from "./tensors.js";

const kinds: Readonly<Record<number, string>> = {
  ...{ 1: "float", 2: "int", 3: "string", 4: "tensor", 5: "graph" },
  ...{ 6: "floats", 7: "ints", 8: "strings", 9: "tensors", 10: "graphs" },
};

export class Attributes {
  private readonly byName: ReadonlyMap<string, AttributeProto>;

  constructor(
    list: readonly AttributeProto[],
    /** Names the node for messages. */
    readonly where: string,
  ) {
    const byName = new Map<string, AttributeProto>();
    for (const attribute of list) {
      const name = attribute.name ?? "";
      if (byName.has(name)) throw new UserError(`${where} has the attribute "${name}" twice; get the file again.`); // prettier-ignore
      byName.set(name, attribute);
    }
    this.byName = byName;
  }

  has(name: string): boolean {
    return this.byName.has(name);
  }

  names(): string[] {
    return [...this.byName.keys()];
  }

  /** Whether any holds a graph, as control flow does. */
  get holdsGraphs(): boolean {
    return [...this.byName.values()].some((a) => a.g !== undefined || a.graphs.length > 0);
  }

  int(name: string, otherwise: number): number;
  int(name: string): number | undefined;
  int(name: string, otherwise?: number): number | undefined {
    const attribute = this.find(name, "int");
    if (!attribute) return otherwise;
    const value = attribute.i ?? 0;
    if (!Number.isSafeInteger(value)) throw new UserError(`${this.where}: its attribute ${name} is ${value}, which is too large.`); // prettier-ignore
    return value;
  }

  flag(name: string, otherwise = false): boolean {
    return this.int(name, Number(otherwise)) !== 0;
  }

  float(name: string, otherwise: number): number {
    const attribute = this.find(name, "float");
    return attribute ? (attribute.f ?? 0) : otherwise;
  }

  ints(name: string): readonly number[] | undefined {
    return this.find(name, "ints")?.ints;
  }

  floats(name: string): readonly number[] | undefined {
    return this.find(name, "floats")?.floats;
  }

  /** One of the words that the attribute may be, the default first. */
  word<T extends string>(name: string, words: readonly T[]): T {
    const value = this.text(name) ?? words[0];
    const found = words.find((word) => word === value);
    if (found === undefined)
      throw new UserError(
        `${this.where}: its attribute ${name} is ${JSON.stringify(value.slice(0, 40))}, and ${words.join(", ")} are known.`,
      );
    return found;
  }

  text(name: string): string | undefined {
    const bytes = this.find(name, "string")?.s;
    return bytes && new TextDecoder().decode(bytes);
  }

  tensor(name: string): HostArray | undefined {
    const tensor = this.find(name, "tensor")?.t;
    return tensor && decodeTensor(tensor, `${this.where}: its attribute ${name}`);
  }

  private find(name: string, kind: string): AttributeProto | undefined {
    const attribute = this.byName.get(name);
    if (!attribute) return undefined;
    const given = kinds[attribute.type ?? 0];
    // Files of IR version 1 did not say the kind.
    if (given !== undefined && given !== kind)
      throw new UserError(`${this.where}: its attribute ${name} is of kind ${given}, not ${kind}.`);
    return attribute;
  }
}
