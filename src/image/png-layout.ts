// How an image's pixels are laid out in a PNG: samples, depth, palette, transparent colour. An image that came from a palette,
// from 1, 2 or 4 bits, or with a transparent colour goes back to them if every pixel can be said so; if enhancing has made
// levels that it cannot say, it becomes plain grey or RGB of 8 bits, with alpha where some of it is transparent.

import { breather } from "../base/breathe.js";
import { isGrey } from "./colour.js";
import { maxLevel, type Image } from "./image.js";
import type { PngDetails } from "./metadata.js";
import { packSamples, writeSixteen } from "./png-rows.js";

export interface Layout {
  /** 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGB and alpha. */
  readonly colorType: number;
  readonly depth: number;
  /** Samples a pixel. */
  readonly samples: number;
  readonly palette?: Uint8Array;
  readonly transparency?: Uint8Array;
  /** Writes row `y` into bytes. */
  pack(y: number, row: Uint8Array): void;
}

/** The layout of the file it came from, if it can hold every pixel; else that of its channels and bit depth. */
export async function layoutOf(image: Image): Promise<Layout> {
  const source = image.metadata?.png;
  const former = source && (await formerLayout(image, source));
  return former ?? plainLayout(image);
}

function plainLayout({ width, channels, bitDepth, pixels }: Image): Layout {
  const colorType = [0, 4, 2, 6][channels - 1];
  const perRow = width * channels;
  const pack = (y: number, row: Uint8Array) => {
    const levels = pixels.subarray(y * perRow, (y + 1) * perRow);
    if (bitDepth === 16) writeSixteen(levels, row);
    else row.set(levels);
  };
  return { colorType, depth: bitDepth, samples: channels, pack };
}

/** Undefined where the source's was plain, or cannot hold every pixel. */
async function formerLayout(image: Image, source: PngDetails): Promise<Layout | undefined> {
  const { width, height, channels } = image;
  const { colorType, depth, palette, transparency } = source;
  const samplesOf = sampler(image, source);
  if (!samplesOf) return undefined;
  const samples = colorType === 2 ? 3 : 1;
  const unpacked = depth === 16 ? new Uint16Array(width * samples) : new Uint8Array(width * samples);
  const fill = (y: number): boolean => {
    for (let x = 0, at = y * width * channels; x < width; x++, at += channels)
      if (!samplesOf(at, unpacked, x * samples)) return false;
    return true;
  };
  const breathe = breather();
  for (let y = 0; y < height; y++) {
    if (!fill(y)) return undefined;
    await breathe();
  }
  const pack = (y: number, row: Uint8Array) => {
    fill(y);
    if (unpacked instanceof Uint16Array) writeSixteen(unpacked, row);
    else if (depth === 8) row.set(unpacked);
    else packSamples(unpacked, depth, row);
  };
  return { colorType, depth, samples, palette, transparency, pack };
}

/** Writes the samples of the pixel at index `at`; false if there are none for it. */
type Sampler = (at: number, out: Uint8Array | Uint16Array, to: number) => boolean;

function sampler(image: Image, { colorType, depth, palette, transparency }: PngDetails): Sampler | undefined {
  const { channels, bitDepth, pixels } = image;
  const max = maxLevel(image);
  if (palette)
    return bitDepth === 8 && channels > 2 ? paletteSampler(image, palette, transparency) : undefined;
  const isFormer = isGrey(image) === (colorType === 0) && channels % 2 === (transparency ? 0 : 1);
  if ((depth >= 8 && !transparency) || (depth === 16) !== (bitDepth === 16) || !isFormer) return undefined;
  const samples = colorType === 2 ? 3 : 1;
  const scale = depth < 8 ? 255 / (2 ** depth - 1) : 1;
  const key = Array.from(
    { length: transparency ? samples : 0 },
    (_, c) => ((transparency![2 * c] << 8) | transparency![2 * c + 1]) & (2 ** depth - 1),
  );
  return (at, out, to) => {
    let isKey = true;
    for (let c = 0; c < samples; c++) {
      const sample = pixels[at + c] / scale;
      if (sample % 1 !== 0) return false;
      out[to + c] = sample;
      isKey &&= sample === key[c];
    }
    return !transparency || pixels[at + samples] === (isKey ? 0 : max);
  };
}

function paletteSampler(
  { channels, pixels }: Image,
  palette: Uint8Array,
  transparency: Uint8Array | undefined,
): Sampler {
  const indices = new Map<number, number>();
  for (let i = palette.length / 3 - 1; i >= 0; i--) {
    const [r, g, b] = palette.subarray(3 * i);
    indices.set(((transparency?.[i] ?? 255) * 256 + r) * 65536 + g * 256 + b, i);
  }
  return (at, out, to) => {
    const alpha = channels === 4 ? pixels[at + 3] : 255;
    const index = indices.get((alpha * 256 + pixels[at]) * 65536 + pixels[at + 1] * 256 + pixels[at + 2]);
    if (index === undefined) return false;
    out[to] = index;
    return true;
  };
}
