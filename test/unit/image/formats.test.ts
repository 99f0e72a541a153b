import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RandomStream } from "../../../src/base/random-stream.js";
import { orientationOf } from "../../../src/image/exif.js";
import { readImage, writeImage } from "../../../src/image/files.js";
import { encodeBlock, type Tag } from "../../../src/image/ifd-write.js";
import { createImage, newLevels, type Channels, type Image } from "../../../src/image/image.js";
import { qualityOf, readJpeg } from "../../../src/image/jpeg.js";
import type { Metadata } from "../../../src/image/metadata.js";
import { exifWith } from "./make-files.js";

let folder: string;
beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "fovea-formats-"));
});
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));
const at = (name: string) => path.join(folder, name);
const put = (name: string, bytes: Uint8Array | string) => {
  fs.writeFileSync(at(name), bytes);
  return at(name);
};

async function messageOf(file: string): Promise<string> {
  return readImage(file).then(
    () => "no error",
    (error: Error) => error.message.replace(`${folder}/`, ""),
  );
}

function noise(width: number, height: number, channels: Channels, bitDepth: 8 | 16 = 8): Image {
  const stream = new RandomStream(7, channels);
  const pixels = newLevels(width * height * channels, bitDepth).map(() => stream.integer(2 ** bitDepth));
  return createImage(width, height, channels, pixels);
}

/** Saturated reds that sRGB could not tell apart if they were taken for Display P3's. */
const reds = createImage(
  16,
  16,
  3,
  Uint8Array.from({ length: 768 }, (_, i) => (i % 3 === 0 ? 255 - Math.floor(i / 48) : 3 * (i % 3))),
);
const said: Metadata = {
  format: "png",
  icc: Uint8Array.from({ length: 70_000 }, (_, i) => (i * 7) % 251), // longer than one segment of a JPEG
  exif: Uint8Array.from(exifWith(1)),
  xmp: new TextEncoder().encode("<x:xmpmeta/>"),
  density: { x: 300, y: 240 },
};

const { default: sharp } = await import("sharp").catch(() => ({ default: undefined }));
if (!sharp) console.warn("sharp is not installed: the tests of JPEG, WebP, TIFF and AVIF are skipped");

describe.skipIf(!sharp)("metadata", () => {
  it.each(["a.jpg", "a.webp", "a.tif", "a.png"])("of any format is said again in %s", async (name) => {
    await writeImage(at(name), { ...reds, metadata: said });
    const once = await readImage(at(name));
    await writeImage(at(`again-${name}`), once);
    for (const { metadata } of [once, await readImage(at(`again-${name}`))]) {
      expect(Buffer.compare(metadata!.icc!, said.icc!)).toBe(0);
      expect(Buffer.from(metadata!.xmp!)).toEqual(Buffer.from(said.xmp!));
      expect(orientationOf(metadata!.exif)).toBe(1);
      if (!name.endsWith(".webp"))
        expect(metadata!.density).toEqual({ x: expect.closeTo(300, 1), y: expect.closeTo(240, 1) });
    }
  });

  it.each(["s.jpg", "s.webp", "s.tif", "s.png"])(
    "is left out of %s when that is wanted, but for the profile",
    async (name) => {
      await writeImage(at(name), { ...reds, metadata: said }, { stripMetadata: true });
      const { metadata } = await readImage(at(name));
      expect(Buffer.compare(metadata!.icc!, said.icc!)).toBe(0);
      expect([metadata!.xmp, metadata!.exif, metadata!.density]).toEqual([undefined, undefined, undefined]);
    },
  );

  it("keeps the tags of a TIFF's EXIF and GPS directories, from either byte order", async () => {
    const short = (tag: number, value: number): Tag => ({
      tag,
      type: 3,
      count: 1,
      value: Uint8Array.from([value, 0]),
    });
    const words = (tag: number, text: string): Tag => {
      const value = new TextEncoder().encode(`${text}\0`);
      return { tag, type: 2, count: value.length, value };
    };
    const exif = encodeBlock([
      words(271, "A maker of cameras"),
      { tag: 34665, type: 4, count: 1, value: [short(34855, 200), words(36867, "2026:01:02 03:04:05")] },
      { tag: 34853, type: 4, count: 1, value: [words(1, "N")] },
    ]);
    await writeImage(at("gps.tif"), { ...reds, metadata: { format: "jpeg", exif } });
    await writeImage(at("gps.jpg"), await readImage(at("gps.tif")));
    const exifThere = Buffer.from((await readImage(at("gps.jpg"))).metadata!.exif!).toString("latin1");
    for (const text of ["A maker of cameras", "2026:01:02 03:04:05", "N\0"])
      expect(exifThere).toContain(text);
  });

  it("turns a picture once, and says so in EXIF and XMP", async () => {
    const xmp = new TextEncoder().encode('<rdf tiff:Orientation="6"/>');
    const metadata = { ...said, exif: Uint8Array.from(exifWith(6, false)), xmp };
    for (const name of ["turned.jpg", "turned.webp", "turned.tif"]) {
      await writeImage(at(name), { ...noise(20, 10, 3), metadata });
      const image = await readImage(at(name));
      expect([image.width, image.height]).toEqual([10, 20]);
      await writeImage(at(name), image);
      const again = await readImage(at(name));
      expect([again.width, again.height]).toEqual([10, 20]);
      expect(Buffer.from(again.metadata!.xmp!).toString()).toBe('<rdf tiff:Orientation="1"/>');
    }
  });
});

