// Weights of one U-net as a start for another: what is computed must stay what it was, as far as it can.

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { setBackend } from "../../../src/backend/current.js";
import { ReferenceBackend } from "../../../src/backend/reference/reference-backend.js";
import { RandomStream } from "../../../src/base/random-stream.js";
import { adaptWeights, createModel, type ImageModel, loadWeights } from "../../../src/models/index.js";
import { readTensors, weightsOf } from "../../../src/nn/weights.js";
import { tensor } from "../../../src/tensor/tensor.js";

let backend: ReferenceBackend;
beforeEach(() => setBackend((backend = new ReferenceBackend({ precision: "float64" }))));
afterEach(() => backend.close());

const unet = (options: Record<string, unknown>, seed = 0) =>
  createModel({ architecture: "unet", options: { widths: [3, 5], blocks: 1, ...options } }, seed);
const begin = async (from: ImageModel, to: ImageModel) =>
  loadWeights(to, adaptWeights(await readTensors(weightsOf(from)), from.config, to), "a.safetensors");

const grey = Float32Array.from(
  { length: 64 },
  (() => {
    const random = new RandomStream(2);
    return () => random.uniform();
  })(),
);
const colour = Float32Array.from({ length: 192 }, (_, i) => grey[Math.floor(i / 3)]);
const output = async (model: ImageModel, pixels: Float32Array, sigma = 0) => [
  ...(await model.restore(tensor(pixels, [1, 8, 8, model.channels]), tensor([sigma])).data()),
];

describe("adaptWeights", () => {
  it("makes a blind network that begins as the other does when told 10 grey levels, away from borders", async () => {
    const [told, blind] = [unet({ channels: 3 }), unet({ channels: 3, sigma: false }, 1)];
    expect(blind.takesSigma).toBe(false);
    await begin(told, blind);
    const side = told.alignment * Math.ceil((2 * told.receptiveRadius + 8) / told.alignment);
    const random = new RandomStream(3);
    const pixels = Float32Array.from({ length: side * side * 3 }, () => random.uniform());
    const picture = () => tensor(pixels, [1, side, side, 3]);
    const middle = 3 * ((side / 2) * side + side / 2);
    const outputs = async (model: ImageModel, sigma: number) => [
      ...(await model.restore(picture(), tensor([sigma])).data()).subarray(middle, middle + 6),
    ];
    const before = await outputs(told, 10 / 255);
    (await outputs(blind, 0)).forEach((value, i) => expect(value).toBeCloseTo(before[i], 6));
    expect(await outputs(told, 0.2)).not.toEqual(before);
  });

  it("makes a grey network that begins as the colour one is on grey pictures", async () => {
    for (const sigma of [true, false]) {
      const [three, one] = [unet({ channels: 3, sigma }), unet({ channels: 1, sigma }, 1)];
      await begin(three, one);
      const before = await output(three, colour, 0.1);
      (await output(one, grey, 0.1)).forEach((value, i) => {
        const mean = (before[3 * i] + before[3 * i + 1] + before[3 * i + 2]) / 3;
        expect(value).toBeCloseTo(mean, 6);
      });
    }
  });

  it("does both at once, hands equal ones through, and leaves the rest for loading to refuse", async () => {
    await begin(unet({ channels: 3 }), unet({ channels: 1, sigma: false }, 1));
    const [a, b] = [unet({}), unet({}, 1)];
    await begin(a, b);
    expect(await output(b, grey, 0.1)).toEqual(await output(a, grey, 0.1));
    await expect(begin(unet({}), unet({ widths: [3, 6] }))).rejects.toThrow("does not fit this model");
    await expect(begin(unet({ sigma: false }), unet({}))).rejects.toThrow("does not fit this model");
  });
});
