import { crc32 } from "node:zlib";
import { PNG } from "pngjs";
import { describe, expect, it } from "vitest";
import { UserError } from "../../../src/base/errors.js";
import { RandomStream } from "../../../src/base/random-stream.js";
import { createImage, newLevels, type Channels, type Image } from "../../../src/image/image.js";
import { decodePng } from "../../../src/image/png-decode-node.js";
import { encodePng } from "../../../src/image/png-encode-node.js";
import { chunk, chunksOf, makePng } from "./make-files.js";

function randomImage(width: number, height: number, channels: Channels, bitDepth: 8 | 16): Image {
  const stream = new RandomStream(width * 1000 + height, channels);
  const pixels = newLevels(width * height * channels, bitDepth).map(() => stream.integer(2 ** bitDepth));
  return createImage(width, height, channels, pixels);
}

/** Smooth, so that every filter is chosen somewhere. */
function smoothImage(width: number, height: number, channels: Channels): Image {
  const pixels = Uint8Array.from({ length: width * height * channels }, (_, i) => {
    const [x, y] = [Math.floor(i / channels) % width, Math.floor(i / channels / width)];
    return 128 + 60 * Math.sin(x / 7 + (i % channels)) + 60 * Math.cos(y / 11) + ((x * y) % 3);
  });
  return createImage(width, height, channels, pixels);
}

const pixelsOf = ({ metadata: _metadata, ...image }: Image): Image => image;
const decoded = async (bytes: Uint8Array): Promise<Image> => pixelsOf(await decodePng(bytes, "photo.png"));

async function messageOf(bytes: Uint8Array): Promise<string> {
  try {
    await decodePng(bytes, "photo.png");
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    return (error as Error).message;
  }
  return "no error";
}

/** Decodes with one warning, and gives it. */
async function warningOf(bytes: Uint8Array): Promise<{ image: Image; warning: string }> {
  const warnings: string[] = [];
  const image = await decodePng(bytes, "photo.png", { warn: (text) => warnings.push(text) });
  expect(warnings).toHaveLength(1);
  return { image: pixelsOf(image), warning: warnings[0] };
}

describe("PNG", () => {
  const kinds = ([1, 2, 3, 4] as const).flatMap((channels) =>
    ([8, 16] as const).map((depth) => ({ channels, depth })),
  );
  it.each(kinds)("comes back exactly with $channels channels of $depth bits", async ({ channels, depth }) => {
    for (const [width, height] of [
      [13, 7],
      [1, 1],
      [1, 40],
      [64, 3],
    ]) {
      const image = randomImage(width, height, channels, depth);
      const bytes = await encodePng(image);
      expect(bytes[24]).toBe(depth);
      expect(bytes[25]).toBe([0, 4, 2, 6][channels - 1]);
      expect(await decoded(bytes)).toEqual(image);
    }
  });

  it("is written in blocks that others read as one picture", async () => {
    const image = smoothImage(900, 700, 3); // 1.9 MB in blocks of 1 MB
    const bytes = await encodePng(image);
    expect(chunksOf(bytes).filter(({ name }) => name === "IDAT").length).toBeGreaterThan(3);
    const { data } = PNG.sync.read(Buffer.from(bytes));
    expect(image.pixels.every((level, i) => level === data[Math.floor(i / 3) * 4 + (i % 3)])).toBe(true);
    expect(Buffer.compare(Buffer.from((await decoded(bytes)).pixels), Buffer.from(image.pixels))).toBe(0);
  });

  it("reads what others write, with every filter", async () => {
    const image = smoothImage(61, 45, 4);
    const png = new PNG({ width: 61, height: 45 });
    png.data = Buffer.from(image.pixels);
    for (const filterType of [-1, 0, 1, 2, 3, 4])
      expect(await decoded(PNG.sync.write(png, { filterType }))).toEqual(image);
  });

  it("reads bytes that lie anywhere in a larger buffer", async () => {
    const image = randomImage(5, 5, 3, 8);
    const bytes = await encodePng(image);
    const larger = new Uint8Array(bytes.length + 20).fill(7);
    larger.set(bytes, 3);
    expect(await decoded(larger.subarray(3))).toEqual(image); // with bytes after the end of the PNG
  });

  it("reads palettes, with and without transparency, as colour", async () => {
    const palette = chunk("PLTE", Uint8Array.from([255, 0, 0, 0, 51, 255]));
    const raw = Uint8Array.from([0, 0b01000000]); // pixels 0, 1, 0 of one bit each
    const header = { width: 3, height: 1, depth: 1, colorType: 3 };
    const image = await decoded(makePng(header, raw, [palette]));
    expect([image.channels, image.bitDepth]).toEqual([3, 8]);
    expect([...image.pixels]).toEqual([255, 0, 0, 0, 51, 255, 255, 0, 0]);
    const transparent = chunk("tRNS", Uint8Array.from([102]));
    const withAlpha = await decoded(makePng(header, raw, [palette, transparent]));
    expect([...withAlpha.pixels]).toEqual([255, 0, 0, 102, 0, 51, 255, 255, 255, 0, 0, 102]);
  });

  it.each([1, 2, 4])("reads grey of %i bits as levels of the full range", async (depth) => {
    const image = await decoded(
      makePng({ width: 2, height: 1, depth }, Uint8Array.from([0, 0xff << (8 - depth)])),
    );
    expect(image).toEqual(createImage(2, 1, 1, Uint8Array.from([255, 0])));
  });

  it("reads interlaced images", async () => {
    // Two pixels wide, one high: passes 1 and 6 hold one pixel each, with a filter byte before it.
    const png = makePng({ width: 2, height: 1, interlace: 1 }, Uint8Array.from([0, 51, 0, 102]));
    expect([...(await decoded(png)).pixels]).toEqual([51, 102]);
  });

  it("reads a transparent colour of grey and RGB, at 8 and 16 bits and fewer", async () => {
    const grey = makePng({ width: 3, height: 1 }, Uint8Array.from([0, 7, 8, 7]), [
      chunk("tRNS", Uint8Array.from([0, 7])),
    ]);
    expect(await decoded(grey)).toEqual(createImage(3, 1, 2, Uint8Array.from([7, 0, 8, 255, 7, 0])));
    const deep = makePng({ width: 2, height: 1, depth: 16 }, Uint8Array.from([0, 1, 2, 1, 3]), [
      chunk("tRNS", Uint8Array.from([1, 2])),
    ]);
    expect(await decoded(deep)).toEqual(createImage(2, 1, 2, Uint16Array.from([258, 0, 259, 65535])));
    const rgb = makePng({ width: 2, height: 1, colorType: 2 }, Uint8Array.from([0, 1, 2, 3, 1, 2, 4]), [
      chunk("tRNS", Uint8Array.from([0, 1, 0, 2, 0, 3])),
    ]);
    expect([...(await decoded(rgb)).pixels]).toEqual([1, 2, 3, 0, 1, 2, 4, 255]);
    const bits = makePng({ width: 4, height: 1, depth: 2 }, Uint8Array.from([0, 0b00011011]), [
      chunk("tRNS", Uint8Array.from([0, 2])),
    ]);
    expect([...(await decoded(bits)).pixels]).toEqual([0, 255, 85, 255, 170, 0, 255, 255]);
  });
});