describe.skipIf(!sharp)("colours", () => {
  it.each(["p3.tif", "p3.webp", "p3.png"])("stay in the file's own space, 8 bits (%s)", async (name) => {
    await sharp!(reds.pixels, { raw: { width: 16, height: 16, channels: 3 } })
      .withIccProfile("p3", { attach: true })
      .toFormat(name.split(".")[1] as "png", { lossless: true })
      .toFile(at(name));
    const image = await readImage(at(name));
    // sharp has brought sRGB levels to P3 on writing; reading must not bring them back.
    const raw = await sharp!(at(name), { ignoreIcc: true }).raw().toBuffer();
    expect(Buffer.compare(Buffer.from(image.pixels), raw)).toBe(0);
    expect(image.metadata!.icc!.length).toBeGreaterThan(100);
  });

  it("of a 16-bit TIFF with a profile come back to the last level", async () => {
    const image = { ...noise(9, 8, 3, 16), metadata: said };
    await writeImage(at("deep.tif"), image);
    const once = await readImage(at("deep.tif"));
    expect(once.pixels).toEqual(image.pixels);
    await writeImage(at("deep.tif"), once);
    expect((await readImage(at("deep.tif"))).pixels).toEqual(image.pixels);
  });

  it("of a lossless WebP come back to the last level, under transparency as well", async () => {
    const image = noise(12, 10, 4);
    for (let i = 3; i < image.pixels.length; i += 8) image.pixels[i] = 0;
    await writeImage(at("exact.webp"), { ...image, metadata: { format: "webp", webp: { lossless: true } } });
    const once = await readImage(at("exact.webp"));
    expect(once.pixels).toEqual(image.pixels);
    await writeImage(at("exact.webp"), once);
    expect((await readImage(at("exact.webp"))).pixels).toEqual(image.pixels);
  });

  it("go through AVIF with their profile, nearly", async () => {
    const icc = await sharp!(reds.pixels, { raw: { width: 16, height: 16, channels: 3 } })
      .withIccProfile("p3")
      .png()
      .toBuffer()
      .then((png) => sharp!(png).metadata());
    await writeImage(at("a.avif"), { ...reds, metadata: { ...said, icc: icc.icc } });
    const image = await readImage(at("a.avif"));
    expect(image.metadata!.icc!.length).toBe(icc.icc!.length);
    const worst = Math.max(...image.pixels.map((level, i) => Math.abs(level - reds.pixels[i])));
    expect(worst).toBeLessThan(12);
  });
});

