import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import zlib from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { UserError } from "../../../src/base/errors.js";
import { loadMnist, loadPatches } from "../../../src/data/files.js";
import { readDigits, readIdx } from "../../../src/data/mnist.js";
import { writeImage } from "../../../src/image/files.js";
import { createImage } from "../../../src/image/image.js";

let folder: string;
beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "fovea-data-"));
});
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

function idx(shape: number[], values: number[]): Uint8Array {
  const bytes = Buffer.alloc(4 + 4 * shape.length + values.length);
  bytes.set([0, 0, 8, shape.length]);
  shape.forEach((size, d) => bytes.writeUInt32BE(size, 4 + 4 * d));
  bytes.set(values, 4 + 4 * shape.length);
  return bytes;
}

describe("loadPatches", () => {
  it("reads a folder, and names what is wrong with it", async () => {
    const images = path.join(folder, "images");
    fs.mkdirSync(images);
    await expect(loadPatches(images, 1)).rejects.toThrow(/^The folder .*images has no images/);
    await expect(loadPatches(path.join(folder, "none"), 1)).rejects.toThrow(UserError);
    await writeImage(path.join(images, "a.png"), createImage(70, 70, 3));
    await writeImage(path.join(images, "b.png"), createImage(70, 80, 1));
    const data = await loadPatches(images, 3, { batchSize: 2 });
    expect(data.size).toBe(2);
    expect(data.batch(0).clean.length).toBe(2 * 64 * 64 * 3);
    fs.writeFileSync(path.join(images, "c.png"), "not an image");
    await expect(loadPatches(images, 1)).rejects.toThrow(/c\.png is not an image/);
  });
});

describe("MNIST", () => {
  it("reads digits and their labels from .gz files", () => {
    const files = { images: idx([2, 1, 3], [0, 51, 255, 102, 0, 0]), labels: idx([2], [7, 3]) };
    fs.writeFileSync(path.join(folder, "t10k-images-idx3-ubyte.gz"), zlib.gzipSync(files.images));
    fs.writeFileSync(path.join(folder, "t10k-labels-idx1-ubyte.gz"), zlib.gzipSync(files.labels));
    const digits = loadMnist(folder, "test");
    expect(digits).toMatchObject({ count: 2, height: 1, width: 3 });
    expect([...digits.images]).toEqual([0, 0.2, 1, 0.4, 0, 0].map(Math.fround));
    expect([...digits.labels]).toEqual([7, 3]);
  });

  it("names the file that is missing, damaged, cut short or of another set", () => {
    expect(() => loadMnist(folder, "train")).toThrow(
      /There is no .*train-images-idx3-ubyte\.gz: get MNIST's four files from/,
    );
    fs.writeFileSync(path.join(folder, "train-images-idx3-ubyte.gz"), "no gz");
    fs.writeFileSync(path.join(folder, "train-labels-idx1-ubyte.gz"), "no gz");
    expect(() => loadMnist(folder, "train")).toThrow(/is not a whole \.gz file/);
    const good = idx([2, 1, 3], [1, 2, 3, 4, 5, 6]);
    for (let length = 0; length < good.length; length++)
      expect(() => readIdx(good.subarray(0, length), "x")).toThrow(UserError);
    expect(() => readIdx(Buffer.concat([good, good]), "x")).toThrow(/^x has 22 bytes too many/);
    expect(() => readIdx(idx([2 ** 32 - 1, 2 ** 32 - 1, 2 ** 32 - 1], []), "x")).toThrow(/^x is cut short/);
    expect(() => readDigits(good, "i", idx([3], [1, 2, 3]), "l")).toThrow(
      /^l of shape \[3\] does not label the 2 images of i/,
    );
    expect(() => readDigits(idx([1], [1]), "i", idx([1], [1]), "l")).toThrow(/^i holds no images/);
  });
});
