// A model's operations, as one call of it leaves them on the tape, with the kernel calls behind them: what is written as a graph of
// ONNX. Two calls with inputs of two sizes tell which sizes are fixed and which follow from the input's.

import { currentBackend, withBackend } from "../../../backend/current.js";
import type { Backend } from "../../../backend/backend.js";
import type { KernelCall, Storage } from "../../../backend/call.js";
import type { Shape } from "../../../base/shape.js";
import { empty, runInto, type Tensor } from "../../../tensor/tensor.js";
import { tape, type TapeNode } from "../../../tensor/tape.js";

export interface Trace {
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  /** Only what depends on an input, each after those it takes. */
  readonly nodes: readonly TapeNode[];
  /** The last kernel call that wrote a node's output; undefined where only its shape was changed. */
  callOf(node: TapeNode): KernelCall | undefined;
  /** Whether a tensor was computed from an input, on the tape or not. */
  depends(t: Tensor): boolean;
}

/** Calls the body with inputs of these shapes, filled with halves. To be called in a scope that outlives the trace. */
export function traceOf(
  body: (inputs: readonly Tensor[]) => readonly Tensor[],
  shapes: readonly Shape[],
): Trace {
  const written = new Map<Storage, KernelCall>();
  const dependent = new Set<Storage>();
  const { inputs, outputs } = withBackend(watched(currentBackend(), written, dependent), () => {
    const inputs = shapes.map((shape) => {
      const t = empty(shape);
      runInto("fill", [], [t], { value: 0.5 });
      dependent.add(t.shared.storage);
      t.requiresGrad = true; // so that what depends on it is on the tape
      return t;
    });
    return { inputs, outputs: body(inputs) };
  });
  const depends = new Set<Tensor>(inputs);
  const all = new Map<number, TapeNode>();
  for (const y of outputs) for (const node of tape(y)) all.set(node.id, node);
  const nodes = [...all.values()]
    .sort((a, b) => a.id - b.id)
    .filter((node) => node.inputs.some((x) => depends.has(x)) && depends.add(node.output));
  return {
    inputs,
    outputs,
    nodes,
    callOf: ({ output }) => written.get(output.shared.storage),
    depends: (t) => dependent.has(t.shared.storage),
  };
}

/** The backend, telling its calls. */
const watched = (backend: Backend, written: Map<Storage, KernelCall>, dependent: Set<Storage>): Backend =>
  new Proxy(backend, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== "function") return value;
      if (key !== "run") return value.bind(target) as unknown;
      return (call: KernelCall) => {
        const comesOfInput = call.inputs.some(({ storage }) => dependent.has(storage));
        for (const { storage } of call.outputs) {
          written.set(storage, call);
          if (comesOfInput) dependent.add(storage);
        }
        target.run(call);
      };
    },
  });
