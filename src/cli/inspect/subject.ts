// What fovea inspect looks at: a script's model, a model from a file, or an architecture by name, with a batch; once for each state of
// its weights that was asked for.

import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { UserError } from "../../base/errors.js";
import { loadModel } from "../../models/files.js";
import type { OnnxModel } from "../../models/onnx-model.js";
import { isOfOthers, loadOthers } from "../../models/others-node.js";
import { readFileBytes } from "../../formats/files.js";
import type { Subject } from "../../inspect/trace/subject.js";
import "../../models/host-node.js";
import { bundledModel } from "../../models/bundled-node.js";
import { createModel, type ImageModel, isArchitecture } from "../../models/index.js";
import { loadModel as loadSaved } from "../../models/load-model.js";
import { decodeModel } from "../../models/model-file.js";
import { type AnyLayer, Layer } from "../../nn/layer.js";
import type { Loss } from "../../nn/losses.js";
import { DrawingError, listOf } from "../../nn/symbolic.js";
import { Unfinished } from "../../models/unfinished.js";
import { lasting } from "../../tensor/scope.js";
import type { Shape } from "../../tensor/shape.js";
import { tensor, type Tensor, type TensorData, Tensor as TensorClass } from "../../tensor/tensor.js";
import { modelFileOf } from "../../train/files.js";
import { lossOf, type LossName } from "../../train/names.js";
import { batchFor, imageBatch } from "./batch.js";

export interface SubjectFlags {
  model?: string;
  arch?: string;
  data?: string;
  loss?: string;
  sigma?: number | readonly [number, number];
  checkpoints?: string[];
  size?: number;
  batch?: number;
}

export interface LabelledSubject {
  readonly label: string;
  readonly subject: Subject;
  /** How many there will be. */
  readonly of: number;
}

/** Each state of the network in turn, oldest first. The caller disposes each. */
export async function* subjectsOf(
  script: string | undefined,
  flags: SubjectFlags,
): AsyncGenerator<LabelledSubject> {
  if (script !== undefined) {
    if (flags.model !== undefined || flags.checkpoints)
      throw new UserError(`${script} brings its own model; leave --model and --checkpoints out.`);
    yield { label: path.basename(script), subject: await scripted(script, flags), of: 1 };
    return;
  }
  const files = flags.checkpoints ?? (flags.model === undefined ? [] : statesOf(flags.model));
  if (files.length === 0) {
    const model = createModel({ architecture: flags.arch ?? "unet" });
    yield { label: "as initialised", subject: await ofImages(model, flags, flags.arch ?? "unet"), of: 1 };
  }
  for (const file of files)
    yield { label: labelOf(file), subject: await fromFile(file, flags), of: files.length };
}

export function disposeSubject({ model, inputs, targets }: Subject): void {
  model.dispose();
  for (const t of [...inputs, ...targets]) t.dispose();
}

/** A run's kept states and its newest, or the one file that is named. */
function statesOf(name: string): string[] {
  const folder = path.join(name, "steps");
  if (!fs.existsSync(folder) || !fs.statSync(folder).isDirectory()) return [name];
  const kept = fs.readdirSync(folder).filter((file) => file.endsWith(".safetensors"));
  return [...kept.sort().map((file) => path.join(folder, file)), modelFileOf(name)];
}

const labelOf = (file: string): string =>
  path.basename(file, ".safetensors").replace(/^step-0*(\d)/, "step $1");

async function fromFile(name: string, flags: SubjectFlags): Promise<Subject> {
  const file = bundledModel(name)?.file ?? modelFileOf(name);
  if (flags.arch !== undefined) return ofImages(loadModel(name, flags.arch).model, flags, name);
  if (isOfOthers(name)) {
    const model = await loadOthers(name);
    return withBatch(model, shapesOf(model, flags.size ?? 32), flags, name);
  }
  const { config } = decodeModel(readFileBytes(file, "a weights file"), file);
  if (config.model && isArchitecture(config.model.architecture))
    return ofImages(loadModel(name).model, flags, name);
  const model = await loadSaved(name);
  const shapes = config.inputShapes ?? [];
  if (shapes.length === 0)
    throw new UserError(
      `${file} does not say what its inputs are; write a script that exports model, x and y.`,
    );
  return withBatch(model, shapes, flags, name);
}

