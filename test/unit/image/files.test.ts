import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { UserError } from "../../../src/base/errors.js";
import { listImages, readImage, writeImage } from "../../../src/image/files.js";
import { createImage, type Channels, type Image } from "../../../src/image/image.js";
import { psnr } from "../../../src/image/metrics.js";
import { toImage } from "../../../src/image/plane.js";

let folder: string;
beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "fovea-image-"));
});
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

const at = (...names: string[]) => path.join(folder, ...names);

function smooth(channels: Channels, bitDepth: 8 | 16): Image {
  const data = Float32Array.from(
    { length: 40 * 30 * channels },
    (_, i) => 0.5 + 0.4 * Math.sin((Math.floor(i / channels) % 40) / 9 + (i % channels)),
  );
  return toImage({ width: 40, height: 30, channels, data }, bitDepth);
}

async function messageOf(work: () => unknown): Promise<string> {
  try {
    await work();
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    return (error as Error).message;
  }
  return "no error";
}

const sharpIsThere = await import("sharp").then(
  () => true,
  () => false,
);
if (!sharpIsThere) console.warn("sharp is not installed: the JPEG, WebP and TIFF tests are skipped");

describe("image files", () => {
  it("writes a PNG and reads it back, leaving nothing else behind", async () => {
    const image = smooth(3, 16);
    await writeImage(at("one.png"), image);
    await writeImage(at("one.png"), image);
    expect(await readImage(at("one.png"))).toMatchObject(image);
    expect(fs.readdirSync(folder)).toEqual(["one.png"]);
  });

  it("knows a file by its bytes, not by its name", async () => {
    const image = smooth(1, 8);
    await writeImage(at("two.png"), image);
    fs.renameSync(at("two.png"), at("two.jpg"));
    expect(await readImage(at("two.jpg"))).toMatchObject(image);
  });

  it("names the file and the remedy when it cannot be read", async () => {
    fs.writeFileSync(at("empty.png"), "");
    fs.writeFileSync(at("text.png"), "hello, I am a text");
    const good = fs.readFileSync(at("one.png"));
    fs.writeFileSync(at("cut.png"), good.subarray(0, good.length / 2));
    expect(await messageOf(() => readImage(at("none.png")))).toBe(
      `Cannot read ${at("none.png")}: no such file or folder; check the path.`,
    );
    expect(await messageOf(() => readImage(folder))).toBe(
      `Cannot read ${folder}: it is a folder; name a file.`,
    );
    expect(await messageOf(() => readImage(at("empty.png")))).toMatch(/empty\.png is empty/);
    expect(await messageOf(() => readImage(at("text.png")))).toMatch(
      /text\.png is not an image of a known kind; give a PNG/,
    );
    expect(await messageOf(() => readImage(at("cut.png")))).toMatch(
      /cut\.png is a PNG cut short in row \d+ of 30/,
    );
  });

  it("names the file and leaves nothing when it cannot be written", async () => {
    const image = smooth(1, 8);
    expect(await messageOf(() => writeImage(at("no", "x.png"), image))).toMatch(
      /^Cannot write .*x\.png: no such file or folder/,
    );
    expect(await messageOf(() => writeImage(at("one.png", "x.png"), image))).toMatch(
      /^Cannot write .*: a part of the path is a file/,
    );
    fs.mkdirSync(at("folder.png"));
    expect(await messageOf(() => writeImage(at("folder.png"), image))).toBe(
      `Cannot write ${at("folder.png")}: it is a folder; name a file.`,
    );
    expect(await messageOf(() => writeImage(at("x.gif"), image))).toMatch(
      /x\.gif which kind of image to write; end it with one of \.png/,
    );
    expect(fs.readdirSync(folder).filter((name) => name.includes("tmp"))).toEqual([]);
  });

  it("stops reading and writing when it is told to, leaving nothing behind", async () => {
    const image = createImage(900, 900, 3);
    await writeImage(at("stop.png"), image);
    const before = fs.readdirSync(folder);
    const stopped = new AbortController();
    stopped.abort(new Error("enough"));
    const { signal } = stopped;
    await expect(readImage(at("stop.png"), { signal })).rejects.toThrow("enough");
    await expect(writeImage(at("stop2.png"), image, { signal })).rejects.toThrow("enough");
    expect(fs.readdirSync(folder)).toEqual(before);
  });

  it("refuses a picture for which there is no memory before it takes any", async () => {
    await writeImage(at("large.png"), createImage(900, 900, 3));
    const free = vi.spyOn(process, "availableMemory").mockReturnValue(4e6);
    try {
      expect(await messageOf(() => readImage(at("large.png")))).toBe(
        `${at("large.png")} claims 900x900 pixels, which take 5 MB of memory where 4 MB are free; cut the image into parts or free some.`,
      );
      free.mockReturnValue(5e6); // twice 900 * 900 * 3 bytes are 4.86 MB
      expect((await readImage(at("large.png"))).width).toBe(900);
    } finally {
      free.mockRestore();
    }
  });

  it("reads and writes without keeping the event loop waiting", async () => {
    const image = createImage(2000, 1500, 3);
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    await writeImage(at("turns.png"), image);
    const whileWriting = turns;
    await readImage(at("turns.png"));
    clearInterval(timer);
    // Nine blocks are written and 35 pieces read, and the loop turns between them.
    expect(whileWriting).toBeGreaterThan(5);
    expect(turns - whileWriting).toBeGreaterThan(5);
  });

  it("lists a folder's images in natural order, and a file as itself", async () => {
    const images = at("list");
    fs.mkdirSync(images);
    for (const name of ["10.png", "2.PNG", "1.jpeg", "notes.txt", ".hidden.png"])
      fs.writeFileSync(path.join(images, name), "x");
    expect(listImages(images).map((file) => path.basename(file))).toEqual(["1.jpeg", "2.PNG", "10.png"]);
    expect(listImages(path.join(images, "notes.txt"))).toEqual([path.join(images, "notes.txt")]);
    fs.mkdirSync(at("nothing"));
    expect(await messageOf(() => listImages(at("nothing")))).toMatch(
      /^The folder .*nothing has no images \(\.png/,
    );
    expect(await messageOf(() => listImages(at("nowhere")))).toMatch(
      /^Cannot read .*nowhere: no such file or folder/,
    );
  });

  describe.skipIf(!sharpIsThere)("through sharp", () => {
    const kinds = ([1, 2, 3, 4] as const).flatMap((channels) =>
      ([8, 16] as const).map((depth) => ({ channels, depth })),
    );
    it.each(kinds)(
      "keeps a TIFF of $channels channels and $depth bits exactly",
      async ({ channels, depth }) => {
        const image = smooth(channels, depth);
        await writeImage(at("t.tiff"), image);
        expect(await readImage(at("t.tiff"))).toMatchObject(image);
      },
    );

    it("keeps JPEG and WebP close, JPEG grey as grey and without alpha, WebP with alpha", async () => {
      for (const name of ["a.jpg", "a.webp"]) {
        await writeImage(at(name), smooth(3, 16));
        const back = await readImage(at(name));
        expect(back.bitDepth).toBe(8);
        expect(psnr(back, smooth(3, 8))).toBeGreaterThan(35);
      }
      await writeImage(at("grey.jpg"), smooth(1, 8));
      expect((await readImage(at("grey.jpg"))).channels).toBe(1);
      await writeImage(at("alpha.jpg"), smooth(4, 8));
      expect((await readImage(at("alpha.jpg"))).channels).toBe(3);
      await writeImage(at("alpha.webp"), smooth(4, 8));
      expect((await readImage(at("alpha.webp"))).channels).toBe(4);
      await writeImage(at("grey.webp"), smooth(2, 8));
      expect(psnr(await readImage(at("grey.webp")), await readImage(at("grey.webp")))).toBe(Infinity);
    });

    it("turns a photo the right way up", async () => {
      const { default: sharp } = await import("sharp");
      const raw = { width: 16, height: 8, channels: 1 as const };
      const leftBlack = Uint8Array.from({ length: 128 }, (_, i) => (i % 16 < 8 ? 0 : 255));
      await sharp(leftBlack, { raw }).jpeg().withMetadata({ orientation: 6 }).toFile(at("turned.jpg"));
      const image = await readImage(at("turned.jpg")); // 6: to be turned by a quarter clockwise; the left side becomes the top
      expect([image.width, image.height]).toEqual([8, 16]);
      expect(image.pixels[0]).toBeLessThan(25);
      expect(image.pixels.at(-1)).toBeGreaterThan(230);
    });

    it("refuses JPEG and TIFF files that are cut short", async () => {
      for (const name of ["a.jpg", "t.tiff", "a.webp"]) {
        const bytes = fs.readFileSync(at(name));
        fs.writeFileSync(at("cut"), bytes.subarray(0, bytes.length * 0.6));
        expect(await messageOf(() => readImage(at("cut")))).toMatch(
          /^.*cut is a damaged or unsupported (JPEG|TIFF|WEBP) image \([^\n]*\); get/,
        );
      }
    });
  });

  it("says how to install sharp where it is missing", async () => {
    fs.writeFileSync(at("photo.jpg"), Uint8Array.from([0xff, 0xd8, 0xff, 0xe0]));
    vi.resetModules();
    vi.doMock("sharp", () => {
      throw new Error("Cannot find package 'sharp'");
    });
    const files = await import("../../../src/image/files.js");
    const message =
      /: JPEG images need the optional package sharp; install it \(npm install sharp\) or use PNG\.$/;
    await expect(files.readImage(at("photo.jpg"))).rejects.toThrow(message);
    await expect(files.writeImage(at("new.jpg"), smooth(1, 8))).rejects.toThrow(message);
    expect(fs.existsSync(at("new.jpg"))).toBe(false);
    vi.doUnmock("sharp");
  });
});
