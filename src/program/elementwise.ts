// Element-by-element calls in one common form, the catalogue's `elementwise` kernel: operands, steps over registers, results.
// The passes that fuse and simplify such calls work on this form.

import type { KernelCall, Operand } from "../backend/backend.js";
import { type ElementwiseStep, sizeOf } from "../backend/kernels.js";

export type ElementwiseCall = KernelCall<"elementwise">;

/** The call as an `elementwise` one, if it is element by element and every operand is full, a channel vector or one element. */
export function asElementwise(call: KernelCall): ElementwiseCall | undefined {
  const step = stepOf(call);
  if (!step && call.kernel !== "elementwise") return undefined;
  const output = call.outputs[0].shape;
  if (!call.inputs.every((operand) => broadcastsSimply(operand, output))) return undefined;
  if (!step) return call as ElementwiseCall;
  return {
    kernel: "elementwise",
    inputs: call.inputs.map((operand) => simplify(operand, output)),
    outputs: call.outputs,
    attributes: { steps: [step], results: [call.inputs.length] },
  };
}

function stepOf(call: KernelCall): ElementwiseStep | undefined {
  switch (call.kernel) {
    case "unary":
      return { op: "unary", ...(call as KernelCall<"unary">).attributes, a: 0 };
    case "unaryGrad":
      return { op: "unaryGrad", ...(call as KernelCall<"unaryGrad">).attributes, a: 0, b: 1 };
    case "binary":
      return { op: "binary", ...(call as KernelCall<"binary">).attributes, a: 0, b: 1 };
    case "select":
      return { op: "select", a: 0, b: 1, c: 2 };
    default:
      return undefined;
  }
}

const isOne = (shape: readonly number[]): boolean => sizeOf(shape) === 1;

function isChannelVector(shape: readonly number[], output: readonly number[]): boolean {
  const channels = output[output.length - 1];
  return sizeOf(shape) === channels && shape[shape.length - 1] === channels;
}

/** Full size, a vector along the last axis, or a single element: the operands the fused kernel takes. */
export function broadcastsSimply({ shape }: Operand, output: readonly number[]): boolean {
  return sizeOf(shape) === sizeOf(output) || isOne(shape) || isChannelVector(shape, output);
}

/** The operand under one of the three shapes that the fused kernel takes. */
export function simplify(operand: Operand, output: readonly number[]): Operand {
  const { storage, shape } = operand;
  if (sizeOf(shape) === sizeOf(output)) return { storage, shape: output };
  return { storage, shape: isOne(shape) ? [] : [sizeOf(shape)] };
}

/** The steps with every register sent through `map`. */
export const renumber = (
  steps: readonly ElementwiseStep[],
  map: (register: number) => number,
): ElementwiseStep[] =>
  steps.map((step) => {
    const renamed = { ...step, a: map(step.a) };
    if ("b" in step) (renamed as { b: number }).b = map(step.b);
    if ("c" in step) (renamed as { c: number }).c = map(step.c);
    return renamed;
  });
