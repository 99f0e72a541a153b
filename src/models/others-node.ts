// Networks that others trained, from files: ONNX, and PyTorch's tensors whose names say which network they belong to. Whatever the
// file is, the network comes as a graph of ONNX.

import fs from "node:fs";
import { UserError } from "../base/errors.js";
import { readFileBytes } from "../formats/files.js";
import { type FoundNetwork, networkOf } from "../formats/networks/index.js";
import { readSafetensors } from "../formats/safetensors.js";
import { bundledModel } from "./bundled-node.js";
import "./host-node.js";
import { loadOnnx, type OnnxModel } from "./onnx-model.js";
import { isStateDict, readStateDict } from "./state-dict-node.js";

export const isOnnx = (file: string): boolean => /\.onnx$/i.test(file);

/** Whether the file is another's network: by its name, a safetensors file by whether Fovea wrote it. */
export function isOfOthers(file: string): boolean {
  if (bundledModel(file)) return false;
  return isOnnx(file) || isStateDict(file) || isForeignTensors(file);
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

/** The network in a file as a file of ONNX. */
export const onnxBytesOf = (file: string): Uint8Array =>
  isOnnx(file) ? readFileBytes(file, "a network") : foundIn(file).bytes;

/**
 * Reads such a file.
 * @throws UserError, one sentence, for one that is not sound or holds no network that is known
 */
export const loadOthers = (file: string): Promise<OnnxModel> => loadOnnx(isOnnx(file) ? file : onnxBytesOf(file)); // prettier-ignore
