import { describe, expect, it } from "vitest";
import * as colour from "../../../src/image/colour.js";
import { createImage, crop, quantise8, type Channels, type Image } from "../../../src/image/image.js";
import { sideBySide } from "../../../src/image/side-by-side.js";

/** Pixels that differ everywhere. */
function ramp(width: number, height: number, channels: Channels): Image {
  const data = Float32Array.from({ length: width * height * channels }, (_, i) => ((i * 37) % 101) / 100);
  return createImage(width, height, channels, data);
}
const pixel = (...values: number[]) =>
  createImage(1, 1, values.length as Channels, Float32Array.from(values));
const closeTo = (values: number[]) => values.map((value) => expect.closeTo(value, 6));

describe("colour", () => {
  it("makes BT.601 luma", () => {
    expect([...colour.toGray(pixel(1, 0, 0)).data]).toEqual(closeTo([0.299]));
    expect([...colour.toGray(pixel(0, 1, 0, 0.5)).data]).toEqual(closeTo([0.587]));
    expect([...colour.toGray(pixel(0, 0, 1)).data]).toEqual(closeTo([0.114]));
    expect([...colour.toGray(pixel(0.25, 0.7)).data]).toEqual([0.25]);
  });

  it("goes to YCbCr and back; greys have no colour and pure blue is at the end of Cb", () => {
    const image = ramp(9, 7, 3);
    const back = colour.yCbCrToRgb(colour.rgbToYCbCr(image));
    expect([...back.data]).toEqual(closeTo([...image.data]));
    expect([...colour.rgbToYCbCr(pixel(0.3, 0.3, 0.3)).data]).toEqual(closeTo([0.3, 0.5, 0.5]));
    expect([...colour.rgbToYCbCr(pixel(0, 0, 1)).data]).toEqual(closeTo([0.114, 1, 0.5 - 0.114 / 1.402]));
    expect(() => colour.rgbToYCbCr(ramp(2, 2, 4))).toThrow(/4 channels/);
  });

  it.each([2, 4] as const)("splits %i channels into colour and alpha and merges them again", (channels) => {
    const image = ramp(5, 4, channels);
    const { colour: rest, alpha } = colour.splitAlpha(image);
    expect(rest.channels).toBe(channels - 1);
    expect(alpha?.[7]).toBe(image.data[8 * channels - 1]);
    expect(colour.mergeAlpha(rest, alpha)).toEqual(image);
  });

  it("leaves an opaque image alone", () => {
    const image = ramp(3, 3, 3);
    expect(colour.splitAlpha(image)).toEqual({ colour: image, alpha: undefined });
    expect(colour.mergeAlpha(image, undefined)).toBe(image);
    expect(colour.flattenAlpha(image)).toBe(image);
  });

  it("converts between every pair of channel counts", () => {
    expect([...colour.convertChannels(pixel(0.5), 4).data]).toEqual([0.5, 0.5, 0.5, 1]);
    expect([...colour.convertChannels(pixel(0.5, 0.25), 4).data]).toEqual([0.5, 0.5, 0.5, 0.25]);
    expect([...colour.convertChannels(pixel(0.5, 0.25), 1).data]).toEqual([0.5]);
    expect([...colour.convertChannels(pixel(1, 0, 0, 0.25), 2).data]).toEqual(closeTo([0.299, 0.25]));
    expect([...colour.convertChannels(pixel(1, 0, 0), 2).data]).toEqual(closeTo([0.299, 1]));
    expect([...colour.convertChannels(pixel(0.5, 0.25, 0.75, 0.1), 3).data]).toEqual([0.5, 0.25, 0.75]);
  });

  it("lays transparency over white", () => {
    expect([...colour.flattenAlpha(pixel(0.5, 0.25, 0, 0.5)).data]).toEqual([0.75, 0.625, 0.5]);
    expect([...colour.flattenAlpha(pixel(0.5, 0)).data]).toEqual([1]);
  });
});

describe("image", () => {
  it("quantises to 256 levels, clipped", () => {
    const image = createImage(5, 1, 1, Float32Array.from([-1, 0.4999 / 255, 0.5001 / 255, 2, NaN]), 16);
    const { data, bitDepth } = quantise8(image);
    expect([...data]).toEqual([0, 0, 1 / 255, 1, 0].map(Math.fround));
    expect(bitDepth).toBe(8);
  });

  it("crops a rectangle and refuses one outside", () => {
    const image = ramp(5, 4, 2);
    const part = crop(image, 1, 2, 3, 2);
    expect([part.width, part.height]).toEqual([3, 2]);
    expect([...part.data.subarray(0, 6)]).toEqual([...image.data.subarray(22, 28)]);
    expect(() => crop(image, 3, 0, 3, 2)).toThrow(/does not lie inside/);
  });

  it("puts images side by side on white", () => {
    const both = sideBySide([pixel(0.25), createImage(2, 2, 3)], 1);
    expect([both.width, both.height, both.channels]).toEqual([4, 2, 3]);
    const w = [1, 1, 1];
    const g = [0.25, 0.25, 0.25];
    expect([...both.data]).toEqual([...g, ...w, 0, 0, 0, 0, 0, 0, ...w, ...w, 0, 0, 0, 0, 0, 0]);
    expect(sideBySide([pixel(0.5, 0.5), pixel(0.5)], 0)).toEqual(
      createImage(2, 1, 2, Float32Array.from([0.5, 0.5, 0.5, 1])),
    );
  });
});
