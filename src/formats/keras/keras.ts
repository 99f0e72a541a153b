// Keras's own files: .keras, a zip archive with config.json and model.weights.h5, and .h5, which holds the description as an attribute.
// The network of it is index.ts's.

import { UserError } from "../../base/errors.js";
import { Hdf5, isHdf5 } from "../hdf5.js";
import type { Weights } from "../pytorch.js";
import { isZip, readZip } from "../zip.js";
import { isModel } from "./config.js";
import type { KerasFile } from "./index.js";
import { type FindWeights, nameAmong, variablesOf } from "./variables.js";

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

/** One file of HDF5: the weights of each layer, those of a model's layers too, in a group of its name, which lists them. */
function ofHdf5(file: Hdf5, fail: Fail): KerasFile {
  const [config] = file.texts("", "model_config") ?? [];
  if (config === undefined)
    return fail("holds weights without a model; save the whole model: model.save('model.keras')");
  const model = jsonOf(config, "model_config", fail);
  const listed = new Map<string, Map<string, string>>();
  const namesIn = (group: string): Map<string, string> => {
    const found = listed.get(group) ?? new Map((file.texts(group, "weight_names") ?? []).map((name) => [name.replace(/:0$/, ""), name])); // prettier-ignore
    listed.set(group, found);
    return found;
  };
  const weights: FindWeights = (path, variable) => {
    const group = `model_weights/${path[0]}`;
    const names = namesIn(group);
    const isOwn = (name: string) => path.length === 1 && name.split("/").at(-1) === variable;
    const name = nameAmong(names, path, variable) ?? [...names.keys()].find(isOwn);
    return name === undefined ? undefined : file.floats(`${group}/${names.get(name)!}`);
  };
  return { model, weights, version: versionOf(file.texts("", "keras_version")?.[0], 2) };
}

/** The HDF5 in a .keras: a layer's variables by number, in a group called after its class, which later versions name. */
function ofStore(file: Hdf5, model: unknown): FindWeights {
  const weights = new Map<string, Weights>();
  addStored({ file, paths: file.paths, weights }, model, "", []);
  return (path, variable) => weights.get([...path, variable].join("/"));
}

interface Stored {
  readonly file: Hdf5;
  readonly paths: readonly string[];
  readonly weights: Map<string, Weights>;
}

/** The variables of a model whose layers' groups lie within `within`. */
function addStored(stored: Stored, model: unknown, within: string, path: readonly string[]): void {
  const { file, paths, weights } = stored;
  const groups = new Map<string, string>();
  for (const group of paths) {
    const [, place] = (group.startsWith(within) && /^[^/]+[/\\]([^/\\]+)\/vars$/.exec(group.slice(within.length))) || []; // prettier-ignore
    if (place !== undefined) groups.set(place, group);
  }
  const byName = new Map([...groups.values()].map((group) => [file.texts(group, "name")?.[0], group]));
  const seen = new Map<string, number>();
  for (const { name, className, config, layer } of layersOf(model)) {
    const place = snakeCase(className === "Model" ? "Functional" : className);
    const before = seen.get(place) ?? 0;
    seen.set(place, before + 1);
    const group = byName.get(name) ?? groups.get(before === 0 ? place : `${place}_${before}`);
    if (group === undefined) continue;
    const own = [...path, name];
    if (isModel(className)) addStored(stored, layer, group.slice(0, -"vars".length), own);
    for (const [i, variable] of variablesOf(className, config).entries()) {
      const array = file.floats(`${group}/${i}`);
      if (array) weights.set([...own, variable].join("/"), array);
    }
  }
}

/** As Keras's to_snake_case, which names the groups. */
const snakeCase = (className: string): string =>
  className.replace(/\W+/g, "").replace(/(.)([A-Z][a-z]+)/g, "$1_$2").replace(/([a-z])([A-Z])/g, "$1_$2").toLowerCase(); // prettier-ignore

interface Layer {
  readonly name: string;
  readonly className: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly layer: unknown;
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
      ? [{ name, className, config: own, layer }]
      : [];
  });
}
