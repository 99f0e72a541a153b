// fovea convert: a network from one kind of file to another. What the kinds hold is formats/'s and models/'s.

import fs from "node:fs";
import path from "node:path";
import { Command } from "commander";
import { UserError } from "../base/errors.js";
import { inBytes } from "../base/units.js";
import { useBackend } from "../backend/select.js";
import { writeFileAtomic } from "../formats/files.js";
import { writeSafetensors } from "../formats/safetensors.js";
import type { Inputs } from "../nn/layer.js";
import { isOfOthers, isStateFile, loadOthers, onnxBytesOf } from "../models/others-node.js";
import { readStateDict } from "../models/state-dict-node.js";
import { loadModel } from "../models/load-model.js";
import type { Model } from "../models/model.js";
import { toOnnx } from "../models/onnx-export.js";
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
        ".onnx, and PyTorch's .pth, .pt and .safetensors (tensors alone: nothing in them is ever executed), from whose names and\n" +
        "shapes it knows which network they are: DnCNN, IRCNN, FFDNet, DRUNet, Real-ESRGAN's, ESRGAN, SPAN, RLFN, SAFMN, NAFNet, ECBSR;\n" +
        "Keras's .keras and .h5; and TensorFlow.js's layers and graph models (model.json).",
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
  fovea convert realesr.pth realesr.onnx
  fovea convert anything.pth tensors.safetensors`,
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
  const bytes = isOfOthers(from) ? await ofOthers(from, kind) : await withBackend(flags, () => network(from, kind)); // prettier-ignore
  writeFileAtomic(to, bytes);
  say(`${from} -> ${to}, ${inBytes(bytes.length)}`);
  if (flags.json) printJson({ input: from, output: to, bytes: bytes.length });
}

/** A network as ONNX, whatever its file is; tensors under their own names, be it known to which network they belong or not. */
async function ofOthers(from: string, kind: Kind): Promise<Uint8Array> {
  if (kind === ".onnx") return onnxBytesOf(from);
  if (isStateFile(from)) return writeSafetensors(readStateDict(from));
  await useBackend("reference"); // only to hold what is read
  const model = await loadOthers(from);
  return writeSafetensors(await readTensors(weightsOf(model)));
}

/** A network of Fovea's own. */
async function network(from: string, kind: Kind): Promise<Uint8Array> {
  const model = await loadModel(from);
  try {
    return kind === ".onnx" ? await toOnnx(model as Model<never, Inputs>) : await model.save();
  } finally {
    model.dispose();
  }
}