describe.skipIf(!sharp)("JPEG", () => {
  const made = (options: object) =>
    sharp!(noise(40, 40, 3).pixels, { raw: { width: 40, height: 40, channels: 3 } })
      .jpeg(options)
      .toBuffer();

  it.each([
    [30, "4:2:0"],
    [75, "4:4:4"],
    [92, "4:2:0"],
    [100, "4:4:4"],
  ] as const)(
    "of quality %i and sampling %s is known as such and comes back no worse",
    async (quality, chromaSubsampling) => {
      const file = put("q.jpg", await made({ quality, chromaSubsampling, progressive: true }));
      const image = await readImage(file);
      expect(image.metadata!.jpeg).toMatchObject({ quality, chromaSubsampling, progressive: true });
      await writeImage(at("q2.jpg"), image);
      const again = await readImage(at("q2.jpg"));
      expect(again.metadata!.jpeg).toMatchObject({ quality: Math.max(90, quality), chromaSubsampling });
    },
  );

  it("with tables of its own gets a quality whose tables are as fine", () => {
    expect(qualityOf([Array<number>(64).fill(1), Array<number>(64).fill(1)])).toBe(100);
    expect(qualityOf([Array<number>(64).fill(255)])).toBe(1);
    const [luma, chroma] = [Array<number>(64).fill(20), Array<number>(64).fill(5)];
    expect(qualityOf([luma, chroma])).toBe(qualityOf([[], chroma].map((t) => (t.length ? t : luma))));
    expect(qualityOf([luma, chroma])).toBeGreaterThan(qualityOf([luma]));
  });

  it("without its end is read with a warning; cut in its pixels it is refused", async () => {
    const bytes = await made({ quality: 90 });
    const warnings: string[] = [];
    const file = put("endless.jpg", bytes.subarray(0, bytes.length - 2));
    const image = await readImage(file, { warn: (text) => warnings.push(text) });
    expect(warnings).toEqual([`${file} lacks its end.`]);
    expect(image.pixels).toEqual((await readImage(put("whole.jpg", bytes))).pixels);
    expect(await messageOf(put("cut.jpg", bytes.subarray(0, bytes.length * 0.7)))).toMatch(
      /^cut\.jpg is a damaged or unsupported JPEG/,
    );
  });

  it("with more pictures behind it is read with a warning", async () => {
    const count: Tag = { tag: 0xb001, type: 4, count: 1, value: Uint8Array.from([3, 0, 0, 0]) };
    const data = Buffer.concat([Buffer.from("MPF\0"), encodeBlock([count])]);
    const head = Uint8Array.from([0xff, 0xe2, 0, data.length + 2]);
    const bytes = await made({});
    const file = put("mpo.jpg", Buffer.concat([bytes.subarray(0, 2), head, data, bytes.subarray(2)]));
    const warnings: string[] = [];
    await readImage(file, { warn: (text) => warnings.push(text) });
    expect(warnings).toEqual([`${file} holds 3 pictures; only the first is read.`]);
  });

  it("of kinds that are not read is refused by name", async () => {
    const bytes = await made({});
    const frame = bytes.indexOf(Uint8Array.from([0xff, 0xc0]));
    const patched = (at: number, value: number) => {
      const copy = Buffer.from(bytes);
      copy[frame + at] = value;
      return copy;
    };
    const of = (data: Buffer) => () => readJpeg(data, "x.jpg");
    expect(of(patched(1, 0xc9))).toThrow(/^x\.jpg is a JPEG with arithmetic coding, which is not read/);
    expect(of(patched(1, 0xc3))).toThrow(/of the lossless or hierarchical kind/);
    expect(of(patched(4, 12))).toThrow(/^x\.jpg is a JPEG of 12 bits a sample, which is not read/);
    expect(of(patched(9, 4))).toThrow(/^x\.jpg is a JPEG in CMYK, for printing presses, which is not read/);
  });
});

