// Attention within windows of pixels, as Swin Transformer has it (Liu et al., ICCV 2021), written as a graph of ONNX: queries, keys and
// values are 1 x 1 convolutions, a table says how much each offset of two pixels counts, and where the windows are shifted the picture
// is rolled, so that the last windows hold pixels of both borders, which must not see each other.

import { UserError } from "../../base/errors.js";
import type { NetworkWriter } from "./writer.js";

/** Larger windows than any network has; their table of pairs grows with the fourth power. */
const largestSide = 32;

interface Windows {
  readonly heads: number;
  /** In pixels. */
  readonly side: number;
  readonly channels: number;
}

/** Rolled along height and width: pixel `by` becomes the first. */
function rolled(net: NetworkWriter, x: string, by: number): string {
  const { graph } = net;
  const far = 2 ** 31 - 1;
  return [2, 3].reduce((y, axis) => {
    const part = (from: number, to: number) =>
      graph.node("Slice", [y, graph.list([from]), graph.list([to]), graph.list([axis])]);
    return graph.node("Concat", [part(by, far), part(0, by)], { axis });
  }, x);
}

/** How many windows lie along an axis of x, as a list of one number. */
function along({ graph }: NetworkWriter, x: string, axis: number, side: number): string {
  const size = graph.node("Shape", [x], { start: axis, end: axis + 1 });
  return graph.node("Div", [size, graph.list([side])]);
}

/** [heads, pairs of pixels] from the table [heads, 2 side - 1, 2 side - 1] of offsets. */
function offsetBias(net: NetworkWriter, name: string, { heads, side }: Windows): string {
  const span = 2 * side - 1;
  const table = net.tensor(name, [heads, span, span], [heads, span * span]);
  const pixels = side * side;
  const offset = (i: number, j: number) => i - j + side - 1;
  const at = Float64Array.from({ length: pixels * pixels }, (_, pair) => {
    const [p, q] = [Math.floor(pair / pixels), pair % pixels];
    return offset(Math.floor(p / side), Math.floor(q / side)) * span + offset(p % side, q % side);
  });
  const indices = net.graph.constant({ type: "int64", shape: [pixels, pixels], data: at });
  return net.graph.node("Gather", [table, indices], { axis: 1 });
}

/** What a pair that must not see each other gets: its share is 0 in float32. */
const apart = -1e30;

/**
 * What pairs of pixels on either side of the picture's border get within the last windows along an axis, 0 in all windows before. It is
 * made of whole numbers, since floating-point constants are weights, which training would change.
 * @returns [windows, 1, ..., pixels, pixels] of this rank
 */
function borderMask(
  net: NetworkWriter,
  windows: string,
  side: number,
  axis: "rows" | "columns",
  rank: number,
) {
  const pixels = side * side;
  const place = (p: number) => (axis === "rows" ? Math.floor(p / side) : p % side);
  const isAfter = (p: number) => place(p) >= side - Math.floor(side / 2);
  const data = Float64Array.from({ length: pixels * pixels }, (_, pair) =>
    Number(isAfter(Math.floor(pair / pixels)) !== isAfter(pair % pixels)),
  );
  const { graph } = net;
  const shape = [...Array<number>(rank - 2).fill(1), pixels, pixels];
  const last = graph.constant({ type: "int64", shape, data });
  const before = graph.node("Sub", [windows, graph.list([1])]);
  const pads = graph.node("Concat", [before, graph.list(Array<number>(2 * rank - 1).fill(0))], { axis: 0 });
  const FLOAT = 1;
  return net.scaled(graph.node("Cast", [graph.node("Pad", [last, pads])], { to: FLOAT }), apart);
}

function windowsOf({ weights }: NetworkWriter, name: string, channels: number): Windows {
  const [heads, span] = weights.shape(name, 3);
  const side = (span + 1) / 2;
  if (channels % heads !== 0 || !Number.isInteger(side) || side < 1 || side > largestSide)
    throw new UserError(
      `${weights.source} has ${name} of ${heads} heads and ${span} offsets, which does not fit ${channels} channels; get the file again.`,
    );
  return { heads, side, channels };
}

/**
 * softmax(q k / sqrt(channels of a head) + bias) v of each window and head, joined by a linear layer.
 * @param x [batch, channels, height, width], height and width multiples of the window's side
 * @param isShifted by half a window
 */
export function windowAttention(
  net: NetworkWriter,
  x: string,
  name: string,
  channels: number,
  isShifted: boolean,
): string {
  const { graph } = net;
  const table = `${name}.relative_position_params`;
  const windows = windowsOf(net, table, channels);
  const { heads, side } = windows;
  const [depth, shift] = [channels / heads, Math.floor(side / 2)];
  const [rows, columns] = [along(net, x, 2, side), along(net, x, 3, side)];
  const reshape = (y: string, ...sizes: (string | readonly number[])[]) => {
    const parts = sizes.map((part) => (typeof part === "string" ? part : graph.list(part)));
    return graph.node("Reshape", [y, parts.length === 1 ? parts[0] : graph.node("Concat", parts, { axis: 0 })]); // prettier-ignore
  };
  const transpose = (y: string, perm: readonly number[]) => graph.node("Transpose", [y], { perm });

  const own = isShifted ? rolled(net, x, shift) : x;
  const all = transpose(net.linear(own, `${name}.embedding_layer`, [3 * channels, channels]), [0, 2, 3, 1]);
  const cut = reshape(all, [-1], rows, [side], columns, [side, 3, heads, depth]);
  // [3, batch, rows, columns, heads, side, side, depth], and the windows as matrices
  const parts = reshape(transpose(cut, [5, 0, 1, 3, 6, 2, 4, 7]), [3, -1, side * side, depth]);
  const [q, k, v] = [0, 1, 2].map((i) =>
    graph.node("Slice", [parts, graph.list([i]), graph.list([i + 1]), graph.list([0])]),
  );
  const products = graph.node("MatMul", [net.scaled(q, depth ** -0.5), transpose(k, [0, 1, 3, 2])]);

  let bias = offsetBias(net, table, windows);
  let sums = reshape(products, [-1], rows, columns, [heads, side * side, side * side]);
  if (isShifted) {
    bias = net.add(bias, borderMask(net, columns, side, "columns", 4));
    sums = net.add(sums, borderMask(net, rows, side, "rows", 5));
  }
  const shares = graph.node("Softmax", [net.add(sums, bias)], { axis: -1 });
  const seen = graph.node("MatMul", [reshape(shares, [1, -1, side * side, side * side]), v]);
  const back = transpose(
    reshape(seen, [-1], rows, columns, [heads, side, side, depth]),
    [0, 1, 4, 2, 5, 3, 6],
  );
  const [height, width] = [2, 3].map((axis) => graph.node("Shape", [x], { start: axis, end: axis + 1 }));
  const picture = transpose(reshape(back, [-1], height, width, [channels]), [0, 3, 1, 2]);
  const y = net.linear(picture, `${name}.linear`, [channels, channels]);
  return isShifted ? rolled(net, y, -shift) : y;
}
