// enhance() in a page: a better photograph from what pages hold; the same kind comes back. What is done to the pixels is enhance.ts, how
// pictures are read image/page.ts. Node's enhance() is library-node.ts.

import type { Backend } from "../backend/backend.js";
import { chosenBackend } from "../backend/current.js";
import { useBackend } from "../backend/select-page.js";
import { UserError } from "../base/errors.js";
import { fetchBytes } from "../base/places.js";
import type { Image } from "../image/image.js";
import { openPicture, type PagePicture, pictureFile, toImageData } from "../image/page.js";
import { ImageModel } from "../models/image-model.js";
import { loadModel } from "../models/load-model.js";
import { Denoiser, type Sigma } from "./denoiser.js";
import { type Enhanced, enhanceImage } from "./enhance.js";
import { bundledFor, bundledOf, type Task, tasks } from "./tasks.js";

export interface PageEnhanceOptions {
  /** "photo" (default): what phones and cameras leave; "denoise": Gaussian noise of a level that is told or
   * estimated; "deblock": what JPEG leaves. */
  task?: Task;
  /** In [0, 2]: 0 changes nothing, 1 (default) is as trained. */
  strength?: number;
  /** Instead of the task's bundled model: a model of your own, which stays yours. */
  model?: ImageModel;
  /** Of the noise, in 8-bit grey levels: one number, a plane of them, or "auto" (default) to estimate it; for models that take it. */
  sigma?: Sigma | "auto";
  signal?: AbortSignal;
  /** Told the share that is done, in (0, 1]. */
  onProgress?(share: number): void;
}

/**
 * A better photograph: a Blob or File gives a Blob of the same format (PNG, JPEG, WebP; others become PNG), ImageData and whatever a
 * canvas draws give ImageData, an image an image. Without useBackend() before, the faster of WebGPU and WebAssembly is opened. Nothing
 * is sent anywhere; the bundled model is fetched from beside the code (see locate), once.
 * @throws UserError for what is no picture or an option out of range; the signal's reason when it is set off
 */
export function enhance(photo: Blob, options?: PageEnhanceOptions): Promise<Blob>;
export function enhance(photo: Image, options?: PageEnhanceOptions): Promise<Image>;
export function enhance(photo: Exclude<PagePicture, Blob>, options?: PageEnhanceOptions): Promise<ImageData>;
export async function enhance(
  photo: PagePicture | Image,
  options: PageEnhanceOptions = {},
): Promise<Blob | Image | ImageData> {
  if ("pixels" in photo) return (await enhancePixels(photo, options)).image;
  const image = await openPicture(photo, undefined, options.signal);
  const { image: better } = await enhancePixels(image, options);
  return photo instanceof Blob ? pictureFile(better) : toImageData(better);
}

/** The same for an image, with what was found in it. */
export async function enhancePixels(image: Image, options: PageEnhanceOptions = {}): Promise<Enhanced> {
  const { model, task = "photo", sigma, strength, signal, onProgress } = options;
  expectTask(task);
  signal?.throwIfAborted();
  const backend = chosenBackend() ?? (await (opened ??= useBackend("auto")));
  const denoiser = model
    ? new Denoiser(model, { weightsChange: true })
    : await bundled(backend, bundledFor(task, image.channels));
  const onTile = (done: number, total: number): void => onProgress?.(done / total);
  try {
    return await enhanceImage(image, denoiser, { sigma, strength, signal, onTile });
  } finally {
    if (model) denoiser.dispose();
  }
}

/**
 * Opens a backend, unless one is open, and fetches the networks of a task, so that enhance() asks for nothing more.
 * @throws UserError for a task that there is not, or a network that cannot be fetched
 */
export async function prepareTask(task: Task): Promise<void> {
  expectTask(task);
  const backend = chosenBackend() ?? (await (opened ??= useBackend("auto")));
  await Promise.all(bundledOf(task).map((name) => bundled(backend, name)));
}

function expectTask(task: Task): void {
  if (!tasks.includes(task))
    throw new UserError(`enhance: there is no task ${String(task)}; choose one of ${tasks.join(", ")}.`);
}

let opened: Promise<Backend> | undefined;

/** Models live as long as their backend; one that could not be loaded is asked for again. */
const shelves = new WeakMap<Backend, Map<string, Promise<Denoiser>>>();

function bundled(backend: Backend, name: string): Promise<Denoiser> {
  const shelf = shelves.get(backend) ?? new Map<string, Promise<Denoiser>>();
  shelves.set(backend, shelf);
  const known = shelf.get(name);
  if (known) return known;
  const loading = load(name);
  shelf.set(name, loading);
  loading.catch(() => shelf.delete(name));
  return loading;
}

async function load(name: string): Promise<Denoiser> {
  const model = await loadModel(await fetchBytes(`weights/${name}.safetensors`));
  if (!(model instanceof ImageModel)) throw new UserError(`${name} is no model of images.`);
  // Smaller tiles than in Node: progress and cancelling are told between them.
  return new Denoiser(model, { maxMemory: 64 });
}