describe("the layout a PNG came in", () => {
  const layouts = {
    "a palette of 2 bits": makePng(
      { width: 5, height: 2, depth: 2, colorType: 3 },
      Uint8Array.from([0, 0b00011000, 0b01000000, 0, 0b10101010, 0]),
      [
        chunk("PLTE", Uint8Array.from([9, 8, 7, 200, 100, 50, 0, 0, 255])),
        chunk("tRNS", Uint8Array.from([255, 0])),
      ],
    ),
    "grey of 4 bits": makePng({ width: 3, height: 1, depth: 4 }, Uint8Array.from([0, 0x0f, 0x70])),
    "grey of 1 bit with a transparent level": makePng(
      { width: 9, height: 1, depth: 1 },
      Uint8Array.from([0, 0b10110010, 0x80]),
      [chunk("tRNS", Uint8Array.from([0, 1]))],
    ),
    "RGB with a transparent colour": makePng(
      { width: 2, height: 1, colorType: 2 },
      Uint8Array.from([0, 1, 2, 3, 9, 9, 9]),
      [chunk("tRNS", Uint8Array.from([0, 1, 0, 2, 0, 3]))],
    ),
  };
  it.each(Object.entries(layouts))("%s comes back while the pixels allow it", async (_name, bytes) => {
    const image = await decodePng(bytes, "photo.png");
    const again = await encodePng(image);
    const essential = (png: Uint8Array) =>
      chunksOf(png).filter(({ name }) => ["IHDR", "PLTE", "tRNS"].includes(name));
    expect(essential(again)).toEqual(essential(bytes));
    expect(await decoded(again)).toEqual(pixelsOf(image));

    const pixels = image.pixels.slice();
    pixels[0] += pixels[0] > 100 ? -1 : 1; // a level that the layout cannot say
    const changed = { ...image, pixels };
    const plain = await encodePng(changed);
    expect([plain[24], plain[25]]).toEqual([8, [0, 4, 2, 6][image.channels - 1]]);
    expect(await decoded(plain)).toEqual(pixelsOf(changed));
  });
});

