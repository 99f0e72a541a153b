// Operations that only move numbers. They are all one kernel, a strided copy, so they are told apart by the operation's name, and what
// they do is read off the copy's strides and offsets.

import type { KernelCall } from "../../../backend/call.js";
import { UserError } from "../../../base/errors.js";
import { stridesOf } from "../../../base/shape.js";
import type { TapeNode } from "../../../tensor/tape.js";
import { type Exporter, nchwAxis } from "./exporter.js";
import type { Step, Writer } from "./writer.js";

/** Where an offset into a tensor of this shape points. */
function unravel(offset: number, shape: readonly number[]): number[] {
  return stridesOf(shape).map((stride) => {
    const index = Math.floor(offset / stride);
    offset -= index * stride;
    return index;
  });
}

/** Moves, by the operation's name. */
export const moves: Readonly<Record<string, Writer<"copy">>> = {
  transpose: (e, { node }, { inputStrides }) => {
    const [x] = node.inputs;
    const own = stridesOf(x.shape);
    const perm: number[] = [];
    for (const [i, stride] of inputStrides.entries()) {
      const fits = (axis: number) => own[axis] === stride && x.shape[axis] === node.output.shape[i];
      perm.push(x.shape.findIndex((_, axis) => fits(axis) && !perm.includes(axis)));
    }
    const flat = e.graph.node("Transpose", [e.flat(x)], { perm });
    return e.fromFlat(flat, node.output.rank);
  },
  concatenate: (e, { node }) => {
    const { output, inputs } = node;
    const axis = output.shape.findIndex((n, a) => inputs.reduce((total, x) => total + x.shape[a], 0) === n);
    const at = output.rank === 4 ? nchwAxis(axis) : axis;
    return e.graph.node("Concat", inputs.map((t) => e.name(t)), { axis: at }); // prettier-ignore
  },
  broadcastTo: (e, { node, twin }) => {
    const sizes = e.sizesOf(node, twin);
    const ordered = sizes.length === 4 ? [sizes[0], sizes[3], sizes[1], sizes[2]] : sizes;
    return e.graph.node("Expand", [e.operand(node.inputs[0], node.output.rank), e.shape(ordered, false)]);
  },
  slice: (e, step, attributes) => sliced(e, step, attributes),
  stridedSlice: (e, step, attributes) => sliced(e, step, attributes),
  flip: (e, step, attributes) => sliced(e, step, attributes),
  pad: (e, { node, twin }, { outputOffset }) => {
    const [x] = node.inputs;
    const amountsOf = ({ inputs, output }: TapeNode) => {
      const before = unravel(outputOffset, node.output.shape);
      return [before, before.map((n, axis) => output.shape[axis] - inputs[0].shape[axis] - n)];
    };
    const [before, after] = amountsOf(node);
    if (amountsOf(twin).flat().join() !== [before, after].flat().join())
      throw new UserError("toOnnx: padding that depends on the image's size cannot be written.");
    const ordered = (list: number[]) => (x.rank === 4 ? [0, 3, 1, 2].map((axis) => list[axis]) : list);
    return e.graph.node("Pad", [e.name(x), e.graph.list([...ordered(before), ...ordered(after)])]);
  },
};

function sliced(e: Exporter, { node, twin }: Step, { inputStrides, inputOffset }: KernelCall<"copy">["attributes"]): string {
  const [x] = node.inputs;
  const own = stridesOf(x.shape);
  const starts = unravel(inputOffset, x.shape);
  const steps = inputStrides.map((stride, axis) => (node.output.shape[axis] === 1 ? 1 : stride / own[axis]));
  const axes = x.shape.flatMap((n, axis) => (n !== node.output.shape[axis] || steps[axis] !== 1 ? [axis] : []));
  const endOf = (axis: number): number => {
    const [n, m] = [node.output.shape[axis], twin.output.shape[axis]];
    if (n !== m) return steps[axis] < 0 ? -(2 ** 31) : 2 ** 31 - 1; // to the end, wherever that is
    const end = starts[axis] + n * steps[axis];
    return end < 0 ? -(2 ** 31) : end;
  };
  const begin = (axis: number) => (steps[axis] < 0 && node.output.shape[axis] !== twin.output.shape[axis] ? -1 : starts[axis]); // prettier-ignore
  const { graph } = e;
  if (axes.length === 0) return graph.node("Identity", [e.name(x)]);
  const lists = [axes.map(begin), axes.map(endOf), axes.map((axis) => (x.rank === 4 ? nchwAxis(axis) : axis)), axes.map((axis) => steps[axis])]; // prettier-ignore
  return graph.node("Slice", [e.name(x), ...lists.map((list) => graph.list(list))]);
} // prettier-ignore
