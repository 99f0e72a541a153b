// What a trace is: everything that happened in one pass forward and one back, as plain data. Who makes it is trace.ts; texts,
// drawings and pages are made from it alone.

import type { Shape } from "../../base/shape.js";

/** A place on the tape: the output of a node, or a leaf, each by its number. */
export type Ref = { readonly node: number } | { readonly leaf: number };

/** Numbers with their gradient: d loss / d each of them. */
export interface TracedTensor {
  readonly shape: Shape;
  readonly values: ArrayLike<number>;
  readonly gradient: ArrayLike<number> | undefined;
}

/** One run of a kernel. */
export interface KernelRun {
  readonly kernel: string;
  /** Of the inputs and the first output. */
  readonly inputs: readonly Shape[];
  readonly output: Shape;
  /** Floating-point operations as the catalogue counts them, and the least bytes that move. */
  readonly flops: number;
  readonly bytes: number;
  /** Where the backend computes at once; a GPU's queue hides it. */
  readonly seconds: number | undefined;
}

/** A value of the forward pass that a node's rule reads. */
export interface Kept {
  /** Where it is on the tape; undefined for what an operation made beside its output. */
  readonly ref: Ref | undefined;
  readonly shape: Shape;
  readonly bytes: number;
}

/** The chain rule at one element of one input: its gradient through this node is the sum of dy_j times dy_j/dx_i. */
export interface RuleAt {
  /** Which input of the node. */
  readonly input: number;
  /** The element's flat index in the input, its value, and its gradient through this node. */
  readonly at: number;
  readonly value: number;
  readonly gradient: number;
  /** How many outputs depend on it, and those that count most. */
  readonly count: number;
  readonly terms: readonly RuleTerm[];
}

export interface RuleTerm {
  /** The element's flat index in the output. */
  readonly output: number;
  /** d loss / d that output. */
  readonly dy: number;
  /** d that output / d the input's element. */
  readonly slope: number;
}

/** What starts the tape: parameters, inputs, targets, and numbers of the program's own. */
export interface TraceLeaf extends TracedTensor {
  readonly kind: "parameter" | "input" | "target" | "constant";
  readonly name: string;
}

export interface TraceNode extends TracedTensor {
  readonly operation: string;
  /** The call of a layer that it was made in; undefined outside all layers, as in the loss. */
  readonly call: number | undefined;
  readonly inputs: readonly Ref[];
  readonly forward: readonly KernelRun[];
  readonly backward: readonly KernelRun[];
  /** What its rule reads of the forward pass. */
  readonly kept: readonly Kept[];
  /** One for each input whose gradient is needed. */
  readonly rules: readonly RuleAt[];
  /** The rule's own text, as the machine runs it. */
  readonly ruleText: string;
}

/** One call of a layer; a layer that is used twice is called twice. */
export interface LayerCall {
  /** The layer's dotted path, "" for the model itself. */
  readonly path: string;
  readonly type: string;
  /** The call that it was made in. */
  readonly parent: number | undefined;
  readonly inputs: readonly Shape[];
  /** Undefined where the call failed. */
  output: Shape | undefined;
}

export interface Trace {
  readonly title: string;
  readonly backend: string;
  readonly bytesPerElement: number;
  /** What the loss is called, and its value; undefined when the forward pass failed. */
  readonly lossName: string;
  readonly loss: number | undefined;
  readonly calls: readonly LayerCall[];
  /** In the order in which they were made. */
  readonly nodes: readonly TraceNode[];
  readonly leaves: readonly TraceLeaf[];
  /** A mistake that ended the forward pass, and the innermost layer it happened in. */
  readonly failure: { readonly message: string; readonly call: number | undefined } | undefined;
}
