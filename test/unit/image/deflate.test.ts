// PNG without Node's zlib: the streams of a browser give the same pixels.

import zlib from "node:zlib"; // only to compare: nothing here may import png-node.ts
import { expect, it } from "vitest";
import { machine } from "../../../src/image/deflate.js";
import { createImage, type Image } from "../../../src/image/image.js";
import { decodePng } from "../../../src/image/png-decode.js";
import { encodePng } from "../../../src/image/png-encode.js";

const noise = (length: number, most: number): number[] => {
  let state = 1;
  return Array.from({ length }, () => (state = (state * 48271) % 2147483647) % (most + 1));
};

const pictures: [string, Image][] = [
  ["16 bits, colour", createImage(37, 29, 3, Uint16Array.from(noise(37 * 29 * 3, 65535)))],
  ["8 bits, with alpha", createImage(64, 5, 4, Uint8Array.from(noise(64 * 5 * 4, 255)))],
  ["grey, larger than a piece", createImage(1100, 1000, 1, Uint8Array.from(noise(1_100_000, 255)))],
];

it.each(pictures)("%s: streams write what they and zlib read", async (_, image) => {
  const bytes = await encodePng(image);
  const again = await decodePng(bytes, "picture");
  expect(again.bitDepth).toBe(image.bitDepth);
  expect(Buffer.compare(Buffer.from(again.pixels.buffer), Buffer.from(image.pixels.buffer))).toBe(0);
});

it("has zlib's checksums", () => {
  const bytes = Uint8Array.from(noise(5000, 255));
  expect(machine.deflate.crc32(bytes)).toBe(zlib.crc32(bytes));
});

it("refuses pixels that are cut short", async () => {
  const bytes = await encodePng(pictures[0][1]);
  await expect(decodePng(bytes.subarray(0, bytes.length - 3000), "half.png")).rejects.toThrow(
    /half\.png is a (damaged PNG|PNG cut short)/,
  );
});