describe("sloppy PNG is read with a warning", () => {
  const image = randomImage(20, 10, 3, 8);
  const good = async (): Promise<Buffer> => Buffer.from(await encodePng(image));

  it("without its end", async () => {
    const bytes = await good();
    const found = await warningOf(bytes.subarray(0, bytes.length - 12));
    expect(found).toEqual({ image, warning: "photo.png lacks its end." });
  });

  it("with a wrong checksum of something inessential", async () => {
    const bytes = makePng({ width: 1, height: 1 }, Uint8Array.from([0, 5]), [
      chunk("gAMA", new Uint8Array(4)),
    ]);
    bytes[8 + 25 + 12] ^= 1; // in gAMA's checksum
    const found = await warningOf(bytes);
    expect(found.warning).toBe("photo.png: the checksum of its part gAMA is wrong; it is left out.");
    expect([...found.image.pixels]).toEqual([5]);
  });

  it("with more data than pixels", async () => {
    const found = await warningOf(makePng({ width: 1, height: 1 }, Uint8Array.from([0, 5, 0, 6, 0, 7])));
    expect(found.warning).toBe("photo.png has more data than its pixels take.");
    expect([...found.image.pixels]).toEqual([5]);
  });

  it("with too long a palette, or a transparent colour where there is alpha", async () => {
    const header = { width: 1, height: 1, depth: 1, colorType: 3 };
    const raw = Uint8Array.from([0, 0x80]);
    const long = chunk("PLTE", Uint8Array.from([1, 1, 1, 2, 2, 2, 3, 3, 3]));
    const found = await warningOf(makePng(header, raw, [long]));
    expect(found.warning).toMatch(/^photo\.png has more colours in its palette/);
    expect([...found.image.pixels]).toEqual([2, 2, 2]);
    const alpha = makePng({ width: 1, height: 1, colorType: 4 }, Uint8Array.from([0, 1, 2]), [
      chunk("tRNS", Uint8Array.from([0, 1])),
    ]);
    expect((await warningOf(alpha)).warning).toMatch(
      /^photo\.png names a transparent colour where it may not/,
    );
  });
});

describe("bad PNG", () => {
  it.each([
    { width: 2 ** 31 - 1, height: 1 },
    { width: 65536, height: 32768 },
    { width: 2 ** 32 - 1, height: 2 ** 32 - 1 },
  ])("refuses a header that claims $width x $height pixels before decoding", async (size) => {
    expect(await messageOf(makePng(size, new Uint8Array(10)))).toMatch(
      /^photo\.png claims \d+x\d+ pixels, more than/,
    );
  });

  it("refuses a header that claims more than its data can hold, and one of no pixels", async () => {
    expect(await messageOf(makePng({ width: 16000, height: 16000 }, new Uint8Array(10)))).toMatch(
      /^photo\.png claims 16000x16000 pixels but holds only \d+ bytes/,
    );
    expect(await messageOf(makePng({ width: 0, height: 5 }, new Uint8Array(10)))).toMatch(
      /^photo\.png claims a size of 0x5/,
    );
  });

  it("refuses an interlaced image that inflates to far more than its pixels", async () => {
    const bomb = makePng({ width: 1, height: 1, interlace: 1 }, new Uint8Array(20_000_000));
    expect(await messageOf(bomb)).toBe(
      "photo.png is a damaged PNG (it holds more pixels than it says); get the file again.",
    );
  });

  it("refuses a PNG cut short at any byte before its pixels end", async () => {
    const image = randomImage(20, 10, 3, 8);
    const good = Buffer.from(await encodePng(image));
    for (let length = 1; length < good.length; length++) {
      const message = await messageOf(good.subarray(0, length));
      if (message === "no error") {
        expect(good.length - length).toBeLessThan(40);
        expect(await decoded(good.subarray(0, length))).toEqual(image);
      } else
        expect(message).toMatch(length < 8 ? /^photo\.png is not a PNG/ : /^photo\.png is a PNG cut short/);
    }
  });

  it("refuses animations by name, with their number of pictures", async () => {
    const control = chunk("acTL", Uint8Array.from([0, 0, 0, 12, 0, 0, 0, 0]));
    expect(await messageOf(makePng({ width: 1, height: 1 }, Uint8Array.from([0, 5]), [control]))).toBe(
      "photo.png is an animation of 12 pictures, and only single ones are read; take it apart first.",
    );
  });

  it("refuses depths that do not exist, missing palettes, unknown filters and parts, and too few pixels", async () => {
    const one = { width: 1, height: 1 };
    expect(await messageOf(makePng({ ...one, depth: 4, colorType: 2 }, new Uint8Array(4)))).toMatch(
      /colour type 2 with 4 bits/,
    );
    expect(await messageOf(makePng({ ...one, colorType: 5 }, new Uint8Array(4)))).toMatch(/colour type 5/);
    expect(await messageOf(makePng({ ...one, colorType: 3 }, new Uint8Array(2)))).toMatch(
      /its palette is missing/,
    );
    expect(await messageOf(makePng({ width: 9, height: 9 }, new Uint8Array(20)))).toMatch(
      /\(2 of 9 rows of pixels/,
    );
    expect(await messageOf(makePng(one, Uint8Array.from([5, 0])))).toMatch(/\(row 0 has filter 5\)/);
    expect(await messageOf(makePng(one, new Uint8Array(2), [chunk("CgBI", new Uint8Array(4))]))).toMatch(
      /it has a part CgBI that is not known/,
    );
  });

  it("either decodes mutated bytes or refuses them with one sentence", { timeout: 60_000 }, async () => {
    const bases: Buffer[] = [
      Buffer.from(await encodePng(randomImage(20, 10, 3, 8))),
      Buffer.from(await encodePng(randomImage(9, 9, 1, 16))),
    ];
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
      const message = await messageOf(cut);
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
