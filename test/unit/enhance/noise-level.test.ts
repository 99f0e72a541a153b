import { describe, expect, it } from "vitest";
import { RandomStream } from "../../../src/base/random-stream.js";
import { gaussianNoise } from "../../../src/data/degrade/gaussian.js";
import { eigenvaluesOf } from "../../../src/enhance/eigenvalues.js";
import { estimateSigma } from "../../../src/enhance/noise-level.js";
import { createImage } from "../../../src/image/image.js";
import { type Plane, toImage } from "../../../src/image/plane.js";

/** Photograph-like: shaded regions with edges, and texture in a part of the picture. */
function scene(seed: number, width = 200, height = 160): Plane {
  const stream = new RandomStream(seed, 0);
  const discs = Array.from({ length: 12 }, () => ({
    x: stream.uniform() * width,
    y: stream.uniform() * height,
    r: 10 + stream.uniform() * 40,
    level: 0.25 + 0.5 * stream.uniform(),
  }));
  const data = new Float32Array(width * height);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      let value = 0.35 + (0.3 * x) / width;
      for (const disc of discs)
        if (Math.hypot(x - disc.x, y - disc.y) < disc.r) value = disc.level + (0.1 * y) / height;
      if (x > width / 2 && y > height / 2) value += 0.08 * (stream.uniform() - 0.5) + 0.05 * Math.sin(x * y);
      data[y * width + x] = value;
    }
  return { width, height, channels: 1, data };
}

describe("estimateSigma", () => {
  for (const sigma of [5, 10, 15, 25, 35, 50])
    it(`finds sigma ${sigma} within 6 % and 0.5`, () => {
      for (let seed = 1; seed <= 3; seed++) {
        const found = estimateSigma(gaussianNoise(scene(seed), sigma, seed, 0));
        expect(Math.abs(found - sigma)).toBeLessThan(0.06 * sigma + 0.5);
      }
    });

  it("is not misled by what 8 bits do to the noise", () => {
    const found = estimateSigma(toImage(gaussianNoise(scene(4), 20, 4, 0)));
    expect(Math.abs(found - 20)).toBeLessThan(1.5);
  });

  it("finds little in a clean picture and none in a flat one", () => {
    expect(estimateSigma(scene(5))).toBeLessThan(2);
    expect(estimateSigma(createImage(64, 64, 1))).toBe(0);
  });

  it("works from small pictures on, and says 0 for those too small to tell", () => {
    const flat = (side: number) => createImage(side, side, 1, new Uint8Array(side * side).fill(128));
    expect(Math.abs(estimateSigma(gaussianNoise(flat(24), 20, 1, 0)) - 20)).toBeLessThan(5);
    for (const side of [1, 2, 8]) expect(estimateSigma(gaussianNoise(flat(side), 20, 1, 0))).toBe(0);
  });
});

describe("eigenvaluesOf", () => {
  it("gives those of a matrix made from them", () => {
    // H D H with the reflection H = 1 - 2 v v^T, v of length 1, has the eigenvalues on D's diagonal.
    const n = 7;
    const wanted = [0, 1e-6, 0.5, 1, 1, 30, 1000];
    const stream = new RandomStream(8, 0);
    const v = Array.from({ length: n }, () => stream.normal());
    const length = Math.hypot(...v);
    const h = (i: number, j: number) => (i === j ? 1 : 0) - (2 * v[i] * v[j]) / length ** 2;
    const matrix = Float64Array.from({ length: n * n }, (_, at) =>
      wanted.reduce((sum, value, k) => sum + h(Math.floor(at / n), k) * value * h(k, at % n), 0),
    );
    const found = eigenvaluesOf(matrix, n).sort();
    wanted.forEach((value, i) => expect(found[i]).toBeCloseTo(value, 9));
  });
});
