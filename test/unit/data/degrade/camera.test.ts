// A camera's noise: levels, correlation, and that nothing but noise is changed.

import { describe, expect, it } from "vitest";
import { RandomStream } from "../../../../src/base/random-stream.js";
import { type Camera, cameraNoise, drawCamera } from "../../../../src/data/degrade/camera.js";
import { boxBlurPlane } from "../../../../src/data/degrade/blur.js";
import { type BayerPhase, bayerColour, demosaic } from "../../../../src/data/degrade/demosaic.js";
import { reduceNoise } from "../../../../src/data/degrade/noise-reduction.js";
import { degradationStream } from "../../../../src/data/degrade/draws.js";
import { degradePhoto } from "../../../../src/data/degrade/photo.js";
import { srgbDecode, srgbEncode, toneCurve } from "../../../../src/data/degrade/tone.js";
import type { Plane } from "../../../../src/image/plane.js";

const side = 96;
const flat = (value: number): Plane => ({
  width: side,
  height: side,
  channels: 3,
  data: new Float32Array(3 * side * side).fill(value),
});
const channel = (data: Float32Array, c: number) => data.filter((_, i) => i % 3 === c);
const mean = (data: Float32Array) => data.reduce((sum, v) => sum + v, 0) / data.length;
const deviation = (data: Float32Array): number => {
  const middle = mean(data);
  return Math.sqrt(mean(data.map((v) => (v - middle) ** 2)));
};
/** How alike a value and its right neighbour are, -1 to 1. */
function likeness(plane: Float32Array, width: number): number {
  const m = mean(plane);
  let [both, one] = [0, 0];
  for (let i = 0; i + 1 < plane.length; i++)
    if ((i + 1) % width !== 0) {
      both += (plane[i] - m) * (plane[i + 1] - m);
      one += (plane[i] - m) ** 2;
    }
  return both / one;
}

const plain: Camera = {
  shot: 0.002,
  read: 1e-5,
  gains: [1, 1, 1],
  toSrgb: [1, 0, 0, 0, 1, 0, 0, 0, 1],
  contrast: 0,
  phase: { x0: 0, y0: 0 },
  demosaic: "none",
};

describe("cameraNoise", () => {
  it("has the variance shot v + read of linear light, seen through the tone curve, and the mean 0", () => {
    for (const value of [0.3, 0.6]) {
      const noise = channel(cameraNoise(flat(value), plain, new RandomStream(1)), 1);
      const light = srgbDecode(value);
      const slope = (srgbEncode(light + 1e-4) - srgbEncode(light - 1e-4)) / 2e-4;
      const expected = slope * Math.sqrt(plain.shot * light + plain.read);
      expect(deviation(noise) / expected).toBeGreaterThan(0.95);
      expect(deviation(noise) / expected).toBeLessThan(1.05);
      expect(Math.abs(mean(noise))).toBeLessThan((4 * expected) / side);
    }
  });

  it("does not shift dark or bright pictures, however loud it is", () => {
    for (const value of [0.02, 0.98]) {
      const loud = { ...plain, shot: 0.04, demosaic: "edge-aware" as const };
      const noise = cameraNoise(flat(value), loud, new RandomStream(2));
      expect(Math.abs(mean(noise)) * 255).toBeLessThan(0.5);
    }
  });

  it("is alike in neighbouring pixels once demosaiced", () => {
    const of = (method: Camera["demosaic"]) => {
      const noise = cameraNoise(flat(0.5), { ...plain, demosaic: method }, new RandomStream(3));
      return likeness(channel(noise, 0), side);
    };
    expect(Math.abs(of("none"))).toBeLessThan(0.05);
    expect(of("bilinear")).toBeGreaterThan(0.4);
    expect(of("edge-aware")).toBeGreaterThan(0.3);
  });

  it("grows with the gain and mixes into other colours by the camera's matrix", () => {
    const noise = cameraNoise(flat(0.5), { ...plain, gains: [4, 1, 1] }, new RandomStream(4));
    expect(deviation(channel(noise, 0))).toBeGreaterThan(1.8 * deviation(channel(noise, 1)));
    const random = new RandomStream(5);
    for (let i = 0; i < 20; i++) {
      const { toSrgb, shot, read } = drawCamera(random, [1e-4, 1e-2]);
      for (const row of [0, 3, 6]) expect(toSrgb[row] + toSrgb[row + 1] + toSrgb[row + 2]).toBeCloseTo(1, 10);
      expect(shot).toBeGreaterThanOrEqual(1e-4);
      expect(shot).toBeLessThan(1e-2);
      expect(read).toBeGreaterThan(0);
    }
  });
});

