// enhance(): the library's one call for a better photograph, for bytes, a path or an image; the same kind comes back. What is done
// to the pixels is enhance.ts.

import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { Backend } from "../backend/backend.js";
import { chosenBackend } from "../backend/current.js";
import { useBackend } from "../backend/select.js";
import { checkOptions } from "../base/arguments.js";
import { UserError } from "../base/errors.js";
import {
  decodeImage,
  encodeImage,
  imageFormatOf,
  readImage,
  resultName,
  writeImage,
} from "../image/files.js";
import type { Image } from "../image/image.js";
import { ImageModel } from "../models/index.js";
import { Denoiser, type Sigma } from "./denoiser.js";
import { enhanceImage } from "./enhance.js";
import { enlargeImage, scaleOf } from "./enlarge.js";
import { Shelf } from "./shelf-node.js";
import { bundledFor, type Task, tasks } from "./tasks.js";

/** What enhance() may be told; without any it does what `fovea enhance` does. */
export interface EnhanceOptions {
  /** "photo" (default): what phones and cameras leave; "denoise": Gaussian noise of a level that is told or
   * estimated; "deblock": what JPEG leaves. */
  task?: Task;
  /** In [0, 2]: 0 changes nothing, 1 (default) is as trained. */
  strength?: number;
  /** Instead of the task's bundled model: another's name, a file, a run's folder, or a model of your own, which stays yours. */
  model?: string | ImageModel;
  /** Of the noise, in 8-bit grey levels: one number, a plane of them, or "auto" (default) to estimate it; for models that take it. */
  sigma?: Sigma | "auto";
  signal?: AbortSignal;
  /** Told the share that is done, in (0, 1]. */
  onProgress?(share: number): void;
  /** For a path: where to write (default: photo.enhanced.jpg beside photo.jpg). */
  output?: string;
  /** For a path: replaces a result that is there (default false). */
  force?: boolean;
}

/**
 * A better photograph. Bytes of a file (PNG; with sharp JPEG, WebP, TIFF, AVIF) give bytes of the same format, a path gives the
 * path of the result beside it, an image an image; metadata, size, depth and alpha are kept, and the input is left as it is. Calls
 * may be made at once; a bundled model is read once for all of them. Without useBackend() before, the best backend is opened.
 * @throws UserError for what is no picture, an option out of range, a result that would overwrite a file, or an answer of the
 *   network that cannot be an enhanced picture; the signal's reason when it is set off
 */
export function enhance(photo: Image, options?: EnhanceOptions): Promise<Image>;
export function enhance(photo: string | URL, options?: EnhanceOptions): Promise<string>;
export function enhance(photo: Uint8Array | ArrayBuffer, options?: EnhanceOptions): Promise<Uint8Array>;
export async function enhance(
  photo: Image | string | URL | Uint8Array | ArrayBuffer,
  options: EnhanceOptions = {},
): Promise<Image | string | Uint8Array> {
  checkOptions("enhance", options, {
    task: true,
    strength: true,
    model: true,
    sigma: true,
    signal: true,
    onProgress: true,
    output: true,
    force: true,
  });
  if (options.task !== undefined && !tasks.includes(options.task))
    throw new UserError(
      `enhance: there is no task ${String(options.task)}; choose one of ${tasks.join(", ")}.`,
    );
  if (typeof photo === "string" || photo instanceof URL) {
    const file = typeof photo === "string" ? photo : fileURLToPath(photo);
    const output = outputOf(file, options);
    await writeImage(output, await restored(await readImage(file), options));
    return output;
  }
  if (photo instanceof Uint8Array || photo instanceof ArrayBuffer) {
    const source = "The photograph";
    const { image, format } = await decodeImage(new Uint8Array(photo as Uint8Array), source);
    return encodeImage(await restored(image, options), format, source);
  }
  if (photo?.pixels === undefined)
    throw new UserError("enhance: the photograph is neither bytes, a path nor an image; give one of these.");
  return restored(photo, options);
}

function outputOf(file: string, { output, force }: EnhanceOptions): string {
  const { dir, name, ext } = path.parse(file);
  const target = output ?? path.join(dir, resultName(name, ext));
  imageFormatOf(target);
  if (path.resolve(target) === path.resolve(file))
    throw new UserError(`enhance: the result would overwrite ${file}; give another output.`);
  if (!force && fs.existsSync(target))
    throw new UserError(`enhance: ${target} exists already; give another output, or force: true.`);
  return target;
}

async function restored(image: Image, options: EnhanceOptions): Promise<Image> {
  const { model, task = "photo", sigma, strength, signal, onProgress } = options;
  signal?.throwIfAborted();
  const backend = chosenBackend() ?? (await (opened ??= useBackend("auto")));
  const shelf = shelfOf(backend);
  if (typeof model === "string") await shelf.prepare(model);
  const denoiser =
    model instanceof ImageModel
      ? ownDenoiser(model)
      : shelf.get(model ?? bundledFor(task, image.channels)).denoiser;
  const onTile = (done: number, total: number) => onProgress?.(done / total);
  if (scaleOf(denoiser.model) > 1) {
    if (strength !== undefined)
      throw new UserError("enhance: a network that enlarges has no strength; leave it out.");
    const level = sigma === "auto" ? 0 : sigma;
    return enlargeImage(image, denoiser, { sigma: level, signal, onTile });
  }
  return (await enhanceImage(image, denoiser, { sigma, strength, signal, onTile })).image;
}

let opened: Promise<Backend> | undefined;

/** Models live as long as their backend. */
const shelves = new WeakMap<Backend, Shelf>();
function shelfOf(backend: Backend): Shelf {
  const shelf = shelves.get(backend) ?? new Shelf();
  shelves.set(backend, shelf);
  return shelf;
}

/** A model of the caller's may be trained further between calls. */
const denoisers = new WeakMap<ImageModel, Denoiser>();
function ownDenoiser(model: ImageModel): Denoiser {
  const denoiser = denoisers.get(model) ?? new Denoiser(model, { weightsChange: true });
  denoisers.set(model, denoiser);
  return denoiser;
}
