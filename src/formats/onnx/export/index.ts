// A model as the bytes of an ONNX file (opset 17): images are [batch, channels, height, width] there, batch, height and width free.

import { UserError } from "../../../base/errors.js";
import { type Shape, show } from "../../../base/shape.js";
import { scope } from "../../../tensor/scope.js";
import type { Tensor } from "../../../tensor/tensor.js";
import { type GraphValueInfo, modelBytes } from "./builder.js";
import { Exporter, matches, type Size } from "./exporter.js";
import { writeOperation } from "./operations.js";
import { type Trace, traceOf } from "./trace.js";

export interface NamedInput {
  readonly name: string;
  /** Its shape at two sizes, as the model takes it: images [batch, height, width, channels]. */
  readonly shapes: readonly [Shape, Shape];
}

/**
 * The graph of a function of tensors.
 * @param body called twice, with inputs of both sizes
 * @throws UserError for an operation that ONNX has no counterpart for
 */
export async function graphBytes(
  body: (inputs: readonly Tensor[]) => readonly Tensor[],
  inputs: readonly NamedInput[],
): Promise<Uint8Array> {
  using _inner = scope();
  const [a, b] = [0, 1].map((i) => traceOf(body, inputs.map(({ shapes }) => shapes[i]))); // prettier-ignore
  if (!matches(a, b))
    throw new UserError("toOnnx: the model computes other things for another size of its input, which one graph cannot say."); // prettier-ignore
  const exporter = new Exporter(a, b, await constantsOf(a), inputs.map(({ name }) => name)); // prettier-ignore
  a.nodes.forEach((node, i) => {
    const name = writeOperation(exporter, node, b.nodes[i]);
    exporter.give(node.output, b.nodes[i].output, name);
  });
  const { graph } = exporter;
  const outputNames = a.outputs.map((_, i) => (a.outputs.length === 1 ? "output" : `output_${i}`));
  a.outputs.forEach((t, i) => graph.node("Identity", [exporter.name(t)], {}, graph.fresh(outputNames[i])));
  return modelBytes(
    graph,
    inputs.map(({ name, shapes }) => valueInfo(name, shapes, "")),
    a.outputs.map((t, i) => {
      const like = inputs[0].shapes.every((shape, k) => isSameSize(shape, [t, b.outputs[i]][k].shape));
      return valueInfo(outputNames[i], [t.shape, b.outputs[i].shape], like ? "" : `${outputNames[i]}_`);
    }),
  );
}

/** The numbers of every tensor that a node takes and that depends on no input. */
async function constantsOf({ nodes, inputs, outputs, depends }: Trace): Promise<Map<Tensor, Float32Array>> {
  const made = new Set<Tensor>([...inputs, ...nodes.map(({ output }) => output)]);
  const values = new Map<Tensor, Float32Array>();
  for (const t of [...nodes.flatMap((node) => node.inputs), ...outputs])
    if (made.has(t) || values.has(t)) continue;
    else if (depends(t))
      throw new UserError(`toOnnx: a tensor ${show(t.shape)} comes of the input by an operation without a gradient, such as a comparison, which cannot be written yet.`); // prettier-ignore
    else values.set(t, Float32Array.from(await t.data()));
  return values;
}

const axisNames = ["batch", "channels", "height", "width"];

const isSameSize = (a: Shape, b: Shape): boolean =>
  a.length === 4 && b.length === 4 && a[1] === b[1] && a[2] === b[2];

/** Sizes that are not fixed have names; the same name means the same size. */
function valueInfo(name: string, [a, b]: readonly [Shape, Shape], prefix: string): GraphValueInfo {
  const sizes = a.map((n, axis): Size => [n, b[axis]]);
  const images = sizes.length === 4;
  const ordered = images ? [sizes[0], sizes[3], sizes[1], sizes[2]] : sizes;
  const nameOf = (axis: number) =>
    axis === 0 ? "batch" : images ? prefix + axisNames[axis] : `${name}_${axis}`;
  return { name, shape: ordered.map(([n, m], axis) => (n === m ? n : nameOf(axis))) };
}
