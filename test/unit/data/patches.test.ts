import { describe, expect, it } from "vitest";
import { UserError } from "../../../src/base/errors.js";
import { checkSigma, gaussianNoise } from "../../../src/data/degrade/gaussian.js";
import { PatchDataset, storeImage, type PatchOptions } from "../../../src/data/patches.js";
import { createImage, type Channels, type Image } from "../../../src/image/image.js";
import { type Plane, toPlane } from "../../../src/image/plane.js";

/** Every value tells where it comes from: image, place and channel. */
function marked(image: number, width: number, height: number, channels: Channels): Image {
  const pixels = Uint16Array.from({ length: width * height * channels }, (_, i) => image * 4096 + i);
  return createImage(width, height, channels, pixels);
}

function dataset(count: number, options: PatchOptions, channels: 1 | 3 = 1): PatchDataset {
  const images = Array.from({ length: count }, (_, i) =>
    storeImage(marked(i, 20, 16, channels), channels, `${i}.png`),
  );
  return new PatchDataset(images, channels, options);
}

/** Image, column, row and channel of a value of `marked`. */
function origin(value: number, channels: number) {
  const mark = Math.round(value * 65535);
  const pixel = Math.floor((mark % 4096) / channels);
  return {
    image: Math.floor(mark / 4096),
    x: pixel % 20,
    y: Math.floor(pixel / 20),
    channel: (mark % 4096) % channels,
  };
}

const flatNoise = (sigma: number, seed: number, index: number) =>
  gaussianNoise(createImage(64, 64, 1), sigma, seed, index).data;
const deviation = (values: Float32Array) =>
  Math.sqrt(values.reduce((sum, v) => sum + v * v, 0) / values.length);

describe("gaussianNoise", () => {
  it("has the asked deviation, is not clipped, and is added to the image", () => {
    const noise = flatNoise(25, 1, 0);
    const standardError = 25 / 255 / Math.sqrt(2 * noise.length);
    expect(Math.abs(deviation(noise) - 25 / 255)).toBeLessThan(5 * standardError);
    expect(noise.some((value) => value < 0)).toBe(true);
    const half: Plane = { width: 64, height: 64, channels: 1, data: new Float32Array(64 * 64).fill(0.5) };
    expect(gaussianNoise(half, 25, 1, 0).data[100]).toBeCloseTo(noise[100] + 0.5, 6);
    expect([...gaussianNoise(half, 0, 1, 0).data]).toEqual([...half.data]);
  });

  it("is the same for the same seed and index and another for others", () => {
    expect([...flatNoise(25, 1, 0)]).toEqual([...flatNoise(25, 1, 0)]);
    const first = [
      flatNoise(25, 1, 0)[0],
      flatNoise(25, 1, 1)[0],
      flatNoise(25, 2, 0)[0],
      flatNoise(25, 1 + 2 ** 32, 0)[0],
    ];
    expect(new Set(first).size).toBe(4);
    // Noise of different images is uncorrelated: the mean product is zero within five standard errors.
    const [a, b] = [flatNoise(255, 1, 0), flatNoise(255, 1, 1)];
    expect(Math.abs(a.reduce((sum, value, i) => sum + value * b[i], 0) / a.length)).toBeLessThan(
      5 / Math.sqrt(a.length),
    );
  });

  it("refuses levels that are none", () => {
    for (const sigma of [-1, NaN, 256]) expect(() => checkSigma(sigma)).toThrow(UserError);
  });
});

