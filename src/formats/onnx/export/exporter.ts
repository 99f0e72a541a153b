// Tensors of a trace as values of ONNX. A tensor of four axes is [batch, height, width, channels] here and [batch, channels,
// height, width] there; all others have the same axes in both. What each operation becomes is operations.ts.

import { UserError } from "../../../base/errors.js";
import { sameShape, type Shape, show } from "../../../base/shape.js";
import type { TapeNode } from "../../../tensor/tape.js";
import type { Tensor } from "../../../tensor/tensor.js";
import { permute } from "../../pytorch.js";
import { GraphBuilder } from "./builder.js";
import type { Trace } from "./trace.js";

/** NHWC's axis -> NCHW's. */
export const nchwAxis = (axis: number): number => [0, 2, 3, 1][axis];
const toNchw = [0, 3, 1, 2];
const toNhwc = [0, 2, 3, 1];

/** A size in the two traces: fixed where they agree. */
export type Size = readonly [inA: number, inB: number];

export class Exporter {
  readonly graph = new GraphBuilder();
  private readonly names = new Map<Tensor, string>();
  /** Every tensor that has a name so far, with its twin in the other trace. */
  private readonly twins = new Map<Tensor, Tensor>();

  /** @param values of the tensors that depend on no input */
  constructor(
    readonly a: Trace,
    readonly b: Trace,
    private readonly values: ReadonlyMap<Tensor, Float32Array>,
    inputNames: readonly string[],
  ) {
    a.inputs.forEach((t, i) => this.give(t, b.inputs[i], this.graph.fresh(inputNames[i])));
  }

  /** Names a tensor's value. */
  give(t: Tensor, twin: Tensor, name: string): void {
    this.names.set(t, name);
    this.twins.set(t, twin);
  }

  isConstant(t: Tensor): boolean {
    return this.values.has(t);
  }

  /** The numbers of a tensor that depends on no input. */
  numbers(t: Tensor): Float32Array {
    return this.values.get(t)!;
  }

  /** A weight turned into another layout; it must not depend on the input. */
  weight(t: Tensor, order: readonly number[]): string {
    const data = this.values.get(t);
    if (!data)
      throw new UserError(
        `toOnnx: the weights of a convolution depend on the input, which ONNX has no operator for.`,
      );
    const turned = permute({ shape: t.shape, data }, order);
    return this.graph.constant({ type: "float", ...turned }, t.name ?? "weight");
  }

  /** The value's name, as it is in ONNX's order of axes. */
  name(t: Tensor): string {
    const known = this.names.get(t);
    if (known !== undefined) return known;
    const data = this.values.get(t);
    if (!data) throw new Error(`toOnnx: a tensor of shape ${show(t.shape)} is used before it is made`);
    const array = t.rank === 4 ? permute({ shape: t.shape, data }, toNchw) : { shape: t.shape, data };
    const name = this.graph.constant({ type: "float", ...array }, t.name ?? "constant");
    this.names.set(t, name);
    return name;
  }

  /** As an operand beside tensors of this rank: axes of channels-last tensors are aligned at the channels. */
  operand(t: Tensor, rank: number): string {
    if (rank !== 4 || t.rank === 4 || t.size === 1) return this.name(t);
    const shape = [...Array.from({ length: 4 - t.rank }, () => 1), ...t.shape];
    const data = this.values.get(t);
    if (data) {
      const array = permute({ shape, data }, toNchw);
      return this.graph.constant({ type: "float", ...array }, t.name ?? "constant");
    }
    const sizes = shape.map((n, axis): Size => [n, axis < 4 - t.rank ? 1 : this.twin(t).shape[axis - 4 + t.rank]]); // prettier-ignore
    const longer = this.graph.node("Reshape", [this.name(t), this.shape(sizes, true)]);
    return this.graph.node("Transpose", [longer], { perm: toNchw });
  }

  /** Row-major in this engine's order of axes. */
  flat(t: Tensor): string {
    return t.rank === 4 ? this.graph.node("Transpose", [this.name(t)], { perm: toNhwc }) : this.name(t);
  }

  /** From this engine's order of axes to ONNX's. */
  fromFlat(name: string, rank: number): string {
    return rank === 4 ? this.graph.node("Transpose", [name], { perm: toNchw }) : name;
  }

  twin(t: Tensor): Tensor {
    return this.twins.get(t) ?? t;
  }

  /** A node's output in both traces: which sizes are fixed. */
  sizesOf(node: TapeNode, twin: TapeNode): Size[] {
    return node.output.shape.map((n, axis): Size => [n, twin.output.shape[axis]]);
  }

  /**
   * A shape as a value: fixed sizes as they are, others taken from a value that has that size in both traces.
   * @param mayGuess one size may be left to Reshape, as -1
   */
  shape(sizes: readonly Size[], mayGuess: boolean): string {
    const open = sizes.filter(([a, b]) => a !== b);
    if (open.length === 0) return this.graph.list(sizes.map(([a]) => a));
    if (mayGuess && open.length === 1) return this.graph.list(sizes.map(([a, b]) => (a === b ? a : -1)));
    const parts = sizes.map((size) =>
      size[0] === size[1] ? this.graph.list([size[0]]) : this.sizeLike(size),
    );
    return this.graph.node("Concat", parts, { axis: 0 });
  }

  private sizeLike([inA, inB]: Size): string {
    for (const [t, twin] of this.twins) {
      const axis = t.shape.findIndex((n, i) => n === inA && twin.shape[i] === inB);
      if (axis < 0) continue;
      const at = t.rank === 4 ? nchwAxis(axis) : axis;
      const shape = this.graph.node("Shape", [this.names.get(t)!]);
      return this.graph.node("Gather", [shape, this.graph.list([at])]);
    }
    throw new UserError(`toOnnx: a size, ${inA} for one input and ${inB} for another, is no size of any tensor, so it cannot be written.`); // prettier-ignore
  }
}

/** Whether two traces are of the same operations. */
export const matches = (a: Trace, b: Trace): boolean =>
  a.nodes.length === b.nodes.length &&
  a.nodes.every((node, i) => {
    const twin = b.nodes[i];
    return node.operation === twin.operation && node.output.rank === twin.output.rank;
  });

/** Whether a shape is the same in both traces. */
export const isFixed = (a: Shape, b: Shape): boolean => sameShape(a, b);
