// JPEG's loss against libjpeg's, through sharp: what our quantised DCT gives must be what writing and reading a file gives.

import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { RandomStream } from "../../../../src/base/random-stream.js";
import { forwardDct, inverseDct } from "../../../../src/data/degrade/dct.js";
import { jpeg, jpegCut, quantisationTable, type Subsampling } from "../../../../src/data/degrade/jpeg.js";
import { psnr } from "../../../../src/image/metrics.js";
import type { Plane } from "../../../../src/image/plane.js";

/** Waves and edges in strong colours with a little noise, whole levels. */
function colourful(width: number, height: number, channels: 1 | 3): Plane {
  const random = new RandomStream(3);
  const data = new Float32Array(width * height * channels);
  for (let y = 0, i = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let c = 0; c < channels; c++, i++) {
        const wave = 0.5 + 0.3 * Math.sin((x * (c + 1)) / 9 + y / (7 + 5 * c));
        const edge = (x + 2 * y) % 50 < 20 + 7 * c ? 0.2 : -0.1;
        data[i] = Math.round(255 * Math.min(1, Math.max(0, wave + edge + 0.02 * random.normal()))) / 255;
      }
  return { width, height, channels, data };
}

async function throughSharp({ width, height, channels, data }: Plane, quality: number, sampling: string) {
  const raw = { width, height, channels: channels as 1 | 3 };
  const bytes = Uint8Array.from(data, (v) => Math.round(255 * v));
  const file = await sharp(bytes, { raw }).jpeg({ quality, chromaSubsampling: sampling }).toBuffer();
  const back = sharp(file);
  const { data: pixels } = await (channels === 1 ? back.toColourspace("b-w") : back)
    .raw()
    .toBuffer({ resolveWithObject: true });
  return Float32Array.from(pixels, (level) => level / 255);
}

function difference(a: Float32Array, b: Float32Array) {
  expect(a.length).toBe(b.length);
  const levels = Array.from(a, (v, i) => Math.abs(v - b[i]) * 255);
  return { mean: levels.reduce((sum, d) => sum + d, 0) / a.length, most: Math.max(...levels) };
}

describe("jpeg", () => {
  // Blocks and pairs of pixels are cut off at the right and at the bottom.
  const picture = colourful(151, 109, 3);

  // libvips subsamples 4:2:0 or not at all; 4:2:2 is held to its neighbours below.
  for (const sampling of ["4:4:4", "4:2:0"] as const)
    for (const quality of [30, 60, 80, 90, 98])
      it(`gives libjpeg's pixels at quality ${quality}, ${sampling}`, async () => {
        const ours = jpeg(picture, quality, sampling);
        const theirs = await throughSharp(picture, quality, sampling);
        const { mean, most } = difference(ours.data, theirs);
        // A coefficient within a hundredth of a half goes the other way now and then: libjpeg's are calculated in integers.
        expect(mean).toBeLessThan(0.8);
        expect(most).toBeLessThanOrEqual(20);
        const loss = psnr(picture, ours);
        expect(Math.abs(loss - psnr(picture, { ...picture, data: theirs }))).toBeLessThan(0.05);
      });

  it("gives libjpeg's pixels of grey pictures", async () => {
    const grey = colourful(93, 70, 1);
    const { mean, most } = difference(jpeg(grey, 75).data, await throughSharp(grey, 75, "4:4:4"));
    expect(mean).toBeLessThan(0.5);
    expect(most).toBeLessThanOrEqual(12);
  });

  it("loses more chroma the fewer pixels keep it", () => {
    const loss = (sampling: Subsampling) => psnr(picture, jpeg(picture, 90, sampling));
    expect(loss("4:4:4")).toBeGreaterThan(loss("4:2:2") + 0.2);
    expect(loss("4:2:2")).toBeGreaterThan(loss("4:2:0") + 0.2);
  });

  it("leaves grey flat places as they are, whatever the size", () => {
    for (const [width, height] of [
      [1, 1],
      [3, 17],
    ]) {
      const data = new Float32Array(3 * width * height).fill(102 / 255);
      const flat = jpeg({ width, height, channels: 3, data }, 90);
      expect(difference(flat.data, data).most).toBeLessThanOrEqual(1);
    }
  });

  it("of a picture that was cut out begins within a block: as of the whole, cut afterwards", async () => {
    const [left, top] = [5, 11];
    const bytes = Uint8Array.from(picture.data, (v) => Math.round(255 * v));
    const { width, height } = picture;
    const whole = await sharp(bytes, { raw: { width, height, channels: 3 } })
      .extend({ left, top, extendWith: "copy" })
      .jpeg({ quality: 80, chromaSubsampling: "4:2:0" })
      .toBuffer();
    const cut = await sharp(whole).extract({ left, top, width, height }).raw().toBuffer();
    const expected = Float32Array.from(cut, (level) => level / 255);
    expect(difference(jpegCut(picture, 80, "4:2:0", left, top).data, expected).mean).toBeLessThan(0.8);
    expect(difference(jpegCut(picture, 80, "4:2:0", left + 1, top).data, expected).mean).toBeGreaterThan(1.5);
  });

  it("scales the standard tables as the Independent JPEG Group does", () => {
    expect(quantisationTable("luma", 50).slice(0, 4)).toEqual([16, 11, 10, 16]);
    expect(quantisationTable("luma", 90).slice(0, 8)).toEqual([3, 2, 2, 3, 5, 8, 10, 12]); // as djpeg -verbose prints
    expect(new Set(quantisationTable("chroma", 100))).toEqual(new Set([1]));
    expect(Math.max(...quantisationTable("luma", 1))).toBe(255);
  });
});

describe("the cosine transform", () => {
  it("is the definition's, and the inverse takes it back", () => {
    const random = new RandomStream(1);
    const values = Float64Array.from({ length: 64 }, () => random.normal());
    const block = values.slice();
    forwardDct(block);
    const c = (u: number) => (u === 0 ? Math.SQRT1_2 : 1);
    for (const [u, v] of [
      [0, 0],
      [1, 0],
      [0, 3],
      [5, 6],
      [7, 7],
    ]) {
      let sum = 0;
      for (let y = 0; y < 8; y++)
        for (let x = 0; x < 8; x++)
          sum +=
            values[8 * y + x] *
            Math.cos(((2 * x + 1) * u * Math.PI) / 16) *
            Math.cos(((2 * y + 1) * v * Math.PI) / 16);
      expect(block[8 * v + u]).toBeCloseTo((c(u) * c(v) * sum) / 4, 10);
    }
    inverseDct(block);
    block.forEach((value, i) => expect(value).toBeCloseTo(values[i], 10));
  });
});
