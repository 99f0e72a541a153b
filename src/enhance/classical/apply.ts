// A classical method put to work on any picture: read from "clahe:clip=2,tiles=8", applied to the colours while alpha stays, in
// bands of rows where the method allows, so that progress is told and Ctrl-C is heard. Which methods there are is methods.ts.

import { breather } from "../../base/breathe.js";
import { OptionError } from "../../base/errors.js";
import { convertChannels, isGrey, mergeAlpha, splitAlpha } from "../../image/colour.js";
import { withHiddenFilled } from "../../image/hidden.js";
import { crop, newLevels, type Image } from "../../image/image.js";
import { methods, type Method, type Parameter, type Values } from "./methods.js";

/** A method with its parameters. */
export interface Chosen {
  readonly name: string;
  readonly method: Method;
  readonly values: Values;
}

export interface ApplyOptions {
  /** Told the share of the rows that are done, in [0, 1]. */
  onProgress?(share: number): void;
  signal?: AbortSignal;
}

/**
 * Reads a method's name, and behind a colon those of its parameters that are not to be the defaults: "median", "median:size=5".
 * Throws an OptionError for `option`, for names that there are not and values out of range.
 */
export function parseMethod(text: string, option = "method"): Chosen {
  const [name, ...rest] = text.split(":");
  const method = Object.hasOwn(methods, name) ? methods[name] : undefined;
  if (!method)
    throw new OptionError(
      option,
      `${name} is not a classical method; choose one of ${Object.keys(methods).join(", ")}.`,
    );
  const values = Object.fromEntries(Object.entries(method.parameters).map(([key, p]) => [key, p.default]));
  const given = rest.join(":");
  for (const pair of given === "" ? [] : given.split(",")) {
    const [key, value, ...more] = pair.split("=");
    if (!Object.hasOwn(values, key) || value === undefined || more.length > 0)
      throw new OptionError(
        option,
        `${text}: ${pair} sets nothing that ${name} has; ${usageOf(name, method)}.`,
      );
    values[key] = checked(value, method.parameters[key], option, `${text}: ${key}`);
  }
  return { name, method, values };
}

function usageOf(name: string, { parameters }: Method): string {
  const pairs = Object.entries(parameters).map(([key, p]) => `${key}=${p.default}`);
  return pairs.length === 0 ? "it has no parameters" : `its defaults are ${name}:${pairs.join(",")}`;
}

function checked(text: string, { from, to, kind }: Parameter, option: string, what: string): number {
  const value = text.trim() === "" ? NaN : Number(text);
  const isKind = kind === undefined || (kind === "odd" ? value % 2 === 1 : Number.isInteger(value));
  if (!(value >= from && value <= to) || !isKind)
    throw new OptionError(
      option,
      `${what} ${text} is not ${kind === undefined ? "a" : kind === "odd" ? "an odd" : "a whole"} number of ${from} to ${to}; give one that is.`,
    );
  return value;
}

/** "clahe:clip=2,tiles=8": what `parseMethod` reads. */
export function describeMethod({ name, values }: Chosen): string {
  const pairs = Object.entries(values).map(([key, value]) => `${key}=${value}`);
  return pairs.length === 0 ? name : `${name}:${pairs.join(",")}`;
}

/** Least pixels of a band. */
const bandPixels = 2 ** 15;

/**
 * Applies a method. Size, bit depth and alpha are the picture's, and so are colours under full transparency; grey, sobel and
 * sharpen make colour grey.
 */
export async function applyMethod(image: Image, chosen: Chosen, options: ApplyOptions = {}): Promise<Image> {
  options.signal?.throwIfAborted();
  const filled = await withHiddenFilled(image);
  const { colour, alpha } = splitAlpha(filled);
  const made = mergeAlpha(await applyInBands(colour, chosen, options), alpha);
  const result = isGrey(made) && !isGrey(image) ? withoutProfile(made) : made;
  return filled === image ? result : withHiddenOf(image, result);
}

/** A profile of colours does not fit a grey picture. */
const withoutProfile = ({ metadata, ...image }: Image): Image => ({
  ...image,
  metadata: metadata && { ...metadata, icc: undefined },
});

/** Puts the colours under full transparency back, in the result's own pixels. */
function withHiddenOf(image: Image, result: Image): Image {
  const { channels, pixels } = convertChannels(image, result.channels);
  for (let at = 0; at < pixels.length; at += channels)
    if (pixels[at + channels - 1] === 0) result.pixels.set(pixels.subarray(at, at + channels), at);
  return result;
}

async function applyInBands(
  colour: Image,
  { method, values }: Chosen,
  { onProgress, signal }: ApplyOptions,
): Promise<Image> {
  const { width, height, bitDepth } = colour;
  const reach = method.reach?.(values, bitDepth) ?? height;
  // Several times as many rows as are seen beside them: the margins are computed in vain.
  const rows = Math.max(Math.ceil(bandPixels / width), 8 * reach);
  if (rows >= height) return method.apply(colour, values);
  const breathe = breather();
  let whole: Image | undefined;
  for (let from = 0; from < height; from += rows) {
    const [top, bottom] = [Math.max(0, from - reach), Math.min(height, from + rows + reach)];
    const band = method.apply(crop(colour, 0, top, width, bottom - top), values);
    const kept = Math.min(rows, height - from);
    const { pixels } = crop(band, 0, from - top, width, kept);
    whole ??= { ...band, height, pixels: newLevels(width * height * band.channels, bitDepth) };
    whole.pixels.set(pixels, from * width * band.channels);
    onProgress?.((from + kept) / height);
    await breathe();
    signal?.throwIfAborted();
  }
  return whole!;
}
