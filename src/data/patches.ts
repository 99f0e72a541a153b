// Training patches: random crops of a set of images, turned and flipped, clean and noisy. What batch number `step`
// holds follows from the seed and the step alone, so that a resumed run needs nothing but the step to continue.
// Reading folders is files.ts; noise on whole images is degrade/gaussian.ts; places with much detail detail.ts; other damage than white
// noise degrade/.

import { UserError } from "../base/errors.js";
import { fillNormal } from "../base/fill-normal.js";
import { keyOf, philoxWords, uniformFrom, type Key } from "../base/philox.js";
import { RandomStream } from "../base/random-stream.js";
import { convertChannels } from "../image/colour.js";
import type { Image, Levels } from "../image/image.js";
import { checkSigma } from "./degrade/gaussian.js";
import { type Degradation, degradationStream } from "./degrade/draws.js";
import { DetailDraw } from "./detail.js";

export interface PatchOptions {
  /** Side of a patch in pixels; default 64. */
  patch?: number;
  /** Patches in a batch; default 16. */
  batchSize?: number;
  /** Noise level in 8-bit grey levels: one for all, or [from, to] to draw one for each patch evenly; default 25. */
  sigma?: number | readonly [number, number];
  /** Turn by quarters and flip, each of the 8 ways equally often; default true. */
  augment?: boolean;
  /** What makes patches bad instead of Gaussian noise; `sigma` does not matter then. */
  degrade?: Degradation;
  /** What is done to clean patches before they are made bad by `degrade`. */
  soften?: Degradation;
  /** Which places are cut out: any equally often ("even", the default), or those with detail more often. */
  draw?: PatchDraw;
  /** Integer in [0, 2^53); default 0. */
  seed?: number;
}

export type PatchDraw = "even" | "detail";

/** All arrays are the batch's own. */
export interface Batch {
  /** [batchSize, patch, patch, channels] in [0, 1]. */
  readonly clean: Float32Array;
  /** The same with noise, neither clipped nor rounded; or as `degrade` leaves it. */
  readonly noisy: Float32Array;
  /** [batchSize], in 8-bit grey levels; 0 with `degrade`. */
  readonly sigma: Float32Array;
}

/** An image of a training set. */
export interface StoredImage {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly levels: Levels;
}

// The last counter words, which keep the draws apart; see STREAM_DOMAIN in random-stream.ts.
const PATCH_DOMAIN = 3;
const PATCH_NOISE_DOMAIN = 4;
const DETAIL_DOMAIN = 5;

/** Pixels more each way that are degraded and then cut off: the patch begins anywhere within JPEG's blocks, chroma's of 16 included. */
const DEGRADED_MARGIN = 16;

/** Packs an image as `channels` channels (alpha dropped, colour to luma or grey to RGB) of its own bit depth. */
export function storeImage(image: Image, channels: 1 | 3, name: string): StoredImage {
  const { width, height, pixels } = convertChannels(image, channels);
  return { name, width, height, levels: pixels };
}

export class PatchDataset {
  readonly channels: 1 | 3;
  readonly patch: number;
  readonly batchSize: number;
  private readonly images: readonly StoredImage[];
  private readonly sigmaFrom: number;
  private readonly sigmaTo: number;
  private readonly augment: boolean;
  private readonly degrade: Degradation | undefined;
  private readonly soften: Degradation | undefined;
  private readonly detail: DetailDraw | undefined;
  private readonly seed: number;
  private readonly key: Key;
  private order = new Uint32Array(0);
  private orderEpoch = -1;

