// A batch to look at a network with: photographs or digits that the user names, or a pattern that is drawn here.

import fs from "node:fs";
import path from "node:path";
import { RandomStream } from "../../base/random-stream.js";
import { UserError } from "../../base/errors.js";
import { loadMnist } from "../../data/files.js";
import type { Digits } from "../../data/mnist.js";
import { convertChannels } from "../../image/colour.js";
import { listImages, readImage } from "../../image/files.js";
import { type Plane, toPlane } from "../../image/plane.js";
import { architectures, type ImageModel } from "../../models/index.js";
import type { AnyLayer, InputShape } from "../../nn/layer.js";
import { lasting } from "../../tensor/scope.js";
import { sameShape, type Shape, show, sizeOf } from "../../tensor/shape.js";
import { tensor, type Tensor } from "../../tensor/tensor.js";

export interface BatchFlags {
  readonly data?: string;
  readonly size?: number;
  readonly batch?: number;
  readonly sigma?: number | readonly [number, number];
}

interface Batch {
  readonly inputs: readonly Tensor[];
  readonly targets: readonly Tensor[];
}

/** Outlives every scope: the caller disposes it. */
const made = (data: Float32Array, shape: Shape): Tensor => lasting(tensor(data, shape));

/** Clean pictures as targets; the same with noise as inputs, for denoisers. */
export async function imageBatch(model: ImageModel, flags: BatchFlags): Promise<Batch> {
  const { channels, alignment } = model;
  const side = Math.max(alignment, Math.floor((flags.size ?? 32) / alignment) * alignment);
  const [height, width] = model.imageSize ?? [side, side];
  const count = flags.batch ?? 4;
  const shape = [count, height, width, channels];
  const clean = await pictures(flags.data, shape);
  const isDenoiser = architectures[model.architecture]?.task !== "reconstruct";
  const { sigma: wanted = isDenoiser ? 25 : 0 } = flags;
  const sigma = (typeof wanted === "number" ? wanted : wanted[1]) / 255;
  const noise = new RandomStream(1, 0);
  const noisy = clean.map((value) => value + (sigma > 0 ? sigma * noise.normal() : 0));
  const x = made(noisy, shape).named("images");
  const levels = model.takesSigma ? [made(new Float32Array(count).fill(sigma), [count]).named("sigma")] : [];
  // A network that enlarges answers with blocks of pixels: the target repeats each pixel.
  const copies = model.answerChannels / channels;
  const target = copies === 1 ? clean : repeated(clean, channels, copies);
  const targetShape = [...shape.slice(0, 3), model.answerChannels];
  return { inputs: [x, ...levels], targets: [made(target, targetShape).named("clean images")] };
}

/** Each pixel's channels, so many times. */
const repeated = (pixels: Float32Array, channels: number, copies: number): Float32Array =>
  Float32Array.from({ length: pixels.length * copies }, (_, i) => {
    const [pixel, within] = [Math.floor(i / (channels * copies)), i % channels];
    return pixels[pixel * channels + within];
  });

/** For any model: pictures or digits where its input is like them, else random numbers; the target is the input, the class, or random. */
export async function batchFor(model: AnyLayer, shapes: readonly Shape[], flags: BatchFlags): Promise<Batch> {
  const count = flags.batch ?? 4;
  const wanted = shapes.map((shape) => [count, ...shape.slice(1)]);
  const targets = outputsOf(model, wanted.length === 1 ? wanted[0] : wanted);
  const digits = flags.data === undefined ? undefined : digitsIn(flags.data);
  const inputs: Tensor[] = [];
  for (const shape of wanted) inputs.push(made(await numbersLike(shape, flags.data, digits), shape));
  return {
    inputs,
    targets: targets.map((shape, i) => {
      if (sameShape(shape, wanted[i] ?? [])) return lasting(inputs[i].detach());
      if (digits && sameShape(shape, [count, 10])) return made(classes(digits, count), shape);
      return made(random(shape, 2), shape);
    }),
  };
}

