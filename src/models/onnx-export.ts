// Models as ONNX files. How operations become nodes is formats/onnx/export/.

import { UserError } from "../base/errors.js";
import { host } from "../base/host.js";
import { graphBytes, type NamedInput } from "../formats/onnx/export/index.js";
import { type AnyLayer, inference, type Inputs } from "../nn/layer.js";
import { listOf } from "../nn/symbolic.js";
import type { Shape } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { ImageModel } from "./image-model.js";
import type { Model } from "./model.js";
import { OnnxModel } from "./onnx-model.js";

/**
 * The model as the bytes of an ONNX file of opset 17, as it is without training. Images are [batch, channels, height, width] there,
 * with batch, height and width free where the model takes any; a denoiser's noise level is its second input, "sigma" [batch], in
 * the images' unit (grey levels / 255).
 * @param model built; a model of this project, one that was drawn by Input() and apply(), or what loadOnnx gave
 * @param file is written, too, whole or not at all, where there are files
 * @throws UserError for an operation that ONNX has no counterpart for, and where the input's shape is not known
 */
export async function toOnnx(model: Model<never, Inputs>, file?: string): Promise<Uint8Array> {
  const body = (inputs: readonly Tensor[]): readonly Tensor[] => {
    const given = inputs.length === 1 ? inputs[0] : inputs;
    return listOf<Tensor>((model as AnyLayer).call(given, inference) as Inputs);
  };
  const inputs = namedInputs(model);
  const bytes = await graphBytes(body, inputs);
  if (file !== undefined) {
    if (!host.writeFile)
      throw new UserError(
        "toOnnx: there are no files here; call toOnnx(model) and keep the bytes it resolves to.",
      );
    host.writeFile(file, bytes);
  }
  return bytes;
}

function namedInputs(model: Model<never, Inputs>): NamedInput[] {
  if (model instanceof ImageModel) return imageInputs(model);
  return (model as AnyLayer) instanceof OnnxModel
    ? graphInputs(model as unknown as OnnxModel)
    : drawnInputs(model);
}

/** Free sizes of what was read from ONNX: multiples of 16, so that they can be halved inside. */
function graphInputs({ inputs }: OnnxModel): NamedInput[] {
  const sizes = [
    [2, 3, 48, 80],
    [3, 4, 64, 112],
  ];
  return inputs.map(({ name, shape }) => {
    if (!shape)
      throw new UserError(
        `toOnnx: the graph does not say how many axes its input ${JSON.stringify(name)} has.`,
      );
    const at = (list: readonly number[]) =>
      shape.map((n, axis) => (typeof n === "number" ? n : list[Math.min(axis, 3)]));
    const ordered = (s: number[]): Shape => (s.length === 4 ? [s[0], s[2], s[3], s[1]] : s);
    return { name, shapes: sizes.map((list) => ordered(at(list))) as unknown as [Shape, Shape] };
  });
}

/** Two sizes that have no number in common, so that every size of the graph can be told from the others. */
function imageInputs(model: ImageModel): NamedInput[] {
  const { alignment, channels, imageSize, takesSigma } = model;
  const unit = Math.ceil(12 / alignment);
  const sizes = [0, 2].map(
    (i) => imageSize ?? ([(unit + i) * alignment, (unit + i + 1) * alignment] as const),
  );
  const images = sizes.map(([h, w], i): Shape => [2 + i, h, w, channels]) as [Shape, Shape];
  return [
    { name: "input", shapes: images },
    ...(takesSigma ? [{ name: "sigma", shapes: [[2], [3]] as [Shape, Shape] }] : []),
  ];
}

function drawnInputs(model: Model<never, Inputs>): NamedInput[] {
  const shapes = model.inputShapes;
  if (!shapes)
    throw new UserError(
      "toOnnx: the model's input shape is not known; call build(inputShape) first, or begin with Input({ shape }).",
    );
  return shapes.map((shape, i) => ({
    name: shapes.length === 1 ? "input" : `input_${i}`,
    shapes: [2, 3].map((batch) => [batch, ...shape.slice(1)]) as unknown as [Shape, Shape],
  }));
}
