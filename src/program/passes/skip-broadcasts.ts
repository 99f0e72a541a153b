// An element-by-element call that reads a stretched copy of one element, or of a channel vector, reads the original instead:
// the fused kernel stretches such operands by itself, and the copy becomes dead.

import type { KernelCall, Operand } from "../../backend/backend.js";
import { sizeOf } from "../../backend/kernels.js";
import type { Value } from "../../backend/program-types.js";
import { inputsOf, type Pass, unchangedBetween, untilStable, type Uses } from "../dataflow.js";
import { asElementwise, broadcastsSimply } from "../elementwise.js";

export const skipBroadcasts: Pass = (program) =>
  untilStable(program, (calls, position, uses) => {
    const call = asElementwise(calls[position]);
    if (!call) return undefined;
    const inputs = call.inputs.map(
      (operand) => original(operand, call.outputs[0].shape, calls, position, uses) ?? operand,
    );
    if (inputs.every((operand, i) => operand === call.inputs[i])) return undefined;
    return calls.map((c, i) => (i === position ? { ...call, inputs } : c));
  });

function original(
  operand: Operand,
  output: readonly number[],
  calls: readonly KernelCall[],
  position: number,
  uses: Map<Value, Uses>,
): Operand | undefined {
  const writes = uses.get(operand.storage as Value)?.writes;
  const copy =
    writes?.length === 1 && writes[0] < position ? (calls[writes[0]] as KernelCall<"copy">) : undefined;
  if (
    copy?.kernel !== "copy" ||
    !isStretch(copy) ||
    !unchangedBetween(uses, inputsOf(copy), writes![0], position)
  )
    return undefined;
  const source = copy.inputs[0];
  const shape = sizeOf(source.shape) === 1 ? [] : [sizeOf(source.shape)];
  return broadcastsSimply({ storage: source.storage, shape }, output) &&
    sizeOf(operand.shape) === sizeOf(output)
    ? { storage: source.storage, shape }
    : undefined;
}

/** A copy that repeats one element everywhere, or a whole vector along the last axis. */
function isStretch(copy: KernelCall<"copy">): boolean {
  const { shape, inputStrides, inputOffset } = copy.attributes;
  const source = sizeOf(copy.inputs[0].shape);
  if (sizeOf(shape) !== sizeOf(copy.outputs[0].shape) || inputOffset !== 0) return false;
  const outer = inputStrides.slice(0, -1).every((stride, axis) => stride === 0 || shape[axis] === 1);
  const last = inputStrides[inputStrides.length - 1];
  return outer && ((source === 1 && (last ?? 0) === 0) || (last === 1 && source === shape[shape.length - 1]));
}