  /** Throws UserError for no images, an image smaller than the patch, or a bad noise level. */
  constructor(images: readonly StoredImage[], channels: 1 | 3, options: PatchOptions = {}) {
    const {
      patch = 64,
      batchSize = 16,
      sigma = 25,
      augment = true,
      degrade,
      soften,
      draw,
      seed = 0,
    } = options;
    if (images.length === 0)
      throw new UserError("There are no images to train on; give a folder that has some.");
    for (const [what, value] of [
      ["patch", patch],
      ["batch size", batchSize],
    ] as const) {
      if (!(Number.isInteger(value) && value >= 1))
        throw new UserError(`The ${what} ${value} is not a whole number from 1 up; give one.`);
    }
    const side = patch + (degrade ? DEGRADED_MARGIN : 0);
    const small = images
      .filter(({ width, height }) => Math.min(width, height) < side)
      .map(({ name, width, height }) => `${name} is ${width}x${height} pixels`);
    if (small.length > 0) {
      const margin = degrade ? ` with its margin of ${DEGRADED_MARGIN}` : "";
      throw new UserError(
        `${small.join(", ")}, smaller than a patch of ${patch}x${patch}${margin}; take a smaller patch or remove ${small.length === 1 ? "the image" : "these images"}.`,
      );
    }
    [this.sigmaFrom, this.sigmaTo] = typeof sigma === "number" ? [sigma, sigma] : sigma;
    checkSigma(this.sigmaFrom);
    checkSigma(this.sigmaTo);
    if (this.sigmaFrom > this.sigmaTo)
      throw new UserError(
        `The noise levels ${this.sigmaFrom}..${this.sigmaTo} run backwards; give the lower one first.`,
      );
    this.images = images;
    this.channels = channels;
    this.patch = patch;
    this.batchSize = batchSize;
    this.augment = augment;
    this.degrade = degrade;
    this.soften = soften;
    this.seed = seed;
    this.key = keyOf(seed);
    this.detail = draw === "detail" ? new DetailDraw(images, channels) : undefined;
  }

  /** Images in the set; an epoch is as many patches, one from each. */
  get size(): number {
    return this.images.length;
  }

  /**
   * Batch number `step`, from 0: always the same one for the same seed, images and options.
   * @param first, count some of its patches alone
   */
  batch(step: number, first = 0, count = this.batchSize - first): Batch {
    const { patch, batchSize, channels } = this;
    const values = patch * patch * channels;
    const clean = new Float32Array(count * values);
    const noisy = new Float32Array(count * values);
    const sigma = new Float32Array(count);
    for (let b = 0; b < count; b++) {
      const cleanPatch = clean.subarray(b * values, (b + 1) * values);
      const noisyPatch = noisy.subarray(b * values, (b + 1) * values);
      const sample = step * batchSize + first + b;
      if (this.degrade) this.degraded(sample, this.degrade, cleanPatch, noisyPatch);
      else sigma[b] = this.withNoise(sample, cleanPatch, noisyPatch);
    }
    return { clean, noisy, sigma };
  }

  /** Fills in a sample and the same with Gaussian noise, whose level is returned. */
  private withNoise(sample: number, clean: Float32Array, noisy: Float32Array): number {
    const words = this.cut(sample, this.patch, clean);
    const sigma = Math.fround(this.sigmaFrom + (this.sigmaTo - this.sigmaFrom) * uniformFrom(words[3]));
    const [low, high] = wordsOf(sample);
    fillNormal(noisy, sigma / 255, high * 2 ** 32, low, PATCH_NOISE_DOMAIN, this.key[0], this.key[1]);
    for (let i = 0; i < noisy.length; i++) noisy[i] += clean[i];
    return sigma;
  }

  /** Fills in a sample and what `degrade` makes of it. */
  private degraded(sample: number, degrade: Degradation, clean: Float32Array, noisy: Float32Array): void {
    const { patch, channels } = this;
    const side = patch + DEGRADED_MARGIN;
    const data = new Float32Array(side * side * channels);
    const word = this.cut(sample, side, data)[3];
    const random = degradationStream(this.seed, sample);
    const sharp = { width: side, height: side, channels, data };
    const whole = this.soften?.(sharp, random) ?? sharp;
    const bad = degrade(whole, random);
    const [left, top] = [word % DEGRADED_MARGIN, (word >>> 8) % DEGRADED_MARGIN];
    for (let y = 0; y < patch; y++) {
      const from = ((top + y) * side + left) * channels;
      const row = patch * channels;
      clean.set(whole.data.subarray(from, from + row), y * row);
      noisy.set(bad.data.subarray(from, from + row), y * row);
    }
  }

