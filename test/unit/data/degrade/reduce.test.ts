// Reduction: MATLAB's own results where they are at hand, and what a cubic must do anywhere.

import fs from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { reduce } from "../../../../src/data/degrade/reduce.js";
import { readImage } from "../../../../src/image/files.js";
import { toPlane } from "../../../../src/image/plane.js";

const set5 = path.resolve(import.meta.dirname, "../../../../../shared/data/test/Set5");

describe("reduce", () => {
  for (const factor of [2, 4])
    it(`gives MATLAB's pixels at 1/${factor}`, async (context) => {
      if (!fs.existsSync(set5)) return context.skip("../shared/data is not there");
      for (const name of ["img_003.png", "img_005.png"]) {
        const ours = reduce(toPlane(await readImage(path.join(set5, "HR", name))), factor);
        const theirs = toPlane(await readImage(path.join(set5, `LR${factor}`, name)));
        expect([ours.width, ours.height]).toEqual([theirs.width, theirs.height]);
        const levels = ours.data.map((v, i) => Math.round(255 * Math.abs(v - theirs.data[i])));
        expect(Math.max(...levels)).toBeLessThanOrEqual(1); // halves may go either way
        expect(levels.filter((d) => d > 0).length).toBeLessThanOrEqual(3);
      }
    });

  it("keeps flat pictures and the inside of ramps, at any size", () => {
    const [width, height] = [61, 40];
    const data = Float32Array.from({ length: width * height }, (_, i) => ((i % width) * 4) / 255);
    const ramp = reduce({ width, height, channels: 1, data }, 4);
    expect([ramp.width, ramp.height]).toEqual([16, 10]);
    // Pixel o covers inputs 4 o to 4 o + 3, whose mean is 4 (4 o + 1.5).
    for (let o = 2; o < 13; o++) expect(255 * ramp.data[5 * 16 + o]).toBeCloseTo(16 * o + 6, 3);
    const flat = reduce({ width: 1, height: 7, channels: 1, data: new Float32Array(7).fill(0.4) }, 3);
    expect([...flat.data].map((v) => Math.round(255 * v))).toEqual([102, 102, 102]);
  });

  it("refuses factors that are none", () => {
    const picture = { width: 2, height: 2, channels: 1 as const, data: new Float32Array(4) };
    for (const factor of [1, 2.5, -2, NaN]) expect(() => reduce(picture, factor)).toThrow(/whole number/);
  });
});
