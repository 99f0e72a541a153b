// TensorFlow's operations that move numbers and make shapes.

import type { TfNode, Write } from "./node.js";

/** Beyond the end of every axis. */
const END = 2 ** 31 - 1;

const concat: Write = (node) => {
  const last = node.node.inputs.length - 1;
  return node.write(
    "Concat",
    Array.from({ length: last }, (_, i) => node.input(i)),
    { axis: node.numbers(last)[0] },
  );
};

const pack: Write = (node) => {
  const axis = node.int("axis", 0);
  const parts = node.inputs.map((x) => node.write("Unsqueeze", [x, node.graph.list([axis])]));
  return node.write("Concat", parts, { axis });
};

const pad = (mode: "constant" | "reflect"): Write => (node) => {
  const pairs = node.numbers(1);
  const pads = [0, 1].flatMap((end) => pairs.filter((_, i) => i % 2 === end));
  if (mode === "reflect" && node.text("mode") !== "REFLECT") node.fail("mirrors the border itself, too, which is not read"); // prettier-ignore
  const value = mode === "constant" && node.node.inputs.length > 2 ? [node.input(2)] : [];
  return node.write("Pad", [node.input(), node.graph.list(pads), ...value], { mode });
}; // prettier-ignore

const squeeze: Write = (node) => {
  const axes = [...node.ints("squeeze_dims"), ...node.ints("axis")];
  return node.write("Squeeze", [node.input(), ...(axes.length > 0 ? [node.graph.list(axes)] : [])]);
};

/** x[begin:end:stride] of each of the first axes; the bits of the masks say which ends are open and which axes are taken away. */
const stridedSlice: Write = (node) => {
  const strides = node.numbers(3);
  if (node.int("ellipsis_mask", 0) !== 0 || node.int("new_axis_mask", 0) !== 0)
    node.fail("has an ellipsis or a new axis, which is not read");
  const bit = (mask: string, axis: number) => ((node.int(mask, 0) >> axis) & 1) === 1;
  const axes = strides.map((_, axis) => axis);
  const taken = axes.filter((axis) => bit("shrink_axis_mask", axis));
  const isOpen = (mask: string) => axes.map((axis) => bit(mask, axis) && !taken.includes(axis));
  const far = strides.map((stride) => (stride > 0 ? END : -END));
  const start = strides.map((stride) => (stride > 0 ? 0 : END));
  const begin = ends(node, 1, isOpen("begin_mask"), start);
  let end: string;
  if (taken.length === 0) end = ends(node, 2, isOpen("end_mask"), far);
  else {
    const from = node.numbers(1);
    const known = node.knownInput(2) ? node.numbers(2) : axes.every((a) => taken.includes(a)) ? from : node.numbers(2); // prettier-ignore
    const last = (a: number) => (from[a] === -1 ? END : from[a] + 1);
    end = node.graph.list(axes.map((a) => (taken.includes(a) ? last(a) : bit("end_mask", a) ? far[a] : known[a]))); // prettier-ignore
  }
  const part = node.write("Slice", [
    node.input(),
    begin,
    end,
    node.graph.list(axes),
    node.graph.list(strides),
  ]);
  return taken.length > 0 ? node.write("Squeeze", [part, node.graph.list(taken)]) : part;
};

/** The ends of a slice, known or computed, those that are open put in. */
function ends(node: TfNode, index: number, isOpen: readonly boolean[], open: readonly number[]): string {
  if (node.knownInput(index))
    return node.graph.list(node.numbers(index).map((n, axis) => (isOpen[axis] ? open[axis] : n)));
  if (!isOpen.includes(true)) return node.input(index);
  const mask = node.graph.constant({ type: "bool", shape: [isOpen.length], data: Float64Array.from(isOpen, Number) }); // prettier-ignore
  return node.write("Where", [mask, node.graph.list(open), node.input(index)]);
}

const slice: Write = (node) => {
  const [begin, size] = [node.numbers(1), node.numbers(2)];
  const ends = begin.map((from, a) => (size[a] === -1 ? END : from + size[a]));
  return node.write("Slice", [node.input(), node.graph.list(begin), node.graph.list(ends)]);
};

function split(node: TfNode, x: string, axis: number, sizes: readonly number[] | number): string[] {
  const count = typeof sizes === "number" ? sizes : sizes.length;
  if (!(count >= 1 && count <= 4096)) return node.fail(`has ${count} parts`);
  const outputs = Array.from({ length: count }, () => node.graph.fresh("split"));
  const parts = typeof sizes === "number" ? [] : [node.graph.list(sizes)];
  node.graph.several("Split", [x, ...parts], { axis }, outputs);
  return outputs;
}

const gather: Write = (node) => {
  if (node.int("batch_dims", 0) !== 0) node.fail("has batch_dims, which is not read");
  const axis = node.node.inputs.length > 2 ? node.numbers(2)[0] : 0;
  return node.write("Gather", [node.input(), node.input(1)], { axis });
};

export const movingWriters: Readonly<Record<string, Write>> = {
  ConcatV2: concat,
  Pack: pack,
  Pad: pad("constant"),
  PadV2: pad("constant"),
  MirrorPad: pad("reflect"),
  Squeeze: squeeze,
  StridedSlice: stridedSlice,
  Slice: slice,
  Split: (node) => split(node, node.input(1), node.numbers(0)[0], node.int("num_split", 1)),
  SplitV: (node) => split(node, node.input(), node.numbers(2)[0], node.numbers(1)),
  GatherV2: gather,
  Gather: gather,
  Reshape: (node) => node.write("Reshape", node.inputs),
  Transpose: (node) => node.write("Transpose", [node.input()], { perm: node.numbers(1) }),
  ExpandDims: (node) => node.write("Unsqueeze", [node.input(), node.graph.list(node.numbers(1))]),
  Shape: (node) => node.write("Shape", [node.input()]),
  Tile: (node) => node.write("Tile", node.inputs),
  BroadcastTo: (node) => node.write("Expand", node.inputs),
  Range: (node) => node.write("Range", node.inputs),
  Fill: (node) => node.write("Expand", [node.input(1), node.input()]),
};