describe("TIFF of kinds that are not read", () => {
  const short = (tag: number, ...values: number[]): Tag => ({
    tag,
    type: 3,
    count: values.length,
    value: new Uint8Array(Uint16Array.from(values).buffer),
  });
  const sound = {
    width: short(256, 4),
    bits: short(258, 8),
    photometric: short(262, 1),
    samples: short(277, 1),
  };
  const cases: [string, Record<string, Tag>, RegExp][] = [
    ["float", { format: short(339, 3), bits: short(258, 32) }, /of floating-point samples/],
    ["signed", { format: short(339, 2) }, /of signed samples/],
    ["32 bits", { bits: short(258, 32) }, /of 32 bits a sample/],
    ["12 bits", { bits: short(258, 12) }, /of 12 bits a sample/],
    ["CMYK", { photometric: short(262, 5), samples: short(277, 4) }, /in CMYK, for printing presses/],
    ["Lab", { photometric: short(262, 8), samples: short(277, 3) }, /in L\*a\*b\* colours/],
    ["five channels", { photometric: short(262, 2), samples: short(277, 5) }, /of 5 channels/],
  ];
  it.each(cases)("%s: refused by name", async (_name, tags, message) => {
    const file = put("x.tif", encodeBlock(Object.values({ ...sound, ...tags })));
    expect(await messageOf(file)).toMatch(message);
  });

  it("several pages, but not a reduced picture beside the first", async (context) => {
    if (!sharp) return context.skip("the package sharp is missing");
    const frames = [1, 2, 3].map(() => ({
      create: { width: 8, height: 8, channels: 3 as const, background: "red" },
    }));
    const bytes = await sharp(frames as never, { join: { animated: true } } as never)
      .tiff()
      .toBuffer();
    expect(await messageOf(put("pages.tif", bytes))).toMatch(
      /^pages\.tif has 3 pages, and only single ones are read/,
    );
  });

  it("cameras' raw files, by what they hold or by their names", async () => {
    const dng = encodeBlock([
      ...Object.values(sound),
      { tag: 50706, type: 1, count: 4, value: Uint8Array.from([1, 4, 0, 0]) },
    ]);
    const inside = encodeBlock([short(256, 4000), short(262, 32803)]);
    const nef = Buffer.concat([
      encodeBlock([
        ...Object.values(sound),
        { tag: 330, type: 4, count: 1, value: Uint8Array.from([200, 0, 0, 0]) },
      ]),
      new Uint8Array(256),
    ]);
    nef.set(inside.subarray(8), 200);
    for (const [name, bytes] of [
      ["a.tif", dng],
      ["b.tif", nef],
      ["c.NEF", encodeBlock(Object.values(sound))],
      ["d.jpg", Buffer.from("FUJIFILMCCD-RAW 0201")],
      ["e.cr3", Buffer.from("\0\0\0\x18ftypcrx \0\0\0\x01crx isom", "latin1")],
    ] as const)
      expect(await messageOf(put(name, bytes))).toBe(
        `${name} is a camera's raw file, which is not read; develop it and export a TIFF or JPEG.`,
      );
  });
});

describe("other kinds", () => {
  it.each([
    ["GIF89a", "a GIF image"],
    ["BM\0\0\0\0\0\0\0\0", "a BMP image"],
    ["\0\0\0\x18ftypheic\0\0\0\0mif1heic", "a HEIC image"],
    ["\0\0\0\x0cJXL \r\n", "a JPEG XL image"],
    ["\0\0\0\x0cjP  \r\n", "a JPEG 2000 image"],
    ["8BPS\0\x01", "a Photoshop document"],
    ["%PDF-1.7", "a PDF document"],
    ["<?xml version='1.0'?><svg>", "an SVG drawing"],
    ["P6\n4 4\n255\n", "a PNM image"],
    ["\0\0\0\x18ftypisom\0\0\0\0mp42", "a film or another kind of media"],
  ])("are refused by name (%j)", async (start, name) => {
    const file = put("x.png", Buffer.from(start.padEnd(40, " "), "latin1"));
    expect(await messageOf(file)).toMatch(new RegExp(`^x\\.png is ${name}, which is not read; [^.]+\\.$`));
  });
});
