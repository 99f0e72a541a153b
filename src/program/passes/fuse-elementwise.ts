// Chains of element-by-element calls become one call, which reads every operand once and keeps what lies between in registers.
// Two calls may merge when they have the same size and one of them can be moved next to the other without passing a call that
// it depends on, or that depends on it.

import type { KernelCall, Operand } from "../../backend/backend.js";
import { sizeOf } from "../../backend/kernels.js";
import type { Value } from "../../backend/program-types.js";
import { inputsOf, outputsOf, type Pass, unchangedBetween, untilStable, type Uses } from "../dataflow.js";
import { asElementwise, broadcastsSimply, type ElementwiseCall, renumber, simplify } from "../elementwise.js";

/** WebGPU guarantees 8 storage buffers a shader. */
const mostOperands = 8;
const mostSteps = 32;

export const fuseElementwise: Pass = (program) =>
  untilStable(program, (calls, position, uses) => {
    const second = asElementwise(calls[position]);
    if (!second) return undefined;
    for (const value of inputsOf(second)) {
      const writes = uses.get(value)!.writes;
      if (writes.length !== 1 || writes[0] >= position) continue;
      const first = asElementwise(calls[writes[0]]);
      if (!first || sizeOf(first.outputs[0].shape) !== sizeOf(second.outputs[0].shape)) continue;
      // A reshape may lie between: a channel vector of the first must still be one under the second's shape.
      if (!first.inputs.every((operand) => broadcastsSimply(operand, second.outputs[0].shape))) continue;
      const place = meetingPlace(first, second, writes[0], position, uses);
      const fused = place === undefined ? undefined : merge(first, second, position, uses);
      if (fused)
        return calls.flatMap((c, i) =>
          i === place ? [fused] : i === writes[0] || i === position ? [] : [c],
        );
    }
    return undefined;
  });

/** Where both calls may stand: at the second's position, or else at the first's; undefined when neither is safe. */
function meetingPlace(
  first: ElementwiseCall,
  second: ElementwiseCall,
  i: number,
  j: number,
  uses: Map<Value, Uses>,
) {
  const unread = (values: readonly Value[]) =>
    values.every((v) => !uses.get(v)!.reads.some((r) => r > i && r < j));
  const steady = (call: KernelCall) => unchangedBetween(uses, [...inputsOf(call), ...outputsOf(call)], i, j);
  if (unread(outputsOf(first)) && steady(first)) return j;
  if (unread(outputsOf(second)) && steady(second)) return i;
  return undefined;
}

function merge(first: ElementwiseCall, second: ElementwiseCall, position: number, uses: Map<Value, Uses>) {
  const inputs: Operand[] = [...first.inputs];
  const madeByFirst = outputsOf(first);
  // Registers: the inputs of both, then the first's steps, then the second's.
  const inputIndex = second.inputs.map((operand) => {
    if (madeByFirst.includes(operand.storage as Value)) return -1;
    const known = inputs.findIndex(
      (o) => o.storage === operand.storage && sizeOf(o.shape) === sizeOf(operand.shape),
    );
    return known >= 0 ? known : inputs.push(operand) - 1;
  });
  const shift = inputs.length - first.inputs.length;
  const fromFirst = (r: number) => (r < first.inputs.length ? r : r + shift);
  const fromSecond = (r: number) => {
    if (r >= second.inputs.length)
      return r - second.inputs.length + inputs.length + first.attributes.steps.length;
    const made = madeByFirst.indexOf(second.inputs[r].storage as Value);
    return made >= 0 ? fromFirst(first.attributes.results[made]) : inputIndex[r];
  };
  const kept = first.outputs.flatMap((operand, k) => {
    const value = operand.storage as Value;
    const wanted = !value.isTemporary || uses.get(value)!.reads.some((r) => r !== position);
    return wanted ? [{ operand, register: fromFirst(first.attributes.results[k]) }] : [];
  });
  const steps = [
    ...renumber(first.attributes.steps, fromFirst),
    ...renumber(second.attributes.steps, fromSecond),
  ];
  const outputs = [...kept.map((k) => k.operand), ...second.outputs];
  if (inputs.length + outputs.length > mostOperands || steps.length > mostSteps) return undefined;
  const shape = second.outputs[0].shape;
  const results = [...kept.map((k) => k.register), ...second.attributes.results.map(fromSecond)];
  return {
    kernel: "elementwise",
    inputs: inputs.map((operand) => simplify(operand, shape)),
    outputs: outputs.map((operand) => simplify(operand, shape)),
    attributes: { steps, results },
  } as KernelCall;
}
