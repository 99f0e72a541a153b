// fovea models: the networks that come with Fovea, as a list, or the card of one.

import fs from "node:fs";
import { Command } from "commander";
import { UserError } from "../base/errors.js";
import { inBytes } from "../base/units.js";
import { readSafetensorsFile } from "../formats/files.js";
import { bundledModel, bundledModels, type BundledModel } from "../models/bundled-node.js";
import { modelPart } from "../models/files.js";
import { jsonOption } from "./options.js";
import { print, printJson } from "./session.js";

export const modelsCommand = (): Command =>
  new Command("models")
    .description(
      "Lists the bundled networks, or prints one's card: how it was trained, on what, what it scores.",
    )
    .argument("[name]", "a bundled network, such as photo")
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
Examples:
  fovea models
  fovea models photo
  fovea enhance photo.jpg --model denoise-color`,
    )
    .action((name: string | undefined, flags: { json?: boolean }) => list(name, flags.json));

function list(name: string | undefined, json: boolean | undefined): void {
  const models = name === undefined ? bundledModels() : [named(name)];
  if (models.length === 0)
    throw new UserError("This copy of Fovea has no bundled networks; get the package again.");
  if (json) return models.forEach((model) => printJson({ ...factsOf(model), card: model.card }));
  if (name !== undefined) return print(models[0].card.trimEnd());
  const width = Math.max(...models.map((model) => model.name.length));
  for (const model of models) {
    const { task, channels, parameters, bytes } = factsOf(model);
    const size = `${(parameters / 1e6).toFixed(2)} M parameters, ${inBytes(bytes)}`;
    print(`${model.name.padEnd(width)}  ${task}, ${channels === 1 ? "grey" : "colour"}; ${size}`);
  }
  print("\nfovea models NAME prints a network's card; fovea enhance --model NAME uses it.");
}

function named(name: string): BundledModel {
  const model = bundledModel(name);
  if (model) return model;
  const names = bundledModels().map((bundled) => bundled.name);
  throw new UserError(`There is no bundled network ${name}; there are ${names.join(", ") || "none"}.`);
}

function factsOf({ name, file }: BundledModel) {
  const { tensors, metadata } = readSafetensorsFile(file);
  const { model, task = "denoise" } = modelPart(JSON.parse(metadata.fovea ?? "null"), file);
  const parameters = [...tensors.values()].reduce((n, { data }) => n + data.length, 0);
  const { architecture, options } = model;
  const channels = options.channels as number;
  return { name, task, architecture, channels, parameters, bytes: fs.statSync(file).size };
}
