// What JPEG leaves, as --task deblock learns from it: every quality, grey that stays grey, and blocks that begin anywhere.

import { describe, expect, it } from "vitest";
import { degradeDeblock, greyAtTimes } from "../../../../src/data/degrade/deblock.js";
import { degradationStream } from "../../../../src/data/degrade/draws.js";
import { rgbToYCbCr } from "../../../../src/image/colour.js";
import { psnr } from "../../../../src/image/metrics.js";
import type { Plane } from "../../../../src/image/plane.js";

const side = 48;
/** Slopes and stripes in colour. */
const picture: Plane = {
  width: side,
  height: side,
  channels: 3,
  data: Float32Array.from({ length: 3 * side * side }, (_, i) => {
    const [x, y, c] = [((i / 3) | 0) % side, (i / 3 / side) | 0, i % 3];
    return 0.5 + 0.2 * Math.sin((x * (c + 1)) / 3 + y / 5) + (0.2 * (x - y)) / side;
  }),
};
const isGrey = ({ data }: Plane) =>
  data.every((value, i) => i % 3 === 0 || Math.abs(value - data[i - (i % 3)]) < 1e-6);
const drawn = Array.from({ length: 200 }, (_, i) => degradeDeblock(picture, degradationStream(1, i)));

describe("degradeDeblock", () => {
  it("makes the same of a number every time, and another of another", () => {
    expect(degradeDeblock(picture, degradationStream(1, 7)).data).toEqual(drawn[7].data);
    expect(drawn[8].data).not.toEqual(drawn[7].data);
  });

  it("goes from hardly any loss to much", () => {
    const loss = drawn.map((bad) => psnr(picture, bad)).sort((a, b) => a - b);
    expect(loss[0]).toBeLessThan(27);
    expect(loss[199]).toBeGreaterThan(35);
    const [low, high] = [loss[50], loss[150]];
    expect(high - low).toBeGreaterThan(4);
  });

  it("leaves whole levels, and grey grey", () => {
    for (const { data } of drawn)
      expect(data.every((v) => Math.abs(255 * v - Math.round(255 * v)) < 1e-4)).toBe(true);
    const luma = rgbToYCbCr(picture).data;
    const grey: Plane = { ...picture, data: luma.map((_, i) => luma[i - (i % 3)]) };
    for (let i = 0; i < 20; i++) expect(isGrey(degradeDeblock(grey, degradationStream(2, i)))).toBe(true);
  });
});

describe("greyAtTimes", () => {
  it("takes the colour out of a third of the pictures, and nothing else", () => {
    const made = Array.from({ length: 300 }, (_, i) => greyAtTimes(picture, degradationStream(3, i)));
    const grey = made.filter(isGrey);
    expect(grey.length).toBeGreaterThan(75);
    expect(grey.length).toBeLessThan(135);
    const luma = rgbToYCbCr(picture).data;
    expect(grey[0].data.filter((_, i) => i % 3 === 0)).toEqual(luma.filter((_, i) => i % 3 === 0));
    expect(made.every((plane) => isGrey(plane) || plane === picture)).toBe(true);
  });
});
