// The demo's photographs: in the public domain (Getty's Open Content), from packages that are development dependencies.

import { createRequire } from "node:module";
import path from "node:path";
import { UserError } from "../../base/errors.js";
import { convertChannels } from "../../image/colour.js";
import { readImage } from "../../image/files.js";
import { crop, type Image } from "../../image/image.js";

/** Noise that is added, in 8-bit grey levels, and the seed of all that is drawn. */
export const sigma = 25;
export const seed = 1;

/** A square of a photograph. */
export interface Subject {
  readonly name: string;
  readonly title: string;
  readonly left: number;
  readonly top: number;
}

export const boats: Subject = {
  name: "nagasaki-boats",
  title: "Boats in a river, Nagasaki, by Felice Beato, about 1865",
  left: 300,
  top: 300,
};
export const side = 512;

export async function read({ name, left, top }: Subject, size = side): Promise<Image> {
  return crop(convertChannels(await readImage(photographOf(name)), 3), left, top, size, size);
}

export function photographOf(name: string): string {
  const wanted = `@stdlib/datasets-img-${name}`;
  try {
    return path.join(
      path.dirname(createRequire(import.meta.url).resolve(`${wanted}/package.json`)),
      "data",
      "image.jpg",
    );
  } catch {
    throw new UserError(
      `The demo's photographs (${wanted}) are not installed; run npm install in a checkout of Fovea, with development dependencies.`,
    );
  }
}
