// fovea convert: a network from one kind of file to another. What the kinds hold is formats/'s and models/'s.

import fs from "node:fs";
import path from "node:path";
import { Command } from "commander";
import { UserError } from "../base/errors.js";
import { writeFileAtomic } from "../formats/files.js";
import { writeSafetensors } from "../formats/safetensors.js";
import type { Inputs } from "../nn/layer.js";
import { readStateDict, isStateDict } from "../models/state-dict-node.js";
import { loadModel } from "../models/load-model.js";
import type { Model } from "../models/model.js";
import { toOnnx } from "../models/onnx-export.js";
import { loadOnnx, OnnxModel } from "../models/onnx-model.js";
import { readTensors, weightsOf } from "../nn/weights.js";
import "../models/host-node.js";
import { backendOption, jsonOption, type SharedOptions, threadsOption } from "./options.js";
import { printJson, say, withBackend } from "./session.js";

interface ConvertFlags extends SharedOptions {
  force?: boolean;
}

export const convertCommand = (): Command =>
  new Command("convert")
    .description(
      "Converts a network to another kind of file: to .onnx (opset 17, dynamic height and width, a denoiser's noise level as its\n" +
        "second input), or its tensors by name to .safetensors. It reads a run of train, .safetensors, a bundled network's name,\n" +
        ".onnx, and PyTorch's .pth and .pt (tensors alone: nothing in them is ever executed).",
    )
    .argument("<in>", "a network: a file, a run's folder or a bundled network's name")
    .argument("<out>", "the file to write: .onnx or .safetensors")
    .option("--force", "replace the file if it is there")
    .addOption(backendOption())
    .addOption(threadsOption())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
Examples:
  fovea convert runs/mine mine.onnx
  fovea convert photo photo.onnx
  fovea convert realesr.pth realesr.safetensors`,
    )
    .action((from: string, to: string, flags: ConvertFlags) => convert(from, to, flags));

type Kind = ".onnx" | ".safetensors";

async function convert(from: string, to: string, flags: ConvertFlags): Promise<void> {
  const kind = path.extname(to).toLowerCase();
  if (kind !== ".onnx" && kind !== ".safetensors")
    throw new UserError(
      `${to} is of no kind that is written; give a name that ends in .onnx or .safetensors.`,
    );
  if (path.resolve(from) === path.resolve(to)) throw new UserError(`${to} would replace the network that is read; give another name.`); // prettier-ignore
  if (!flags.force && fs.existsSync(to))
    throw new UserError(`${to} exists already; add --force to replace it, or give another name.`);
  const bytes = isStateDict(from)
    ? stateDict(from, kind)
    : await withBackend(flags, () => network(from, kind));
  writeFileAtomic(to, bytes);
  say(`${from} -> ${to}, ${(bytes.length / 1e6).toFixed(2)} MB`);
  if (flags.json) printJson({ input: from, output: to, bytes: bytes.length });
}

/** PyTorch's tensors under their own names. */
function stateDict(from: string, kind: Kind): Uint8Array {
  if (kind !== ".safetensors")
    throw new UserError(`${from} holds tensors by name and no network; convert it to .safetensors.`);
  return writeSafetensors(readStateDict(from));
}

async function network(from: string, kind: Kind): Promise<Uint8Array> {
  const model = /\.onnx$/i.test(from) ? await loadOnnx(from) : await loadModel(from);
  try {
    if (kind === ".onnx") return await toOnnx(model as Model<never, Inputs>);
    if (!(model instanceof OnnxModel)) return await model.save();
    return writeSafetensors(await readTensors(weightsOf(model)));
  } finally {
    model.dispose();
  }
}