describe("demosaic", () => {
  const phases: BayerPhase[] = [
    { x0: 0, y0: 0 },
    { x0: 1, y0: 0 },
    { x0: 0, y0: 1 },
    { x0: 1, y0: 1 },
  ];
  const [width, height] = [12, 12];

  it("gives a grey ramp back with every phase and keeps what the sensor saw", () => {
    for (const method of ["bilinear", "edge-aware"] as const)
      for (const phase of phases) {
        const ramp = Float32Array.from(
          { length: width * height },
          (_, i) => (i % width) * 0.05 + Math.floor(i / width) * 0.02,
        );
        const rgb = demosaic(ramp, width, height, phase, method);
        for (let y = 4; y < height - 4; y++)
          // away from the borders, where the ramp turns round
          for (let x = 4; x < width - 4; x++)
            for (let c = 0; c < 3; c++)
              expect(rgb[3 * (y * width + x) + c]).toBeCloseTo(ramp[y * width + x], 5);
        ramp.forEach((value, i) =>
          expect(rgb[3 * i + bayerColour(i % width, Math.floor(i / width), phase)]).toBe(value),
        );
      }
  });

  it("by edges keeps the grey of a vertical edge that bilinear colours", () => {
    const edge = Float32Array.from({ length: width * height }, (_, i) => (i % width < 6 ? 0.2 : 0.8));
    const spread = (method: "bilinear" | "edge-aware") => {
      const rgb = demosaic(edge, width, height, phases[0], method);
      let most = 0;
      for (let i = 3 * width * 3; i < 3 * width * 6; i += 3)
        most = Math.max(most, Math.max(...rgb.subarray(i, i + 3)) - Math.min(...rgb.subarray(i, i + 3)));
      return most;
    };
    expect(spread("bilinear")).toBeGreaterThan(0.25);
    expect(spread("edge-aware")).toBeLessThan(0.16);
  });
});

describe("toneCurve", () => {
  it("rises from 0 to 1 and is undone by its inverse", () => {
    for (const contrast of [0, 0.5, 1]) {
      const { encode, decode } = toneCurve(contrast);
      expect(encode(0)).toBe(0);
      expect(encode(1)).toBeCloseTo(1, 10);
      for (let level = 1; level < 255; level++) {
        expect(encode(decode(level / 255)) * 255).toBeCloseTo(level, 1);
        expect(decode(level / 255)).toBeGreaterThan(decode((level - 1) / 255));
      }
    }
    expect(toneCurve(0).decode(0.5)).toBeCloseTo(0.21404, 4); // sRGB's
    expect(toneCurve(1).encode(srgbDecode(0.25))).toBeCloseTo(0.15625, 4); // 3y² - 2y³ of 1/4
  });
});

describe("reduceNoise", () => {
  const noiseOf = (seed: number) => {
    const noise = new Float32Array(3 * side * side);
    new RandomStream(seed).fillNormal(noise, 0.05);
    return noise;
  };
  const strong = {
    luma: { share: 1, sigma: 1.2, coarse: 0, radius: 1 },
    chroma: { share: 1, sigma: 2.5, coarse: 0, radius: 1 },
    sparing: 0,
    sharpening: 0,
  };

  it("leaves less noise, smooth, and least of it in the finest colours", () => {
    const noise = noiseOf(6);
    reduceNoise(noise, flat(0.5), strong);
    expect(deviation(channel(noise, 1))).toBeLessThan(0.03);
    expect(likeness(channel(noise, 1), side)).toBeGreaterThan(0.6);
  });

  it("changes nothing with shares of 0, spares edges, sharpens", () => {
    const asIs = { share: 0, sigma: 1, coarse: 0, radius: 1 };
    const none = { luma: asIs, chroma: asIs, sparing: 0, sharpening: 0 };
    const [kept, before] = [noiseOf(7), noiseOf(7)];
    reduceNoise(kept, flat(0.5), none);
    expect(kept.every((value, i) => Math.abs(value - before[i]) < 1e-6)).toBe(true);

    const stripes = flat(0.5);
    stripes.data.forEach(
      (_, i) => (stripes.data[i] = Math.floor(i / 3) % side < side / 2 ? 0.5 : (i / 3) & 2 ? 0.2 : 0.8),
    );
    const spared = noiseOf(8);
    reduceNoise(spared, stripes, { ...strong, sparing: 1 });
    const [inFlat, inStripes] = [true, false].map((left) =>
      deviation(spared.filter((_, i) => i % 3 === 1 && Math.floor(i / 3) % side < side / 2 === left)),
    );
    expect(inStripes).toBeGreaterThan(1.5 * inFlat);

    const sharp = noiseOf(9);
    reduceNoise(sharp, flat(0.5), { ...none, sharpening: 1 });
    expect(deviation(channel(sharp, 1))).toBeGreaterThan(1.2 * deviation(channel(noiseOf(9), 1)));
  });
});

