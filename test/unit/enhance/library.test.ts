// enhance(): what goes in comes out, better: bytes, a path or an image.

import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { setBackend } from "../../../src/backend/current.js";
import { ReferenceBackend } from "../../../src/backend/reference/reference-backend.js";
import { gaussianNoise } from "../../../src/data/degrade/gaussian.js";
import { enhance } from "../../../src/enhance/library-node.js";
import { encodeImage, readImage, writeImage } from "../../../src/image/files.js";
import type { Image } from "../../../src/image/image.js";
import { toImage } from "../../../src/image/plane.js";
import { createModel } from "../../../src/models/index.js";
import { readTensors, weightsOf } from "../../../src/nn/weights.js";
import { writeCheckpoint } from "../../../src/train/files.js";

let folder: string;
let model: string;
let backend: ReferenceBackend;
beforeAll(async () => {
  setBackend((backend = new ReferenceBackend({ precision: "float32" })));
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "fovea-library-"));
  model = path.join(folder, "tiny.safetensors");
  const network = createModel(
    { architecture: "unet", options: { widths: [2, 2], blocks: 1, channels: 3 } },
    4,
  );
  // Small weights change the picture a little; untrained ones would make another of it.
  const tensors = [...(await readTensors(weightsOf(network)))].map(
    ([name, { shape, data }]) => [`model.${name}`, { shape, data: data.map((w) => 0.2 * w) }] as const,
  );
  const snapshot = { step: 1, minutes: 0, tensors: new Map(tensors) };
  writeCheckpoint(model, { snapshot, config: { model: network.config, task: "denoise" } }, true);
  network.dispose();
});
afterAll(async () => {
  await backend.close();
  fs.rmSync(folder, { recursive: true, force: true });
});

const picture = (seed: number): Image => {
  const ramp = Float32Array.from({ length: 40 * 30 * 3 }, (_, i) => 0.2 + (0.6 * i) / 3600);
  return toImage(gaussianNoise({ width: 40, height: 30, channels: 3, data: ramp }, 15, seed, 0));
};

it("an image gives an image, bytes bytes of the same format, a path the path of the result beside it", async () => {
  const image = picture(1);
  const options = { model, sigma: 15 } as const;
  const better = await enhance(image, options);
  expect(better).toMatchObject({ width: 40, height: 30, channels: 3, bitDepth: 8 });
  expect(better.pixels).not.toEqual(image.pixels);

  const file = path.join(folder, "photo.png");
  await writeImage(file, image);
  expect(await enhance(file, options)).toBe(path.join(folder, "photo.enhanced.png"));
  expect((await readImage(path.join(folder, "photo.enhanced.png"))).pixels).toEqual(better.pixels);
  await expect(enhance(file, options)).rejects.toThrow(/photo\.enhanced\.png exists already/);
  await enhance(file, { ...options, force: true });
  await expect(enhance(file, { ...options, output: file })).rejects.toThrow(/would overwrite/);

  const bytes = await enhance(await encodeImage(image, "png", "it"), options);
  const out = path.join(folder, "bytes.png");
  fs.writeFileSync(out, bytes);
  expect((await readImage(out)).pixels).toEqual(better.pixels);
});

it("calls at once give what each gives alone", async () => {
  const pictures = [1, 2, 3, 4].map(picture);
  const alone = [];
  for (const image of pictures) alone.push((await enhance(image, { model, sigma: 15 })).pixels);
  const together = await Promise.all(pictures.map((image) => enhance(image, { model, sigma: 15 })));
  expect(together.map((image) => image.pixels)).toEqual(alone);
});

it("strength, progress and the signal", async () => {
  const image = picture(5);
  const shares: number[] = [];
  expect((await enhance(image, { model, strength: 0 })).pixels).toEqual(image.pixels);
  await enhance(image, { model, sigma: 15, onProgress: (share) => shares.push(share) });
  expect(shares.at(-1)).toBe(1);
  const gone = AbortSignal.abort(new Error("enough"));
  await expect(enhance(image, { model, signal: gone })).rejects.toThrow("enough");
});

it("what cannot be is one sentence", async () => {
  await expect(enhance(picture(1), { task: "fly" as never })).rejects.toThrow(
    /no task fly; choose one of photo/,
  );
  await expect(enhance(picture(1), { strenght: 1 } as never)).rejects.toThrow(/strenght.*strength/);
  await expect(enhance({} as never)).rejects.toThrow(/neither bytes, a path nor an image/);
  await expect(enhance(new Uint8Array(40), { model })).rejects.toThrow(/The photograph is not an image/);
  await expect(enhance(picture(1), { model: "none.safetensors" })).rejects.toThrow(/none\.safetensors/);
});
