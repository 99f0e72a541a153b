// Layers as plain JSON and back: what a saved model's file says of its structure. The registry holds the layers of this folder;
// models add themselves (models/load.ts), and users theirs, by registerLayer.

import { suggestion } from "../base/arguments.js";
import { UserError } from "../base/errors.js";
import { Conv2D, Conv2DTranspose } from "./convolution.js";
import { Dense } from "./dense.js";
import type { AnyLayer } from "./layer.js";
import { BatchNormalization, LayerNormalization } from "./normalization.js";
import { AveragePooling2D, DepthToSpace, MaxPooling2D, SpaceToDepth, UpSampling2D } from "./resampling.js";
import { Activation, Add, Concatenate, Dropout, Flatten, GaussianNoise, Reshape } from "./structure.js";

/** A class of layers, as save and loadModel know it. */
export interface LayerClass {
  readonly name: string;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- constructors differ in what they take
  new (...args: any[]): AnyLayer;
  fromConfig(config: Readonly<Record<string, unknown>>): AnyLayer;
}

/** A layer without its weights. */
export interface LayerConfig {
  readonly className: string;
  readonly config: Readonly<Record<string, unknown>>;
}

const classes = new Map<string, LayerClass>(
  Object.entries({
    ...{ Activation, Add, AveragePooling2D, BatchNormalization, Concatenate, Conv2D, Conv2DTranspose, Dense },
    ...{ DepthToSpace, Dropout, Flatten, GaussianNoise, LayerNormalization, MaxPooling2D, Reshape },
    ...{ SpaceToDepth, UpSampling2D },
  }),
);

/**
 * Makes a class of layers or models of your own known to save and loadModel. Its getConfig must give what its fromConfig takes:
 * by default the options that the constructor was given.
 */
export function registerLayer(layer: LayerClass, name = layer.name): void {
  classes.set(name, layer);
}

/** What `layerFrom` makes the layer of again. Throws a UserError when it cannot be told in JSON. */
export function configOf(layer: AnyLayer): LayerConfig {
  const className = [...classes].find(([, known]) => known === layer.constructor)?.[0];
  if (className === undefined)
    throw new UserError(
      `save: ${layer.constructor.name} is not known to loadModel; call registerLayer(${layer.constructor.name}) first.`,
    );
  const config = layer.getConfig();
  const strange = Object.keys(config).find((key) => !isPlain(config[key]));
  if (strange !== undefined)
    throw new UserError(
      `save: the ${strange} of a ${className} layer is nothing that a file can hold; give it by its name, or write a class with getConfig.`,
    );
  return { className, config };
}

/** The layer that a config describes, without its weights. `source` names the file for messages. */
export function layerFrom({ className, config }: LayerConfig, source: string): AnyLayer {
  const known = classes.get(className);
  if (!known)
    throw new UserError(
      `${source} holds a layer ${JSON.stringify(className)} that is not known here; call registerLayer with its class first, or ${suggestion(className, [...classes.keys()])}`,
    );
  return known.fromConfig(config);
}

/** Whether JSON can hold it. */
function isPlain(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  if (Array.isArray(value)) return value.every(isPlain);
  if (typeof value === "object")
    return Object.getPrototypeOf(value) === Object.prototype && Object.values(value).every(isPlain);
  return typeof value === "string" || typeof value === "boolean" || Number.isFinite(value);
}