describe("coarse spots", () => {
  it("stay alike over several pixels where the fine noise is gone", () => {
    const fine = { share: 1, sigma: 1, coarse: 0, radius: 4 };
    const alikeAt8 = (coarse: number) => {
      const noise = new Float32Array(3 * side * side);
      new RandomStream(11).fillNormal(noise, 0.05);
      reduceNoise(noise, flat(0.5), {
        luma: { ...fine, coarse },
        chroma: fine,
        sparing: 0,
        sharpening: 0,
      });
      const every8 = channel(noise, 1).filter((_, i) => i % 8 === 0);
      return likeness(every8, side / 8);
    };
    expect(Math.abs(alikeAt8(0))).toBeLessThan(0.1);
    expect(alikeAt8(8)).toBeGreaterThan(0.2);
  });

  it("are made by three means over a box, reflected at the borders", () => {
    const [width, height, radius] = [13, 9, 2];
    const plane = new Float32Array(width * height);
    new RandomStream(12).fillNormal(plane);
    const at = (i: number, n: number) => (i < 0 ? -i : i >= n ? 2 * n - 2 - i : i);
    // The three means of a line are one sum with weights 1 3 6 10 15 18 19 18 15 10 6 3 1, of 125.
    const weights = [1, 3, 6, 10, 15, 18, 19, 18, 15, 10, 6, 3, 1].map((w) => w / 125);
    const blurred = boxBlurPlane(plane, width, height, radius);
    for (const [x, y] of [
      [6, 4],
      [0, 0],
      [12, 8],
      [3, 7],
    ]) {
      let sum = 0;
      for (let i = -6; i <= 6; i++)
        for (let j = -6; j <= 6; j++)
          sum += weights[i + 6] * weights[j + 6] * plane[at(y + i, height) * width + at(x + j, width)];
      expect(blurred[y * width + x]).toBeCloseTo(sum, 5);
    }
  });
});

describe("degradePhoto", () => {
  const clean = flat(0.4);
  const level = (index: number, seed = 1) => {
    const bad = degradePhoto(clean, degradationStream(seed, index)).data;
    return 255 * Math.sqrt(mean(bad.map((v, i) => (v - clean.data[i]) ** 2)));
  };

  it("gives 8-bit pictures, the same for the same seed and index and others for others", () => {
    const bad = degradePhoto(clean, degradationStream(1, 5));
    expect([bad.width, bad.height, bad.channels]).toEqual([side, side, 3]);
    const isLevel = (value: number) => Math.abs(value * 255 - Math.round(value * 255)) < 1e-4;
    expect(bad.data.every((value) => value >= 0 && value <= 1 && isLevel(value))).toBe(true);
    expect(degradePhoto(clean, degradationStream(1, 5)).data).toEqual(bad.data);
    expect(level(6)).not.toBe(level(5));
    expect(level(5, 2)).not.toBe(level(5));
  });

  it("is from next to none to heavy, mostly moderate, and leaves the mean", () => {
    const levels = Array.from({ length: 200 }, (_, i) => level(i)).sort((a, b) => a - b);
    expect(levels[10]).toBeLessThan(1.5);
    expect(levels[100]).toBeGreaterThan(2);
    expect(levels[100]).toBeLessThan(12);
    expect(levels[198]).toBeGreaterThan(20);
    const means = Array.from({ length: 60 }, (_, i) =>
      mean(degradePhoto(clean, degradationStream(3, i)).data),
    );
    // Coarse spots shift so small a picture now and then; as often up as down.
    for (const m of means) expect(Math.abs(m - 0.4) * 255).toBeLessThan(4);
    expect(Math.abs(mean(Float32Array.from(means)) - 0.4) * 255).toBeLessThan(0.3);
  });
});
