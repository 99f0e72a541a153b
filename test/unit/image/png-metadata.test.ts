import { deflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { orientationOf, turned } from "../../../src/image/exif.js";
import { createImage } from "../../../src/image/image.js";
import { withoutMetadata } from "../../../src/image/metadata.js";
import { decodePng } from "../../../src/image/png-decode-node.js";
import { encodePng } from "../../../src/image/png-encode-node.js";
import { chunk, chunksOf, exifWith, makePng } from "./make-files.js";

const text = (keyword: string, words: string) => Buffer.from(`${keyword}\0${words}`, "latin1");
const before = [
  chunk("sRGB", Uint8Array.from([0])),
  chunk("gAMA", Uint8Array.from([0, 0, 0xb1, 0x8f])),
  chunk("cHRM", Buffer.alloc(32, 1)),
  chunk("cICP", Uint8Array.from([9, 16, 0, 1])),
  chunk("iCCP", Buffer.concat([Buffer.from("mine\0\0", "latin1"), deflateSync(Buffer.from("a profile"))])),
  chunk("sBIT", Uint8Array.from([5])),
  chunk("pHYs", Uint8Array.from([0, 0, 0x2e, 0x23, 0, 0, 0x2e, 0x23, 1])),
  chunk("tEXt", text("Author", "me")),
  chunk("iTXt", Buffer.from("XML:com.adobe.xmp\0\0\0\0\0<x tiff:Orientation='6'/>", "latin1")),
  chunk("tIME", Uint8Array.from([7, 0xea, 1, 2, 3, 4, 5])),
  chunk("prVt", Uint8Array.from([1, 2, 3])),
];
const after = [chunk("zTXt", text("Comment", "late"))];
const raw = Uint8Array.from([0, 10, 20, 30]);

describe("a PNG's metadata", () => {
  it("comes back byte for byte and in place", async () => {
    const bytes = makePng({ width: 3, height: 1 }, raw, before, after);
    const image = await decodePng(bytes, "photo.png");
    expect(image.metadata).toMatchObject({
      format: "png",
      icc: Buffer.from("a profile"),
      density: { x: expect.closeTo(300, 1), y: expect.closeTo(300, 1) },
    });
    const again = chunksOf(await encodePng(image));
    const kept = chunksOf(bytes).map((c) =>
      c.name === "iTXt"
        ? { ...c, data: Buffer.from(c.data.toString("latin1").replace("6", "1"), "latin1") }
        : c,
    );
    expect(again.filter(({ name }) => name !== "IDAT")).toEqual(kept.filter(({ name }) => name !== "IDAT"));
    const pixelsAt = again.findIndex(({ name }) => name === "IDAT");
    expect(again.findIndex(({ name }) => name === "zTXt")).toBeGreaterThan(pixelsAt);
  });

  it("is left out but for what the colours need, when that is wanted", async () => {
    const image = await decodePng(makePng({ width: 3, height: 1 }, raw, before, after), "photo.png");
    const again = await encodePng({ ...image, metadata: withoutMetadata(image.metadata!) });
    const names = chunksOf(again).map(({ name }) => name);
    expect(names.filter((name) => name !== "IDAT")).toEqual([
      "IHDR",
      "sRGB",
      "gAMA",
      "cHRM",
      "cICP",
      "iCCP",
      "sBIT",
      "IEND",
    ]);
  });

  it("leaves out what speaks of samples when those are others", async () => {
    const image = await decodePng(
      makePng({ width: 2, height: 1, depth: 4 }, Uint8Array.from([0, 0x0f]), [
        chunk("sBIT", Uint8Array.from([3])),
        chunk("bKGD", Uint8Array.from([0, 1])),
        chunk("tEXt", text("a", "b")),
      ]),
      "photo.png",
    );
    const changed = { ...image, pixels: Uint8Array.from([1, 2]) };
    const names = chunksOf(await encodePng(changed)).map(({ name }) => name);
    expect(names.filter((name) => name !== "IDAT")).toEqual(["IHDR", "tEXt", "IEND"]);
  });

  it("that another format brought is said in PNG's chunks", async () => {
    const xmp = Buffer.from("<xmp/>");
    const image = createImage(1, 1, 1);
    const exif = exifWith(1);
    const metadata = {
      format: "jpeg",
      icc: Buffer.from("profile"),
      exif,
      xmp,
      density: { x: 72, y: 300 },
    } as const;
    const back = await decodePng(await encodePng({ ...image, metadata }), "photo.png");
    expect(back.metadata).toMatchObject({
      icc: metadata.icc,
      exif: new Uint8Array(exif),
      xmp: new Uint8Array(xmp),
      density: { x: expect.closeTo(72, 1), y: expect.closeTo(300, 1) },
    });
  });
});

describe("orientation", () => {
  // What a viewer shows of the stored rows "ab", "cd", "ef", by EXIF's definition of each number.
  const shown = [
    "",
    "ab cd ef",
    "ba dc fe",
    "fe dc ba",
    "ef cd ab",
    "ace bdf",
    "eca fdb",
    "fdb eca",
    "bdf ace",
  ];
  const raw = Uint8Array.from([0, 1, 2, 0, 3, 4, 0, 5, 6]);
  for (let orientation = 1; orientation <= 8; orientation++)
    for (const little of [true, false])
      it(`${orientation} of a PNG is made true once (${little ? "II" : "MM"})`, async () => {
        const eXIf = chunk("eXIf", exifWith(orientation, little));
        const image = await decodePng(makePng({ width: 2, height: 3 }, raw, [eXIf]), "photo.png");
        const rows = shown[orientation].split(" ");
        expect([image.width, image.height]).toEqual([rows[0].length, rows.length]);
        const letters = [...image.pixels].map((level) => " abcdef"[level]).join("");
        expect(letters).toBe(rows.join(""));
        expect(orientationOf(image.metadata!.exif)).toBe(1);
        const again = await decodePng(await encodePng(image), "photo.png");
        expect(again.pixels).toEqual(image.pixels);
        expect(chunksOf(await encodePng(image)).map(({ name }) => name)).toContain("eXIf");
      });

  it("turns all channels and 16 bits", () => {
    const image = createImage(2, 1, 3, Uint16Array.from([1000, 2000, 3000, 4000, 5000, 6000]));
    const upright = turned(image, 3);
    expect(upright).toMatchObject({ width: 2, height: 1, channels: 3, bitDepth: 16 });
    expect([...upright.pixels]).toEqual([4000, 5000, 6000, 1000, 2000, 3000]);
  });

  it("is 1 where EXIF is broken or says nonsense", () => {
    expect(orientationOf(exifWith(9))).toBe(1);
    expect(orientationOf(exifWith(0))).toBe(1);
    const sound = exifWith(6);
    for (let length = 0; length < 20; length++) expect(orientationOf(sound.subarray(0, length))).toBe(1);
    sound.writeUInt32LE(2 ** 32 - 1, 4);
    expect(orientationOf(sound)).toBe(1);
  });
});
