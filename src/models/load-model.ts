// loadModel: what save wrote, `fovea train` wrote, or is bundled, as a model again.

import { UserError } from "../base/errors.js";
import { host } from "../base/host.js";
import { layerFrom } from "../nn/config.js";
import { weightsOf, writeTensors } from "../nn/weights.js";
import { createModel, isArchitecture } from "./index.js";
import { Model } from "./model.js";
import { decodeModel, type SavedModel } from "./model-file.js";

/**
 * Reads a model on the current backend, structure and weights. It is not compiled: how it was trained is not kept.
 * @param bytesOrName the bytes that save gave; in Node also a file, a run's folder or the name of a bundled model
 * @throws UserError when the file is not sound, holds NaN, or a class that is not known here (see registerLayer)
 */
export async function loadModel(bytesOrName: Uint8Array | string): Promise<Model> {
  const isName = typeof bytesOrName === "string";
  if (isName && !host.readModel)
    throw new UserError("loadModel: there are no files here; give the bytes of the file.");
  const source = isName ? bytesOrName : "The model's file";
  const bytes = isName ? host.readModel!(bytesOrName) : bytesOrName;
  const { config, weights } = decodeModel(bytes, source);
  const model = structureOf(config, source);
  writeTensors(weightsOf(model), weights, source);
  return model;
}

function structureOf({ model: described, inputShapes }: Partial<SavedModel>, source: string): Model {
  if (typeof described?.architecture !== "string")
    throw new UserError(`${source} does not describe its model; take a file that save or fovea train wrote.`);
  const { architecture, options } = described;
  if (isArchitecture(architecture)) return createModel(described) as unknown as Model;
  const model = layerFrom({ className: architecture, config: options }, source);
  if (!(model instanceof Model))
    throw new UserError(`${source} holds the layer ${architecture}, which is no model.`);
  return model.build(inputShapes?.length === 1 ? inputShapes[0] : inputShapes);
}
