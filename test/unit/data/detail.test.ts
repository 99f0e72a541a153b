// Patches are drawn more often where images have detail, and still sometimes where they have none.

import { describe, expect, it } from "vitest";
import { RandomStream } from "../../../src/base/random-stream.js";
import { DetailDraw } from "../../../src/data/detail.js";
import { PatchDataset, type PatchOptions } from "../../../src/data/patches.js";
import type { Plane } from "../../../src/image/plane.js";

/** 128x64: noise in the right half; nothing in the left one. */
function halfNoise() {
  const random = new RandomStream(1);
  const levels = Uint8Array.from({ length: 128 * 64 }, (_, i) => (i % 128 < 64 ? 128 : random.integer(256)));
  return { name: "half.png", width: 128, height: 64, levels };
}
const flat = { name: "flat.png", width: 70, height: 40, levels: new Uint8Array(70 * 40).fill(9) };

describe("DetailDraw", () => {
  const counts = (draw: DetailDraw) => {
    const found = { noise: 0, plain: 0, flat: 0 };
    for (let i = 0; i < 1000; i++) {
      const { image, left, top, size } = draw.place(i / 1000);
      expect(size).toBe(32);
      expect(top).toBeLessThan(64);
      if (image === 1) found.flat++;
      else if (left >= 64) found.noise++;
      else found.plain++;
    }
    return found;
  };

  it("finds the noise nine times of ten and every other square equally often", () => {
    // 8 squares of the first image, 3 x 2 of the second: a tenth of all draws goes to these 14 alike.
    const { noise, plain, flat: rest } = counts(new DetailDraw([halfNoise(), flat], 1));
    expect(noise).toBeGreaterThan(880);
    expect(plain).toBeGreaterThan(20);
    expect(rest).toBeGreaterThan(30);
  });

  it("draws evenly where nothing has detail", () => {
    const draw = new DetailDraw([flat], 1);
    const corners = new Set(
      Array.from({ length: 600 }, (_, i) => draw.place(i / 600)).map((p) => `${p.left},${p.top}`),
    );
    expect(corners.size).toBe(6);
  });
});

describe("PatchDataset that draws by detail", () => {
  it("cuts patches with more detail, inside the images, the same ones every time", () => {
    const roughness = (draw: "even" | "detail") => {
      const set = new PatchDataset([halfNoise(), flat], 1, {
        patch: 16,
        batchSize: 64,
        sigma: 0,
        draw,
        seed: 4,
      });
      const { clean } = set.batch(3);
      expect(set.batch(3).clean).toEqual(clean);
      let changes = 0;
      for (let i = 1; i < clean.length; i++) changes += Math.abs(clean[i] - clean[i - 1]);
      return changes / clean.length;
    };
    expect(roughness("detail")).toBeGreaterThan(1.5 * roughness("even"));
  });

  it("hands degraded patches out with their own clean ones", () => {
    const options: PatchOptions = {
      patch: 16,
      batchSize: 8,
      degrade: (clean) => ({ ...clean, data: clean.data.map((v) => 1 - v) }),
      draw: "detail",
    };
    const set = new PatchDataset([halfNoise()], 1, options);
    const { clean, noisy, sigma } = set.batch(0);
    clean.forEach((value, i) => expect(noisy[i]).toBe(Math.fround(1 - value)));
    expect([...sigma]).toEqual(new Array(8).fill(0));
    expect(new Set(clean).size).toBeGreaterThan(50);
    const half = (plane: Plane) => ({ ...plane, data: plane.data.map((v) => v / 2) });
    const soft = new PatchDataset([halfNoise()], 1, { ...options, soften: half }).batch(0);
    expect(soft.clean).toEqual(clean.map((v) => v / 2));
    expect(soft.noisy).toEqual(soft.clean.map((v) => 1 - v));
    expect(() => new PatchDataset([flat], 1, { patch: 32, degrade: (clean) => clean })).toThrow(
      "margin of 16",
    );
  });
});
