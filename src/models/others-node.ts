// Networks that others trained, from files: ONNX, PyTorch's tensors whose names say which network they belong to, Keras's models, and
// TensorFlow.js's. Whatever the file is, the network comes as a graph of ONNX.

import fs from "node:fs";
import { UserError } from "../base/errors.js";
import { readBeside } from "../formats/beside-node.js";
import { readFileBytes } from "../formats/files.js";
import { kerasBytes } from "../formats/keras/index.js";
import { readKeras } from "../formats/keras/keras.js";
import { tfjsBytes } from "../formats/tensorflow/index.js";
import { type FoundNetwork, networkOf } from "../formats/networks/index.js";
import { readSafetensors } from "../formats/safetensors.js";
import { bundledModel } from "./bundled-node.js";
import "./host-node.js";
import { loadOnnx, type OnnxModel } from "./onnx-model.js";
import { isStateDict, readStateDict } from "./state-dict-node.js";

export const isOnnx = (file: string): boolean => /\.onnx$/i.test(file);

/** A model.json, with its weights beside it. */
const isTfjs = (file: string): boolean => /\.json$/i.test(file);

const isKeras = (file: string): boolean => /\.(keras|h5|hdf5)$/i.test(file);

/** Tensors of PyTorch, under whatever name. */
export const isStateFile = (file: string): boolean => isStateDict(file) || /\.safetensors$/i.test(file);

/** Whether the file is another's network: by its name, a safetensors file by whether Fovea wrote it. */
export function isOfOthers(file: string): boolean {
  if (bundledModel(file)) return false;
  return isOnnx(file) || isTfjs(file) || isKeras(file) || isStateDict(file) || isForeignTensors(file);
}

function isForeignTensors(file: string): boolean {
  if (!/\.safetensors$/i.test(file) || !fs.existsSync(file)) return false;
  try {
    return readSafetensors(readFileBytes(file, "a network"), file).metadata.fovea === undefined;
  } catch (error) {
    if (error instanceof UserError) return false; // told by whoever reads it next
    throw error;
  }
}

/** The network that a file's tensors belong to. Throws a UserError where they belong to none that is known. */
export const foundIn = (file: string): FoundNetwork => networkOf(readStateDict(file), file);

/** The network in a file as a file of ONNX. Throws a UserError, one sentence, for one that is not sound or not known. */
export function onnxBytesOf(file: string): Uint8Array {
  if (isStateFile(file)) return foundIn(file).bytes;
  const bytes = readFileBytes(file, "a network");
  if (isKeras(file)) return kerasBytes(readKeras(bytes, file), file);
  return isTfjs(file) ? tfjsBytes(bytes, file, readBeside(file)) : bytes;
}

/**
 * Reads such a file.
 * @throws UserError, one sentence, for one that is not sound or holds no network that is known
 */
export const loadOthers = (file: string): Promise<OnnxModel> => loadOnnx(isOnnx(file) ? file : onnxBytesOf(file)); // prettier-ignore
