// A network's tensors by name while they are put into its layers: what a layer expects and what the file has are compared, and all
// that does not fit is told at once.

import { UserError } from "../../base/errors.js";
import { sameShape, type Shape, show, sizeOf } from "../../base/shape.js";
import type { Weights } from "../pytorch.js";

/** Faults that are named; of more only the number. */
const MOST_NAMED = 6;

export class StateDict {
  private readonly used = new Set<string>();
  private readonly faults: string[] = [];

  constructor(
    private readonly tensors: ReadonlyMap<string, Weights>,
    /** What to call the file in messages. */
    readonly source: string,
  ) {}

  has(name: string): boolean {
    return this.tensors.has(name);
  }

  get names(): string[] {
    return [...this.tensors.keys()];
  }

  /** The shape of a tensor that says how large the network is. Throws a UserError where it is missing or has another rank. */
  shape(name: string, rank = 4): Shape {
    const shape = this.tensors.get(name)?.shape;
    if (shape?.length !== rank)
      throw new UserError(
        `${this.source} has ${shape ? `the tensor ${name} of ${show(shape)}` : `no tensor ${name}`}, which says how large the network is; get the file again.`,
      );
    return shape;
  }

  /** How many of prefix.0, prefix.1, ... there are. */
  count(prefix: string, first = 0): number {
    let n = 0;
    while (this.names.some((name) => name.startsWith(`${prefix}${first + n}.`))) n++;
    return n;
  }

  /** The tensor of that name and shape; zeros, and a fault that finish() tells, where the file has none. */
  take(name: string, shape: Shape): Weights {
    this.used.add(name);
    const found = this.tensors.get(name);
    if (found && sameShape(found.shape, shape)) return found;
    this.faults.push(`${name}: ${show(shape)} expected, ${found ? show(found.shape) : "none"} in the file`);
    return { shape, data: new Float32Array(Math.min(sizeOf(shape), 2 ** 24)) };
  }

  /** A tensor that means nothing to what the network computes. */
  ignore(name: string): void {
    this.used.add(name);
  }

  /** Throws a UserError with everything that did not fit, what is expected and what is there side by side. */
  finish(architecture: string): void {
    const strange = [...this.tensors].filter(([name]) => !this.used.has(name));
    const faults = [
      ...this.faults,
      ...strange.map(([name, { shape }]) => `${name}: nothing expected, ${show(shape)} in the file`),
    ];
    if (faults.length === 0) return;
    const more = faults.length > MOST_NAMED ? [`and ${faults.length - MOST_NAMED} more`] : [];
    throw new UserError(
      `${this.source} has the names of ${architecture}, but its tensors do not fit: ${[...faults.slice(0, MOST_NAMED), ...more].join("; ")}.`,
    );
  }
}
