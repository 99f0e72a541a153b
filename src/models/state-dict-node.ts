// State dicts of PyTorch from files: .pth, .pt and .ckpt by formats/pytorch-file.ts, .safetensors by formats/safetensors.ts.

import { readFileBytes, readSafetensorsFile } from "../formats/files.js";
import type { Weights } from "../formats/pytorch.js";
import { readPytorch } from "../formats/pytorch-file.js";

/** A file of PyTorch's own, by its name. */
export const isStateDict = (file: string): boolean => /\.(pth|pt|ckpt)$/i.test(file);

/** Floating-point tensors by name, in PyTorch's layouts. Throws a UserError that names the file. */
export function readStateDict(file: string): Map<string, Weights> {
  if (isStateDict(file)) return readPytorch(readFileBytes(file, "a file of PyTorch"), file);
  const found = new Map<string, Weights>();
  for (const [name, { shape, data }] of readSafetensorsFile(file).tensors)
    if (data instanceof Float32Array) found.set(name, { shape, data });
  return found;
}
