// The tape and backpropagation.
//
// Every differentiable operation leaves a node: its name, its inputs, its output, and a rule that turns the gradient of the
// output into gradients of the inputs. `gradients` walks the nodes backwards, newest first, and adds up what arrives at
// each tensor: the chain rule, nothing more. The rules themselves stand beside their operations in ops/.

import { checkOptions, describe } from "../base/arguments.js";
import { UserError } from "../base/errors.js";
import { printable } from "./print.js";
import { forget, scope } from "./scope.js";
import { sameShape, show } from "./shape.js";
import { empty, run, runInto, type SharedStorage, Tensor } from "./tensor.js";

/** For each input a thunk that computes its gradient, or null where there is none; only the needed ones are called. */
export type GradientRule = (dy: Tensor) => readonly ((() => Tensor) | null)[];

/** One operation on the tape: what went in, what came out, and the rule that sends the gradient on. */
export interface TapeNode {
  /** Nodes are numbered as they are made, so an input's number is always below its user's. */
  readonly id: number;
  readonly operation: string;
  readonly inputs: readonly Tensor[];
  readonly output: Tensor;
  readonly rule: GradientRule;
}

/** Sees the tape being written and walked, for traces. Each method may be left out. */
export interface TapeObserver {
  /** A node has been put on the tape. */
  made?(node: TapeNode): void;
  /** All of the gradient of this node's output has arrived. */
  arrived?(node: TapeNode, dy: Tensor): void;
  /** Runs part of a node's rule, and must return what it returns. */
  walk?<T>(node: TapeNode, rule: () => T): T;
}

let nextId = 0;
let recording = true;
let observer: TapeObserver = {};
/** The node whose rule is running. */
let walking: TapeNode | undefined;

/** Counts nodes: what happens now happens before the node of this number. */
export const tapeTime = (): number => nextId;

/**
 * Throws when a rule reads a storage that was written over since its operation ran: the gradient would be that of other numbers.
 */
export function checkUnchanged({ madeAt, writtenAt, writer }: SharedStorage): void {
  if (walking && madeAt <= walking.id && writtenAt > walking.id)
    throw new UserError(
      `${walking.operation}: its gradient needs a tensor that ${writer} has written over since; call backward() before that, or write into another tensor.`,
    );
}

/** Puts `output` on the tape, if any input needs a gradient. Returns it. */
export function differentiable(
  operation: string,
  inputs: readonly Tensor[],
  output: Tensor,
  rule: GradientRule,
): Tensor {
  if (recording && inputs.some((input) => input.requiresGrad)) {
    output.requiresGrad = true;
    output.node = { id: nextId++, operation, inputs, output, rule };
    observer.made?.(output.node);
  }
  return output;
}

/** Runs `body` without a tape: nothing made inside can be differentiated. */
export function noGrad<T>(body: () => T): T {
  const before = recording;
  recording = false;
  try {
    return body();
  } finally {
    recording = before;
  }
}

/** Runs `body` with an observer of every node that is made and walked inside. */
export function observeTape<T>(watch: TapeObserver, body: () => T): T {
  const before = observer;
  observer = watch;
  try {
    return body();
  } finally {
    observer = before;
  }
}

/** The nodes that `y` was computed by, oldest first; printed, a line each, what backpropagation will walk. */
export function tape(y: Tensor): TapeNode[] {
  const found = new Map<number, TapeNode>();
  const waiting = [y];
  for (let t = waiting.pop(); t; t = waiting.pop())
    if (t.node && !found.has(t.node.id)) {
      found.set(t.node.id, t.node);
      waiting.push(...t.node.inputs);
    }
  return printable([...found.values()].sort((a, b) => a.id - b.id));
}

/**
 * The gradients dy/dx of a one-element tensor for each x, shaped like x (zeros where y does not depend on x).
 * @param createGraph puts the gradients themselves on the tape, for gradients of gradients.
 */
