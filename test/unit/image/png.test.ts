import { crc32, deflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { UserError } from "../../../src/base/errors.js";
import { RandomStream } from "../../../src/base/random-stream.js";
import { createImage, newLevels, type Channels, type Image } from "../../../src/image/image.js";
import { decodePng, encodePng } from "../../../src/image/png-node.js";
import { readPngHeader } from "../../../src/image/png-header.js";

function randomImage(width: number, height: number, channels: Channels, bitDepth: 8 | 16): Image {
  const stream = new RandomStream(width * 1000 + height, channels);
  const pixels = newLevels(width * height * channels, bitDepth).map(() => stream.integer(2 ** bitDepth));
  return createImage(width, height, channels, pixels);
}

function chunk(name: string, body: Uint8Array) {
  const named = Buffer.concat([Buffer.from(name, "latin1"), body]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(body.length, 0);
  frame.writeUInt32BE(crc32(named), 4);
  return Buffer.concat([frame.subarray(0, 4), named, frame.subarray(4)]);
}

interface Header {
  width: number;
  height: number;
  depth?: number;
  colorType?: number;
  interlace?: number;
}

function makePng(header: Header, raw: Uint8Array, extra: Buffer[] = []): Buffer<ArrayBuffer> {
  const ihdr = Buffer.alloc(13);
  ihdr.writeUInt32BE(header.width, 0);
  ihdr.writeUInt32BE(header.height, 4);
  ihdr.set([header.depth ?? 8, header.colorType ?? 0, 0, 0, header.interlace ?? 0], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const parts = [
    chunk("IHDR", ihdr),
    ...extra,
    chunk("IDAT", deflateSync(raw)),
    chunk("IEND", Buffer.alloc(0)),
  ];
  return Buffer.concat([signature, ...parts]);
}

function messageOf(bytes: Uint8Array): string {
  try {
    decodePng(bytes, "photo.png");
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    return (error as Error).message;
  }
  return "no error";
}

describe("PNG", () => {
  const kinds = ([1, 2, 3, 4] as const).flatMap((channels) =>
    ([8, 16] as const).map((depth) => ({ channels, depth })),
  );
  it.each(kinds)("comes back exactly with $channels channels of $depth bits", ({ channels, depth }) => {
    for (const [width, height] of [
      [13, 7],
      [1, 1],
      [1, 40],
      [64, 3],
    ]) {
      const image = randomImage(width, height, channels, depth);
      const bytes = encodePng(image);
      expect(bytes[24]).toBe(depth);
      expect(bytes[25]).toBe([0, 4, 2, 6][channels - 1]);
      expect(decodePng(bytes, "photo.png")).toEqual(image);
    }
  });

  it("reads bytes that lie anywhere in a larger buffer", () => {
    const image = randomImage(5, 5, 3, 8);
    const bytes = encodePng(image);
    const larger = new Uint8Array(bytes.length + 20).fill(7);
    larger.set(bytes, 3);
    expect(decodePng(larger.subarray(3), "photo.png")).toEqual(image); // with bytes after the end of the PNG
  });

  it("reads palettes, with and without transparency, as colour", () => {
    const palette = chunk("PLTE", Uint8Array.from([255, 0, 0, 0, 51, 255]));
    const raw = Uint8Array.from([0, 0b01000000]); // pixels 0, 1, 0 of one bit each
    const header = { width: 3, height: 1, depth: 1, colorType: 3 };
    const image = decodePng(makePng(header, raw, [palette]), "photo.png");
    expect([image.channels, image.bitDepth]).toEqual([3, 8]);
    expect([...image.pixels]).toEqual([255, 0, 0, 0, 51, 255, 255, 0, 0]);
    const transparent = chunk("tRNS", Uint8Array.from([102]));
    const withAlpha = decodePng(makePng(header, raw, [palette, transparent]), "photo.png");
    expect([...withAlpha.pixels]).toEqual([255, 0, 0, 102, 0, 51, 255, 255, 255, 0, 0, 102]);
  });

  it.each([1, 2, 4])("reads grey of %i bits as levels of the full range", (depth) => {
    const image = decodePng(
      makePng({ width: 2, height: 1, depth }, Uint8Array.from([0, 0xff << (8 - depth)])),
      "photo.png",
    );
    expect(image).toEqual(createImage(2, 1, 1, Uint8Array.from([255, 0])));
  });

  it("reads interlaced images", () => {
    // Two pixels wide, one high: passes 1 and 6 hold one pixel each, with a filter byte before it.
    const png = makePng({ width: 2, height: 1, interlace: 1 }, Uint8Array.from([0, 51, 0, 102]));
    expect([...decodePng(png, "photo.png").pixels]).toEqual([51, 102]);
  });
});

describe("bad PNG", () => {
  const good: Buffer<ArrayBuffer> = Buffer.from(encodePng(randomImage(20, 10, 3, 8)));

  it.each([
    { width: 2 ** 31 - 1, height: 1 },
    { width: 65536, height: 32768 },
    { width: 2 ** 32 - 1, height: 2 ** 32 - 1 },
  ])("refuses a header that claims $width x $height pixels before decoding", (size) => {
    expect(messageOf(makePng(size, new Uint8Array(10)))).toMatch(
      /^photo\.png claims \d+x\d+ pixels, more than/,
    );
  });

  it("refuses a header that claims more than its data can hold, and one of no pixels", () => {
    expect(messageOf(makePng({ width: 16000, height: 16000 }, new Uint8Array(10)))).toMatch(
      /^photo\.png claims 16000x16000 pixels but holds only \d+ bytes/,
    );
    expect(messageOf(makePng({ width: 0, height: 5 }, new Uint8Array(10)))).toMatch(
      /^photo\.png claims a size of 0x5/,
    );
  });

  it("refuses an interlaced image that inflates to far more than its pixels", () => {
    const bomb = makePng({ width: 1, height: 1, interlace: 1 }, new Uint8Array(20_000_000));
    expect(messageOf(bomb)).toMatch(
      /^photo\.png is a damaged PNG \(Cannot create a Buffer larger than 2 bytes\)/,
    );
  });

  it("refuses a PNG cut short at any byte", () => {
    for (let length = 1; length < good.length; length++) {
      expect(messageOf(good.subarray(0, length))).toMatch(
        length < 8 ? /^photo\.png is not a PNG/ : /^photo\.png is a PNG cut short/,
      );
    }
  });

  it("refuses depths that do not exist, missing palettes and too few pixels", () => {
    expect(messageOf(makePng({ width: 1, height: 1, depth: 4, colorType: 2 }, new Uint8Array(4)))).toMatch(
      /colour type 2 with 4 bits/,
    );
    expect(messageOf(makePng({ width: 1, height: 1, colorType: 5 }, new Uint8Array(4)))).toMatch(
      /colour type 5/,
    );
    expect(messageOf(makePng({ width: 1, height: 1, colorType: 3 }, new Uint8Array(2)))).toMatch(
      /^photo\.png is a damaged PNG \(/,
    );
    expect(messageOf(makePng({ width: 9, height: 9 }, new Uint8Array(20)))).toMatch(
      /\(20 bytes of pixels where 90 belong\)/,
    );
  });

  it("either decodes mutated bytes or refuses them with one sentence", { timeout: 60_000 }, () => {
    const bases: Buffer<ArrayBuffer>[] = [good, Buffer.from(encodePng(randomImage(9, 9, 1, 16)))];
    bases.push(makePng({ width: 8, height: 8, interlace: 1, colorType: 6 }, new Uint8Array(400)));
    bases.push(
      makePng({ width: 16, height: 2, depth: 1, colorType: 3 }, new Uint8Array(6), [
        chunk("PLTE", new Uint8Array(6)),
        chunk("tRNS", new Uint8Array(1)),
      ]),
    );
    const stream = new RandomStream(20260101);
    let refused = 0;
    for (let round = 0; round < 3000; round++) {
      const bytes = Buffer.from(bases[round % bases.length]);
      for (let edits = 1 + stream.integer(4); edits > 0; edits--)
        bytes[stream.integer(bytes.length)] = stream.integer(256);
      const cut = stream.integer(10) === 0 ? bytes.subarray(0, stream.integer(bytes.length)) : bytes;
      if (stream.integer(2) === 0) mendChecksums(cut);
      const message = messageOf(cut);
      if (message === "no error") continue;
      refused++;
      expect(message).toMatch(/^photo\.png [^\n]{10,200}\.$/);
    }
    expect(refused).toBeGreaterThan(1000);
  });
});

/** Makes the chunks' checksums right again, so that a mutation reaches the decoder behind them. */
function mendChecksums(bytes: Buffer): void {
  for (let at = 8; at + 12 <= bytes.length;) {
    const length = bytes.readUInt32BE(at);
    if (at + 12 + length > bytes.length) return;
    bytes.writeUInt32BE(crc32(bytes.subarray(at + 4, at + 8 + length)), at + 8 + length);
    at += 12 + length;
  }
}

describe("the header", () => {
  it("says what the image will be without decoding it", () => {
    const header = readPngHeader(encodePng(randomImage(20, 10, 2, 16)), "photo.png");
    expect(header).toMatchObject({ width: 20, height: 10, depth: 16, colorType: 4, channels: 2 });
  });
});
