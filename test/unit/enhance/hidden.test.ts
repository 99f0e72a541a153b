// Pixels that are fully transparent neither count nor bleed nor change.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { setBackend } from "../../../src/backend/current.js";
import { ReferenceBackend } from "../../../src/backend/reference/reference-backend.js";
import { RandomStream } from "../../../src/base/random-stream.js";
import { Denoiser } from "../../../src/enhance/denoiser.js";
import { enhanceImage } from "../../../src/enhance/enhance.js";
import { estimateSigma } from "../../../src/enhance/noise-level.js";
import { withHiddenFilled } from "../../../src/image/hidden.js";
import { createImage, newLevels, type Image } from "../../../src/image/image.js";
import { createModel, type ImageModel, loadWeights } from "../../../src/models/index.js";
import { readTensors, weightsOf } from "../../../src/nn/weights.js";

let backend: ReferenceBackend;
beforeAll(() => setBackend((backend = new ReferenceBackend({ precision: "float32" }))));
afterAll(() => backend.close());

/** A noisy disc; what lies outside has alpha 0 and the colours of `outside`. */
function cutOut(channels: 2 | 4, bitDepth: 8 | 16, outside: (i: number) => number, side = 48): Image {
  const stream = new RandomStream(3);
  const max = 2 ** bitDepth - 1;
  const pixels = newLevels(side * side * channels, bitDepth);
  for (let i = 0; i < pixels.length; i++) {
    const [pixel, c] = [Math.floor(i / channels), i % channels];
    const level = Math.round(max * (0.5 + 0.03 * stream.normal()));
    const inside = Math.hypot((pixel % side) - side / 2, Math.floor(pixel / side) - side / 2) < side / 2.2;
    pixels[i] = c === channels - 1 ? (inside ? max : 0) : inside ? level : outside(i);
  }
  return createImage(side, side, channels, pixels);
}

/** An untrained network that changes pixels by a level or so, and not the mean by more than `enhance` lets pass. */
async function soundModel(config: Parameters<typeof createModel>[0]): Promise<ImageModel> {
  const model = createModel(config, 4);
  const weights = [...(await readTensors(weightsOf(model)))].map(([name, array]) => {
    const data = name.startsWith("tail.") ? (array.data as Float32Array).map((w) => 0.02 * w) : array.data;
    return [name, { ...array, data }] as const;
  });
  loadWeights(model, new Map(weights), "test");
  return model;
}

const visible = ({ channels, pixels }: Image): number[] =>
  [...pixels].filter((_v, i) => pixels[i - (i % channels) + channels - 1] > 0);

describe("hidden pixels", () => {
  for (const channels of [2, 4] as const)
    for (const modelChannels of [1, 3] as const)
      for (const bitDepth of [8, 16] as const)
        it(`do not matter to ${channels} channels of ${bitDepth} bits and a model of ${modelChannels}`, async () => {
          const options = { widths: [2, 2], blocks: 1, channels: modelChannels };
          const model = await soundModel({ architecture: "unet", options });
          const denoiser = new Denoiser(model);
          const black = cutOut(channels, bitDepth, () => 0);
          const garbage = cutOut(channels, bitDepth, (i) => (i * 7919) % 2 ** bitDepth);
          const [a, b] = [await enhanceImage(black, denoiser), await enhanceImage(garbage, denoiser)];
          expect(a.sigmas).toEqual(b.sigmas);
          expect(visible(a.image)).toEqual(visible(b.image));
          expect(visible(a.image)).not.toEqual(visible(black));
          for (const [before, after] of [
            [black, a.image],
            [garbage, b.image],
          ])
            before.pixels.forEach((level, i) => {
              const alpha = before.pixels[i - (i % channels) + channels - 1];
              if (alpha === 0 || i % channels === channels - 1) expect(after.pixels[i]).toBe(level);
            });
          denoiser.dispose();
          model.dispose();
        });

  it("do not count as noise, nor as the lack of it", () => {
    for (const outside of [() => 0, (i: number) => (i * 7919) % 256])
      expect(Math.abs(estimateSigma(cutOut(4, 8, outside, 80)) - 7.65)).toBeLessThan(1);
  });

  it("take the colour of the visible ones around them", async () => {
    const alone = createImage(5, 1, 2, Uint8Array.from([9, 0, 9, 0, 40, 255, 60, 1, 9, 0]));
    expect([...(await withHiddenFilled(alone)).pixels]).toEqual([50, 0, 50, 0, 40, 255, 60, 1, 50, 0]);
    const opaque = createImage(1, 1, 2, Uint8Array.from([3, 1]));
    const nothing = createImage(1, 1, 2, Uint8Array.from([3, 0]));
    for (const image of [opaque, nothing, createImage(2, 2, 3)])
      expect(await withHiddenFilled(image)).toBe(image);
  });
});
