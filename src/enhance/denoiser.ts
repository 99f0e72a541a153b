// A model put to work on pixels of any number: padded to what the model takes, cut into tiles under a bound on memory, each tile
// a replay of one recorded program. Where pixels come from is pixels.ts; colour and files are left to enhance.ts and files.ts.

import { breather } from "../base/breathe.js";
import { currentBackend } from "../backend/current.js";
import { OptionError } from "../base/errors.js";
import type { Plane } from "../image/plane.js";
import type { ImageModel } from "../models/index.js";
import { copyWindow, planePixels, type Pixels } from "./pixels.js";
import { TilePrograms } from "./tile-programs.js";
import { balancedTile, evenCuts, leastTile, roundUp, spansAlong, type TileRules } from "./tiles.js";

/** Tiles, memory and backend of a Denoiser. */
export interface DenoiserOptions {
  /** Side of the tiles in pixels, rounded up to the model's alignment; by default as large as the memory allows. */
  tile?: number;
  /** Bound on the bytes of a tile's intermediate values, in MiB (default 256). */
  maxMemory?: number;
  /** Runs operation by operation instead of replaying a recorded program. */
  eager?: boolean;
  /** The model is being trained: nothing prepared from its weights may be kept between runs. */
  weightsChange?: boolean;
}

export interface RestoreOptions {
  onTile?(done: number, total: number): void;
  /** Stops after the tile that is running, by throwing the signal's reason. */
  signal?: AbortSignal;
}

export interface DenoiseOptions extends RestoreOptions {
  /** Takes the restored pixels, as many as the plane's, and is returned; by default a new array. Not the plane's own. */
  into?: Float32Array;
}

/**
 * Standard deviation of the noise in 8-bit grey levels: one number, or where it differs over the picture a plane of one channel
 * and the picture's size.
 */
export type Sigma = number | Plane;

/** Larger than this a tile gains little: its margins are a small part already, and progress is told per tile. */
const mostPixels = 2 ** 24;
/**
 * Enough for the U-shaped network on 3 million pixels. Five times as much saved 3 % of the processor time of 24 million.
 */
export const defaultMaxMemory = 256;
const mebibyte = 2 ** 20;
/** Runs an image model on pictures of any size, tile by tile, in bounded memory. Calls may overlap; dispose() it when done. */
export class Denoiser {
  readonly rules: TileRules;
  private readonly programs: TilePrograms;
  /** The pixels of a tile on their way to and from the model; kept, as large new arrays are slow to come by. */
  private tile?: Float32Array;
  /** The answer to it, where it is larger than the tile. */
  private answer?: Float32Array;
  /** Settles when no call is under way: calls share the programs, their inputs and outputs, and the tile. */
  private lastCall: Promise<void> = Promise.resolve();

  /**
   * @param model built; it stays the caller's
   * @throws UserError when the tile or the memory asked for is too small for the model
   */
  constructor(
    readonly model: ImageModel,
    private readonly options: DenoiserOptions = {},
  ) {
    this.programs = new TilePrograms(model, options);
    const { alignment, imageSize, receptiveRadius } = model;
    // A model of one image size sees every tile as an image of its own.
    this.rules = { alignment, margin: imageSize ? 0 : roundUp(receptiveRadius, alignment) };
    const { tile } = options;
    const least = leastTile(this.rules);
    if (tile !== undefined && least === Infinity)
      throw new OptionError(
        "tile",
        `${tile} cannot be: every pixel that the model gives depends on all of the picture, so pictures are not cut; leave it out.`,
      );
    if (tile !== undefined && !imageSize && tile < least)
      throw new OptionError(
        "tile",
        `${tile} is too small for the model ${model.architecture}, whose pixels depend on others up to ${receptiveRadius} away; give at least ${least}.`,
      );
  }

  /**
   * The plane as the model restores it, of the same size; not clipped. Several calls may be made at once: each
   * waits for those before it.
   * @param plane with as many channels as the model
   * @param sigma of its noise; models that take none ignore it
   */
  denoise(plane: Plane, sigma: Sigma, options: DenoiseOptions = {}): Promise<Float32Array> {
    return this.queued(() => this.denoiseAlone(plane, sigma, options));
  }

  /**
   * Restores pixels tile by tile, from where they are into where they go. What is written is not read again: the two may not be
   * the same place. Calls wait for each other as those of `denoise` do.
   * @param pixels with as many channels as the model
   * @param sigma as for `denoise`
   */
  restore(pixels: Pixels, sigma: Sigma, options: RestoreOptions = {}): Promise<void> {
    return this.queued(() => this.restoreAlone(pixels, sigma, options));
  }

  private queued<T>(call: () => Promise<T>): Promise<T> {
    const result = this.lastCall.then(call);
    this.lastCall = result.then(
      () => undefined,
      () => undefined,
    );
    return result;
  }

