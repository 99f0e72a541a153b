// Keras's own files: .keras, a zip archive with config.json and model.weights.h5, and .h5, which holds the description as an attribute.
// The network of it is index.ts's.

import { UserError } from "../../base/errors.js";
import { Hdf5, isHdf5 } from "../hdf5.js";
import type { Weights } from "../pytorch.js";
import { isZip, readZip } from "../zip.js";
import type { KerasFile } from "./index.js";
import { variablesOf } from "./variables.js";

type Fail = (what: string) => never;

/**
 * Reads a whole model's file. Lambda layers and others' layers are Python, of which nothing is executed.
 * @param source what to call the file in messages
 * @throws UserError, one sentence, for what is no such file or is not sound
 */
export function readKeras(bytes: Uint8Array, source: string): KerasFile {
  const fail: Fail = (what) => {
    throw new UserError(`${source} ${what}.`);
  };
  if (isHdf5(bytes)) return ofHdf5(new Hdf5(bytes, source), fail);
  if (!isZip(bytes)) return fail("is no file of Keras: neither a zip archive nor HDF5; check the file");
  const files = readZip(bytes, source);
  const [config, weights] = ["config.json", "model.weights.h5"].map((name) => files.get(name));
  if (!config || !weights) return fail("holds no config.json with model.weights.h5; save the model again");
  const model = jsonOf(new TextDecoder().decode(config), "config.json", fail);
  const about = jsonOf(new TextDecoder().decode(files.get("metadata.json") ?? new Uint8Array([123, 125])), "metadata.json", fail); // prettier-ignore
  if (!isHdf5(weights)) return fail("has a model.weights.h5 that is no HDF5; get the file again");
  const found = ofStore(new Hdf5(weights, source), model);
  return { model, weights: found, version: versionOf((about as { keras_version?: unknown } | null)?.keras_version, 3) }; // prettier-ignore
}

function jsonOf(text: string, name: string, fail: Fail): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return fail(`has a ${name} that is no JSON; get the file again`);
  }
}

const versionOf = (given: unknown, otherwise: number): number =>
  (typeof given === "string" && parseFloat(given)) || otherwise;

/** One file of HDF5: the weights of each layer in a group of its name, which lists them. */
function ofHdf5(file: Hdf5, fail: Fail): KerasFile {
  const [config] = file.texts("", "model_config") ?? [];
  if (config === undefined)
    return fail("holds weights without a model; save the whole model: model.save('model.keras')");
  const model = jsonOf(config, "model_config", fail);
  const weights = new Map<string, Weights>();
  for (const { name } of layersOf(model)) {
    const group = `model_weights/${name}`;
    for (const path of file.texts(group, "weight_names") ?? []) {
      const array = file.floats(`${group}/${path}`);
      const variable = path.replace(/:0$/, "").split("/").at(-1)!;
      if (array) weights.set(`${name}/${variable}`, array);
    }
  }
  return { model, weights, version: versionOf(file.texts("", "keras_version")?.[0], 2) };
}

/** The HDF5 in a .keras: a layer's variables by number, in a group called after its class, which later versions name. */
function ofStore(file: Hdf5, model: unknown): Map<string, Weights> {
  const groups = new Map<string, string>();
  for (const path of file.paths) {
    const [, place] = /^[^/]+[/\\]([^/\\]+)\/vars$/.exec(path) ?? [];
    if (place !== undefined) groups.set(place, path);
  }
  const byName = new Map([...groups.values()].map((path) => [file.texts(path, "name")?.[0], path]));
  const weights = new Map<string, Weights>();
  const seen = new Map<string, number>();
  for (const { name, className, config } of layersOf(model)) {
    const place = snakeCase(className);
    const before = seen.get(place) ?? 0;
    seen.set(place, before + 1);
    const group = byName.get(name) ?? groups.get(before === 0 ? place : `${place}_${before}`);
    if (group === undefined) continue;
    for (const [i, variable] of variablesOf(className, config).entries()) {
      const array = file.floats(`${group}/${i}`);
      if (array) weights.set(`${name}/${variable}`, array);
    }
  }
  return weights;
}

/** As Keras's to_snake_case, which names the groups. */
const snakeCase = (className: string): string =>
  className.replace(/\W+/g, "").replace(/(.)([A-Z][a-z]+)/g, "$1_$2").replace(/([a-z])([A-Z])/g, "$1_$2").toLowerCase(); // prettier-ignore

interface Layer {
  readonly name: string;
  readonly className: string;
  readonly config: Readonly<Record<string, unknown>>;
}

/** The layers that a description lists; what is wrong with it is told by config.ts. */
function layersOf(model: unknown): Layer[] {
  const config = (model as { config?: unknown } | null)?.config;
  const list = Array.isArray(config)
    ? (config as unknown[])
    : (config as { layers?: unknown } | null)?.layers;
  if (!Array.isArray(list)) return [];
  return (list as (Record<string, unknown> | null)[]).flatMap((layer) => {
    const own = (layer?.config ?? {}) as Record<string, unknown>;
    const [name, className] = [layer?.name ?? own.name, layer?.class_name];
    return typeof name === "string" && typeof className === "string"
      ? [{ name, className, config: own }]
      : [];
  });
}