/** Shapes of a graph's inputs, images channels last; sizes that it leaves free become `size`, channels 3, everything else 1. */
const shapesOf = (model: OnnxModel, size: number): Shape[] =>
  model.inputs.map(({ shape = [] }) => {
    const free = shape.length === 4 ? [1, 3, size, size] : shape.map(() => 1);
    const sizes = shape.map((n, axis) => (typeof n === "number" ? n : free[axis]));
    return sizes.length === 4 ? [sizes[0], sizes[2], sizes[3], sizes[1]] : sizes;
  });

async function ofImages(model: ImageModel, flags: SubjectFlags, title: string): Promise<Subject> {
  const { inputs, targets } = await imageBatch(model, flags);
  return { title, model, inputs, targets, loss: lossNamed(flags.loss) };
}

async function withBatch(
  model: AnyLayer,
  shapes: readonly Shape[],
  flags: SubjectFlags,
  title: string,
): Promise<Subject> {
  const { inputs, targets } = await batchFor(model, shapes, flags);
  return { title, model, inputs, targets, loss: lossNamed(flags.loss) };
}

const lossNamed = (name = "mse"): Loss => named(lossOf(name as LossName));

/** The function under the name that it is told by. */
const named = ({ name, of }: { name: string; of: Loss }): Loss =>
  Object.defineProperty((p: Tensor, t: Tensor) => of(p, t), "name", { value: name });

/** What a script may export. */
interface Exports {
  readonly model?: unknown;
  readonly default?: unknown;
  readonly x?: unknown;
  readonly y?: unknown;
  readonly loss?: LossName | Loss;
}

async function scripted(script: string, flags: SubjectFlags): Promise<Subject> {
  const file = path.resolve(script);
  if (!fs.existsSync(file)) throw new UserError(`There is no script ${script}; check the path.`);
  let exported: Exports;
  try {
    exported = (await import(pathToFileURL(file).href)) as Exports;
  } catch (error) {
    if (!(error instanceof DrawingError)) throw error;
    exported = { model: new Unfinished(error) }; // what was drawn so far; its trace ends at the culprit
  }
  const model = [exported.model, exported.default].find((m) => m instanceof Layer) as AnyLayer | undefined;
  if (!model)
    throw new UserError(
      `${script} exports no model of this Fovea; write for example: export const model = new Sequential([...]).`,
    );
  const loss = exported.loss === undefined ? lossNamed(flags.loss) : named(lossOf(exported.loss));
  const title = path.basename(script);
  if (exported.x === undefined) {
    const shapes = (model as { inputShapes?: readonly Shape[] }).inputShapes;
    if (!shapes)
      throw new UserError(
        `${script} exports a model whose input is not known; export x, too, or begin with Input({ shape }).`,
      );
    return { ...(await withBatch(model, shapes, flags, title)), loss };
  }
  const inputs = tensorsOf(script, "x", exported.x);
  const targets =
    exported.y === undefined ? inputs.map((x) => lasting(x.detach())) : tensorsOf(script, "y", exported.y);
  return { title, model, inputs, targets, loss };
}

/** A tensor, numbers in arrays, or a list of tensors. */
function tensorsOf(script: string, name: string, given: unknown): Tensor[] {
  const isTensors = Array.isArray(given) && given[0] instanceof TensorClass;
  const list = isTensors ? (given as Tensor[]) : listOf(given as Tensor | TensorData as object);
  const made = isTensors || given instanceof TensorClass ? list : [tensor(given as TensorData)];
  for (const t of made as Tensor[])
    if (!(t instanceof TensorClass))
      throw new UserError(`${script}: ${name} must be a tensor, numbers in arrays, or a list of tensors.`);
  return (made as Tensor[]).map((t) => lasting(t));
}