export function grad(y: Tensor, xs: readonly Tensor[], options: { createGraph?: boolean } = {}): Tensor[] {
  checkOptions("grad", options, { createGraph: true });
  for (const x of [y, ...xs])
    if (!(x instanceof Tensor)) throw new UserError(`grad: expected a tensor, not ${describe(x)}.`);
  if (y.size !== 1)
    throw new UserError(
      `grad: y must have one element, not the shape ${show(y.shape)}; sum it or take its mean first.`,
    );
  return options.createGraph ? walkBack(y, xs, false) : noGrad(() => scope(() => walkBack(y, xs, true)));
}

/** Adds dy/dp to `p.grad` for every parameter p that y depends on, and for every other tensor that keeps its gradient. */
export function backward(y: Tensor): void {
  const reached = [y, ...tape(y).flatMap((node) => node.inputs)];
  const parameters = [...new Set(reached.filter((t) => t.requiresGrad && (!t.node || t.keepsGrad)))];
  const computed = grad(y, parameters);
  parameters.forEach((p, i) => {
    const total = p.grad ? noGrad(() => accumulate(p.grad!, computed[i])) : computed[i];
    forget(total);
    if (p.grad) for (const part of [p.grad, computed[i]]) part.dispose();
    p.grad = total;
  });
}

function walkBack(y: Tensor, xs: readonly Tensor[], freeEarly: boolean): Tensor[] {
  const nodes = tape(y);
  const needed = reaching(nodes, xs);
  const arrived = new Map<Tensor, Tensor>([[y, filled(y, 1)]]);
  const free = (t: Tensor) => {
    if (freeEarly && ![...arrived.values()].includes(t)) t.dispose();
  };
  for (const node of nodes.reverse()) {
    const sent = arrived.get(node.output);
    if (!sent || !needed.has(node.output)) continue;
    const dy = node.output.hooked(sent);
    if (dy !== sent) arrived.set(node.output, dy);
    observer.arrived?.(node, dy);
    const inner = freeEarly ? scope() : undefined;
    const thunks = walk(node, () => node.rule(dy));
    node.inputs.forEach((input, i) => {
      const thunk = needed.has(input) ? thunks[i] : null;
      if (!thunk) return;
      const part = walk(node, thunk);
      if (!sameShape(part.shape, input.shape))
        throw new Error(
          `${node.operation}: its rule gave input ${i} of shape ${show(input.shape)} a gradient of shape ${show(part.shape)}.`,
        );
      const before = arrived.get(input);
      const total = before ? accumulate(before, part) : part;
      arrived.set(input, inner?.keep(total) ?? total);
      if (before) free(before);
    });
    inner?.dispose();
    if (!xs.includes(node.output)) {
      arrived.delete(node.output);
      free(dy);
    }
  }
  const results = xs.map((x) => {
    const total = arrived.get(x) ?? filled(x, 0);
    return x.node ? total : x.hooked(total);
  });
  // One gradient may have arrived at two tensors (a + b): each caller gets a handle of its own.
  return results.map((t, i) => (freeEarly && results.indexOf(t) < i ? t.detach() : t));
}

function walk<T>(node: TapeNode, rule: () => T): T {
  walking = node;
  try {
    return observer.walk ? observer.walk(node, rule) : rule();
  } finally {
    walking = undefined;
  }
}

/** The tensors on the way from y back to the xs, the xs included. */
function reaching(nodes: readonly TapeNode[], xs: readonly Tensor[]): Set<Tensor> {
  const needed = new Set(xs);
  for (const node of nodes) if (node.inputs.some((input) => needed.has(input))) needed.add(node.output);
  return needed;
}

/** a + b of one shape: how gradients that arrive on two ways are joined. Its own gradient is dy for both. */
function accumulate(a: Tensor, b: Tensor): Tensor {
  const sum = run("binary", [a, b], a.shape, { function: "add" });
  return differentiable("accumulate", [a, b], sum, (dy) => [() => dy, () => dy]);
}

function filled(like: Tensor, value: number): Tensor {
  const result = empty(like.shape);
  runInto("fill", [], [result], { value });
  return result;
}