  /** Cuts a sample's square out of its image and turns it; the random words that decided it, of which the last is still free. */
  private cut(sample: number, side: number, out: Float32Array): Uint32Array {
    const words = new Uint32Array(4);
    const [low, high] = wordsOf(sample);
    philoxWords(0, high, low, PATCH_DOMAIN, this.key[0], this.key[1], words, 0);
    const { image, left, top } = this.detail
      ? this.detailedPlace(this.detail, sample, side, words)
      : this.anyPlace(sample, side, words);
    const turn = this.augment ? words[2] >>> 29 : 0;
    copyTurned(image, this.channels, left, top, side, turn, out);
    return words;
  }

  private anyPlace(sample: number, side: number, words: Uint32Array) {
    const image = this.imageOf(sample);
    return {
      image,
      left: scaled(words[0], image.width - side + 1),
      top: scaled(words[1], image.height - side + 1),
    };
  }

  /** A patch that has the drawn place's centre, moved a little, for its own, as far as the image's borders let it. */
  private detailedPlace(detail: DetailDraw, sample: number, side: number, words: Uint32Array) {
    const draw = new Uint32Array(4);
    const [low, high] = wordsOf(sample);
    philoxWords(0, high, low, DETAIL_DOMAIN, this.key[0], this.key[1], draw, 0);
    const place = detail.place((draw[0] + draw[1] * 2 ** -32) * 2 ** -32);
    const image = this.images[place.image];
    const within = (corner: number, word: number, length: number) =>
      Math.min(length - side, Math.max(0, corner + scaled(word, place.size) - (side >> 1)));
    return {
      image,
      left: within(place.left, words[0], image.width),
      top: within(place.top, words[1], image.height),
    };
  }

  /** Each epoch visits every image once, in an order of its own. */
  private imageOf(sample: number): StoredImage {
    const epoch = Math.floor(sample / this.images.length);
    if (epoch !== this.orderEpoch) {
      this.order = Uint32Array.from(this.images, (_, i) => i);
      new RandomStream(this.seed, epoch >>> 0).shuffle(this.order);
      this.orderEpoch = epoch;
    }
    return this.images[this.order[sample % this.images.length]];
  }
}

/** A sample's number as two words, the lower one first. */
const wordsOf = (sample: number): [number, number] => [sample >>> 0, Math.floor(sample / 2 ** 32)];

/** A word as an integer in [0, n). */
function scaled(word: number, n: number): number {
  return Math.floor((word / 2 ** 32) * n);
}

/**
 * Copies a square of `size` pixels at (left, top), turned in one of the 8 ways of the square: bit 0 mirrors the columns,
 * bit 1 the rows, bit 2 exchanges rows and columns.
 */
function copyTurned(
  image: StoredImage,
  channels: number,
  left: number,
  top: number,
  size: number,
  turn: number,
  out: Float32Array,
): void {
  const { levels, width } = image;
  const scale = 1 / (levels instanceof Uint16Array ? 65535 : 255);
  const right = (turn & 1 ? -1 : 1) * channels;
  const down = (turn & 2 ? -1 : 1) * channels * width;
  const first = ((top + (turn & 2 ? size - 1 : 0)) * width + left + (turn & 1 ? size - 1 : 0)) * channels;
  const [stepX, stepY] = turn & 4 ? [down, right] : [right, down];
  let at = 0;
  for (let y = 0; y < size; y++) {
    let from = first + y * stepY;
    for (let x = 0; x < size; x++, from += stepX) {
      for (let c = 0; c < channels; c++) out[at++] = levels[from + c] * scale;
    }
  }
}
