// Symbolic tensors: places in a network that is being drawn, without numbers. `Input` makes the first, `layer.apply` the others;
// what lies between two of them is a model (models/graph.ts).

import { UserError } from "../base/errors.js";
import type { Shape } from "../tensor/shape.js";
import type { AnyLayer } from "./layer.js";

/** A shape whose `null`, the batch, is not known yet. */
export type SymbolicShape = readonly (number | null)[];

/** One use of a layer while a network is drawn. */
export interface LayerUse {
  readonly layer: AnyLayer;
  readonly inputs: readonly SymbolicTensor[];
  /** The layer takes its inputs as a list, even if there is only one. */
  readonly takesList: boolean;
  readonly outputs: readonly SymbolicTensor[];
}

/** A layer that does not take what it was applied to. What was drawn before it hangs on `inputs`. */
export class DrawingError extends UserError {
  constructor(
    message: string,
    readonly layer: AnyLayer,
    readonly inputs: readonly SymbolicTensor[],
    readonly takesList: boolean,
  ) {
    super(message);
  }
}

/** A place in a network that is being drawn: a shape whose batch is null, and the layer that gives it. */
export class SymbolicTensor {
  constructor(
    /** [null, ...]: the batch is not known yet. */
    readonly shape: SymbolicShape,
    /** What gives it; null for an Input. */
    readonly use: LayerUse | null,
    readonly name?: string,
  ) {}

  /** Its shape with a batch of this size. */
  withBatch(batch: number): Shape {
    return this.shape.map((n) => n ?? batch);
  }

  /** For a mistake: operations take tensors with numbers. */
  operand(): never {
    throw new UserError(
      `A symbolic tensor of shape [${this.shape.map(String).join(", ")}] has no numbers: give it to a layer's apply, and wrap operations as new Lambda((x) => ...).`,
    );
  }
}

/** What Input is told. */
export interface InputOptions {
  /** Shape of one sample: without the batch. */
  shape: Shape;
  name?: string;
}

/** Where a network begins: `Input({ shape: [784] })` stands for tensors [batch, 784]. */
export function Input({ shape, name }: InputOptions): SymbolicTensor {
  if (!Array.isArray(shape) || shape.some((n) => !Number.isInteger(n) || n < 1))
    throw new UserError(
      `Input: the shape must be a list of whole numbers above 0, without the batch, not ${JSON.stringify(shape)}.`,
    );
  return new SymbolicTensor([null, ...shape], null, name);
}

/** As a list, whether it is one or a single one. */
export const listOf = <T extends object>(x: T | readonly T[]): readonly T[] =>
  Array.isArray(x) ? (x as readonly T[]) : [x as T];