  private async denoiseAlone(plane: Plane, sigma: Sigma, options: DenoiseOptions): Promise<Float32Array> {
    const { width, height } = plane;
    const map = checkedMap(sigma, plane);
    const [tileHeight, tileWidth] = this.tileFor(height, width, map !== undefined);
    const { channels } = this.model;
    const { into } = options;
    const length = width * height * channels;
    if (into && into.length !== length)
      throw new RangeError(`an array of ${into.length} values for ${length} restored ones`);
    if (tileHeight === height && tileWidth === width) {
      options.signal?.throwIfAborted();
      const levels = map?.data ?? (sigma as number);
      const restored = await this.programs.run([1, height, width, channels], plane.data, levels, into);
      options.onTile?.(1, 1);
      return restored;
    }
    const out = into ?? newArray(length);
    await this.restoreAlone(planePixels(plane, out), sigma, options);
    return out;
  }

  private async restoreAlone(pixels: Pixels, sigma: Sigma, options: RestoreOptions): Promise<void> {
    const { width, height } = pixels;
    const map = checkedMap(sigma, pixels);
    const [tileHeight, tileWidth] = this.tileFor(height, width, map !== undefined);
    const rows = spansAlong(this.paddedTo(height, tileHeight), tileHeight, this.rules);
    const columns = spansAlong(this.paddedTo(width, tileWidth), tileWidth, this.rules);
    const { channels } = this.model;
    const size = tileHeight * tileWidth * channels;
    if (this.tile?.length !== size) this.tile = newArray(size);
    const { tile } = this;
    const { answerChannels } = this.model;
    const answerSize = tileHeight * tileWidth * answerChannels;
    if (answerSize !== size && this.answer?.length !== answerSize) this.answer = newArray(answerSize);
    const answer = answerSize === size ? tile : this.answer!;
    const mapPixels = map && planePixels(map, map.data); // only read
    const levels = map ? new Float32Array(tileHeight * tileWidth) : (sigma as number);
    const breathe = breather();
    let done = 0;
    for (const y of rows)
      for (const x of columns) {
        options.signal?.throwIfAborted();
        copyWindow(pixels, channels, y.start, x.start, tileHeight, tileWidth, tile);
        if (mapPixels)
          copyWindow(mapPixels, 1, y.start, x.start, tileHeight, tileWidth, levels as Float32Array);
        await this.programs.run([1, tileHeight, tileWidth, channels], tile, levels, answer);
        const kept = Math.max(0, Math.min(x.keepTo, width) - x.keepFrom);
        for (let row = y.keepFrom; row < Math.min(y.keepTo, height); row++) {
          const from = ((row - y.start) * tileWidth + (x.keepFrom - x.start)) * answerChannels;
          pixels.write(row, x.keepFrom, kept, answer, from);
        }
        options.onTile?.(++done, rows.length * columns.length);
        await breathe();
      }
  }

  /** Frees the programs; to be called when no call is under way. */
  dispose(): void {
    this.programs.dispose();
    this.tile = undefined;
    this.answer = undefined;
  }

  private get allowed(): number {
    return (this.options.maxMemory ?? defaultMaxMemory) * mebibyte;
  }

  private paddedTo(length: number, tile: number): number {
    return Math.max(tile, roundUp(length, this.model.imageSize ? tile : this.model.alignment));
  }

  /** The tile's [height, width] for an image: the model's own size, or the largest under the bounds. */
  private tileFor(height: number, width: number, hasMap: boolean): readonly [number, number] {
    if (this.model.imageSize) return this.model.imageSize;
    const { alignment } = this.rules;
    const [padded, paddedWidth] = [roundUp(height, alignment), roundUp(width, alignment)];
    if (this.options.tile !== undefined) {
      const wanted = roundUp(this.options.tile, alignment);
      return [balancedTile(padded, wanted, this.rules), balancedTile(paddedWidth, wanted, this.rules)];
    }
    const cuts = evenCuts(padded, paddedWidth, this.rules);
    const smallest = cuts.reduce((a, b) => (b[0] * b[1] < a[0] * a[1] ? b : a));
    let [most, bytes] = [mostPixels, 0];
    for (const tile of cuts) {
      const area = tile[0] * tile[1];
      if (area > most && tile !== smallest) continue;
      bytes = this.programs.bytesOf(tile, hasMap, this.allowed, tile !== smallest);
      if (bytes <= this.allowed) return tile;
      // Memory is nearly proportional to the area; where it is unknown, what is hardly smaller is not tried.
      most = area * Math.min(0.9, (1.05 * this.allowed) / bytes || 0.9);
    }
    throw new OptionError(
      "maxMemory",
      `${this.allowed / mebibyte} MB is too little for the model ${this.model.architecture}: its smallest tile, ${smallest[1]}x${smallest[0]}, takes ${Math.ceil(bytes / mebibyte)} MB; give more.`,
    );
  }
}

/** The map, if the noise level is one. Throws RangeError when it has another size than the pixels. */
function checkedMap(sigma: Sigma, { width, height }: { width: number; height: number }): Plane | undefined {
  if (typeof sigma === "number") return undefined;
  if (sigma.channels !== 1 || sigma.width !== width || sigma.height !== height)
    throw new RangeError(
      `a map of noise levels of ${sigma.width}x${sigma.height}x${sigma.channels} for a picture of ${width}x${height}`,
    );
  return sigma;
}

const newArray = (length: number): Float32Array =>
  currentBackend().newArray?.(length) ?? new Float32Array(length);