describe("PatchDataset", () => {
  it("takes squares of the images, in all 8 positions, with channels in place", () => {
    const data = dataset(3, { patch: 6, batchSize: 8, sigma: 0, seed: 3 }, 3);
    const seen = new Set<string>();
    for (let step = 0; step < 30; step++) {
      const { clean, noisy } = data.batch(step);
      expect([...noisy]).toEqual([...clean]);
      for (let b = 0; b < 8; b++) {
        const at = (y: number, x: number, c = 0) => origin(clean[((b * 6 + y) * 6 + x) * 3 + c], 3);
        const corner = at(0, 0);
        const right = { x: at(0, 1).x - corner.x, y: at(0, 1).y - corner.y };
        const down = { x: at(1, 0).x - corner.x, y: at(1, 0).y - corner.y };
        expect(Math.abs(right.x) + Math.abs(right.y)).toBe(1);
        expect(Math.abs(right.x * down.y - right.y * down.x)).toBe(1);
        for (let y = 0; y < 6; y++) {
          for (let x = 0; x < 6; x++) {
            for (let c = 0; c < 3; c++) {
              const expected = {
                image: corner.image,
                x: corner.x + x * right.x + y * down.x,
                y: corner.y + x * right.y + y * down.y,
                channel: c,
              };
              expect(at(y, x, c)).toEqual(expected);
            }
          }
        }
        seen.add(JSON.stringify([right, down]));
      }
    }
    expect(seen.size).toBe(8);
  });

  it("reaches every place of the image and stays upright without augmentation", () => {
    const data = dataset(1, { patch: 15, batchSize: 200, augment: false, sigma: 0 });
    const { clean } = data.batch(0);
    const corners = Array.from({ length: 200 }, (_, b) => origin(clean[b * 225], 1)).map(
      ({ x, y }) => `${x},${y}`,
    );
    expect(new Set(corners).size).toBe(6 * 2); // 20 - 15 + 1 columns, 16 - 15 + 1 rows
    expect(origin(clean[1], 1).x - origin(clean[0], 1).x).toBe(1);
  });

  it("gives the same batch for the same seed and step, whatever was asked before", () => {
    const options = { patch: 8, batchSize: 4, sigma: [0, 55] as const, seed: 7 };
    const [a, b] = [dataset(5, options), dataset(5, options)];
    for (let step = 0; step < 9; step++) a.batch(step);
    expect(a.batch(4)).toEqual(b.batch(4));
    expect(a.batch(4)).not.toEqual(b.batch(5));
    expect(dataset(5, { ...options, seed: 8 }).batch(4).clean).not.toEqual(b.batch(4).clean);
  });

  it("visits each image once an epoch, in changing order", () => {
    const data = dataset(7, { patch: 4, batchSize: 7, sigma: 0 });
    const orders = [0, 1, 2, 3].map((step) => {
      const { clean } = data.batch(step);
      return Array.from({ length: 7 }, (_, b) => origin(clean[b * 16], 1).image);
    });
    for (const order of orders) expect([...order].sort()).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(new Set(orders.map(String)).size).toBeGreaterThan(1);
  });

  it("draws a noise level for each patch from the range, and noise of that level", () => {
    const data = dataset(2, { patch: 16, batchSize: 200, sigma: [10, 50] });
    const { clean, noisy, sigma } = data.batch(0);
    expect(Math.min(...sigma)).toBeGreaterThanOrEqual(10);
    expect(Math.max(...sigma)).toBeLessThanOrEqual(50);
    const mean = sigma.reduce((sum, value) => sum + value, 0) / 200;
    expect(Math.abs(mean - 30)).toBeLessThan((5 * 40) / Math.sqrt(12 * 200));
    for (let b = 0; b < 200; b++) {
      const noise = noisy.slice(b * 256, (b + 1) * 256).map((value, i) => value - clean[b * 256 + i]);
      expect(Math.abs((deviation(noise) * 255) / sigma[b] - 1)).toBeLessThan(5 / Math.sqrt(2 * 256));
    }
  });

  it("keeps 8-bit images exactly, at one byte a value", () => {
    const image = createImage(
      16,
      16,
      1,
      Uint8Array.from({ length: 256 }, (_, i) => i),
    );
    const stored = storeImage(image, 1, "all.png");
    expect(stored.levels).toBeInstanceOf(Uint8Array);
    const { clean } = new PatchDataset([stored], 1, { patch: 16, batchSize: 1, augment: false }).batch(0);
    expect([...clean]).toEqual([...toPlane(image).data]);
  });

  it("makes grey of colour and colour of grey", () => {
    const red = createImage(1, 1, 4, Uint8Array.from([255, 0, 0, 128]));
    expect([...storeImage(red, 1, "red").levels]).toEqual([76]); // 0.299 * 255
    expect([...storeImage(red, 3, "red").levels]).toEqual([255, 0, 0]);
    expect([...storeImage(createImage(1, 1, 1, Uint8Array.from([255])), 3, "white").levels]).toEqual([
      255, 255, 255,
    ]);
  });

  it("refuses what cannot be trained on, in one sentence", () => {
    expect(() => new PatchDataset([], 1)).toThrow(/^There are no images to train on/);
    expect(() => dataset(1, { patch: 17 })).toThrow(
      /^0\.png is 20x16 pixels, smaller than a patch of 17x17; take a smaller patch/,
    );
    expect(() => dataset(1, { patch: 0 })).toThrow(/^The patch 0 is not a whole number/);
    expect(() => dataset(1, { patch: 4, batchSize: 1.5 })).toThrow(/^The batch size 1\.5/);
    expect(() => dataset(1, { patch: 4, sigma: [30, 10] })).toThrow(/30\.\.10 run backwards/);
    expect(() => dataset(1, { patch: 4, sigma: NaN })).toThrow(/sigma NaN is not in 0 to 255/);
    expect(() => dataset(1, { patch: 4, seed: -1 })).toThrow(UserError);
  });
});