/** Shapes of the outputs; none of a model that does not take its input, whose trace says where it ends. */
function outputsOf(model: AnyLayer, given: InputShape): readonly Shape[] {
  try {
    model.build(given);
    const outputs = model.outputShape(given) as Shape | readonly Shape[];
    return (typeof outputs[0] === "object" ? outputs : [outputs]) as readonly Shape[];
  } catch (error) {
    if (error instanceof UserError) return [];
    throw error;
  }
}

async function numbersLike(
  shape: Shape,
  data: string | undefined,
  digits: Digits | undefined,
): Promise<Float32Array> {
  const [count, ...rest] = shape;
  if (digits && sizeOf(rest) === 784) return digits.images.slice(0, count * 784);
  if (data !== undefined && !digits && rest.length === 3 && (rest[2] === 1 || rest[2] === 3))
    return pictures(data, shape);
  if (data !== undefined)
    throw new UserError(
      `--data ${data} does not fit an input of shape ${show(rest)}; write a script that exports x.`,
    );
  return random(shape, 1);
}

function random(shape: Shape, seed: number): Float32Array {
  const stream = new RandomStream(seed, 0);
  return Float32Array.from({ length: sizeOf(shape) }, () => stream.uniform());
}

function classes(digits: Digits, count: number): Float32Array {
  const rows = new Float32Array(count * 10);
  for (let i = 0; i < count; i++) rows[10 * i + digits.labels[i]] = 1;
  return rows;
}

function digitsIn(folder: string): Digits | undefined {
  const isMnist = ["t10k-images-idx3-ubyte", "t10k-images-idx3-ubyte.gz"].some((name) =>
    fs.existsSync(path.join(folder, name)),
  );
  return isMnist ? loadMnist(folder, "test") : undefined;
}

/** As many pictures as the shape says, cut out of the middles of the files, or drawn. */
async function pictures(data: string | undefined, shape: Shape): Promise<Float32Array> {
  const [count, height, width, channels] = shape;
  const size = height * width * channels;
  const digits = data === undefined ? undefined : digitsIn(data);
  if (digits && size === 784) return digits.images.slice(0, count * 784);
  const files = data === undefined ? [] : listImages(data);
  if (data !== undefined && files.length === 0)
    throw new UserError(`--data ${data} holds no images; name an image or a folder of some.`);
  const all = new Float32Array(count * size);
  for (let i = 0; i < count; i++) {
    const file = files[i % Math.max(1, files.length)];
    const plane = file
      ? middle(toPlane(convertChannels(await readImage(file), channels as 1 | 3)), file, height, width)
      : drawn(height, width, channels, i);
    all.set(plane, i * size);
  }
  return all;
}

function middle({ width: w, height: h, channels, data }: Plane, file: string, height: number, width: number) {
  if (h < height || w < width)
    throw new UserError(
      `${file} is smaller than ${width} x ${height} pixels; give --size, or a larger picture.`,
    );
  const [top, left] = [Math.floor((h - height) / 2), Math.floor((w - width) / 2)];
  const out = new Float32Array(height * width * channels);
  for (let y = 0; y < height; y++) {
    const from = ((top + y) * w + left) * channels;
    out.set(data.subarray(from, from + width * channels), y * width * channels);
  }
  return out;
}

/** A disc, a bar and a slope: edges of all directions, and smooth places between. */
function drawn(height: number, width: number, channels: number, index: number): Float32Array {
  const out = new Float32Array(height * width * channels);
  const [cx, cy] = [0.35 + 0.1 * index, 0.4 + 0.06 * index];
  for (let y = 0, at = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let c = 0; c < channels; c++, at++) {
        const [u, v] = [(x + 0.5) / width, (y + 0.5) / height];
        const inDisc = (u - cx) ** 2 + (v - cy) ** 2 < 0.05;
        const inBar = Math.abs(u + v - 1.15 - 0.05 * index) < 0.06;
        out[at] = inDisc ? 0.9 - 0.15 * c : inBar ? 0.1 + 0.2 * c : 0.25 + 0.4 * u * (1 - 0.2 * c);
      }
  return out;
}
