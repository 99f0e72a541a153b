import { describe, expect, it } from "vitest";
import * as colour from "../../../src/image/colour.js";
import { convertBitDepth, createImage, crop, type Channels, type Image } from "../../../src/image/image.js";
import { toImage, toPlane, type Plane } from "../../../src/image/plane.js";
import { sideBySide } from "../../../src/image/side-by-side.js";

/** Pixels that differ everywhere. */
function ramp(width: number, height: number, channels: Channels): Image {
  const pixels = Uint8Array.from({ length: width * height * channels }, (_, i) => (i * 37) % 101);
  return createImage(width, height, channels, pixels);
}
const pixel = (...levels: number[]) => createImage(1, 1, levels.length as Channels, Uint8Array.from(levels));
const plane = (...values: number[]): Plane => ({
  width: 1,
  height: 1,
  channels: values.length as Channels,
  data: Float32Array.from(values),
});
const closeTo = (values: number[]) => values.map((value) => expect.closeTo(value, 6));

describe("colour", () => {
  it("makes BT.601 luma", () => {
    expect([...colour.toGray(pixel(255, 0, 0)).pixels]).toEqual([76]); // 0.299 * 255 = 76.2
    expect([...colour.toGray(pixel(0, 255, 0, 128)).pixels]).toEqual([150]); // 149.7
    expect([...colour.toGray(pixel(0, 0, 255)).pixels]).toEqual([29]); // 29.1
    expect([...colour.toGray(pixel(64, 180)).pixels]).toEqual([64]);
    for (const level of [0, 1, 77, 254, 255])
      expect([...colour.toGray(pixel(level, level, level)).pixels]).toEqual([level]);
  });

  it("goes to YCbCr and back; greys have no colour and pure blue is at the end of Cb", () => {
    const image = toPlane(ramp(9, 7, 3));
    const back = colour.yCbCrToRgb(colour.rgbToYCbCr(image));
    expect([...back.data]).toEqual(closeTo([...image.data]));
    expect([...colour.rgbToYCbCr(plane(0.3, 0.3, 0.3)).data]).toEqual(closeTo([0.3, 0.5, 0.5]));
    expect([...colour.rgbToYCbCr(plane(0, 0, 1)).data]).toEqual(closeTo([0.114, 1, 0.5 - 0.114 / 1.402]));
    expect(() => colour.rgbToYCbCr(toPlane(ramp(2, 2, 4)))).toThrow(/4 channels/);
  });

  it.each([2, 4] as const)("splits %i channels into colour and alpha and merges them again", (channels) => {
    const image = ramp(5, 4, channels);
    const { colour: rest, alpha } = colour.splitAlpha(image);
    expect(rest.channels).toBe(channels - 1);
    expect(alpha?.[7]).toBe(image.pixels[8 * channels - 1]);
    expect(colour.mergeAlpha(rest, alpha)).toEqual(image);
  });

  it("leaves an opaque image alone", () => {
    const image = ramp(3, 3, 3);
    expect(colour.splitAlpha(image)).toEqual({ colour: image, alpha: undefined });
    expect(colour.mergeAlpha(image, undefined)).toBe(image);
    expect(colour.flattenAlpha(image)).toBe(image);
  });

  it("converts between every pair of channel counts", () => {
    const converted = (levels: number[], channels: Channels) => [
      ...colour.convertChannels(pixel(...levels), channels).pixels,
    ];
    expect(converted([128], 4)).toEqual([128, 128, 128, 255]);
    expect(converted([128, 64], 4)).toEqual([128, 128, 128, 64]);
    expect(converted([128, 64], 1)).toEqual([128]);
    expect(converted([255, 0, 0, 64], 2)).toEqual([76, 64]);
    expect(converted([255, 0, 0], 2)).toEqual([76, 255]);
    expect(converted([128, 64, 192, 25], 3)).toEqual([128, 64, 192]);
    const deep = createImage(1, 1, 3, Uint16Array.from([65535, 0, 0]));
    expect([...colour.convertChannels(deep, 2).pixels]).toEqual([19595, 65535]); // 0.299 * 65535
  });

  it("lays transparency over white", () => {
    expect([...colour.flattenAlpha(pixel(128, 55, 0, 51)).pixels]).toEqual([230, 215, 204]); // 255 + (x - 255) / 5
    expect([...colour.flattenAlpha(pixel(128, 0)).pixels]).toEqual([255]);
  });
});

describe("image", () => {
  it("is made of a plane by rounding to levels, clipped", () => {
    const data = Float32Array.from([-1, 0.4999 / 255, 0.5001 / 255, 2, NaN]);
    const image = toImage({ width: 5, height: 1, channels: 1, data });
    expect([...image.pixels]).toEqual([0, 0, 1, 255, 0]);
    expect(image.bitDepth).toBe(8);
    for (const bitDepth of [8, 16] as const) {
      const levels = convertBitDepth(ramp(9, 7, 3), bitDepth);
      expect(toImage(toPlane(levels), bitDepth)).toEqual(levels);
    }
  });

  it("goes from 8 bits to 16 and back", () => {
    expect([...convertBitDepth(pixel(0, 128, 255), 16).pixels]).toEqual([0, 0x8080, 65535]);
    const deep = createImage(4, 1, 1, Uint16Array.from([0, 128, 129, 65535]));
    expect([...convertBitDepth(deep, 8).pixels]).toEqual([0, 0, 1, 255]);
  });

  it("crops a rectangle and refuses one outside", () => {
    const image = ramp(5, 4, 2);
    const part = crop(image, 1, 2, 3, 2);
    expect([part.width, part.height]).toEqual([3, 2]);
    expect([...part.pixels.subarray(0, 6)]).toEqual([...image.pixels.subarray(22, 28)]);
    expect(() => crop(image, 3, 0, 3, 2)).toThrow(/does not lie inside/);
  });

  it("puts images side by side on white", () => {
    const both = sideBySide([pixel(64), createImage(2, 2, 3)], 1);
    expect([both.width, both.height, both.channels]).toEqual([4, 2, 3]);
    const w = [255, 255, 255];
    const g = [64, 64, 64];
    expect([...both.pixels]).toEqual([...g, ...w, 0, 0, 0, 0, 0, 0, ...w, ...w, 0, 0, 0, 0, 0, 0]);
    expect(sideBySide([pixel(128, 128), pixel(128)], 0)).toEqual(
      createImage(2, 1, 2, Uint8Array.from([128, 128, 128, 255])),
    );
  });
});
