import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { setBackend } from "../../../src/backend/current.js";
import { RandomStream } from "../../../src/base/random-stream.js";
import { ReferenceBackend } from "../../../src/backend/reference/reference-backend.js";
import { Denoiser } from "../../../src/enhance/denoiser.js";
import { enhanceImage } from "../../../src/enhance/enhance.js";
import { convertChannels } from "../../../src/image/colour.js";
import { type Channels, createImage, type Image, toLevel } from "../../../src/image/image.js";
import { toImage, toPlane } from "../../../src/image/plane.js";
import { createModel } from "../../../src/models/index.js";

let backend: ReferenceBackend;
beforeAll(() => setBackend((backend = new ReferenceBackend({ precision: "float32" }))));
afterAll(() => backend.close());

const stream = new RandomStream(9, 0);
const picture = (channels: Channels, bitDepth: 8 | 16 = 8): Image =>
  toImage(
    {
      width: 19,
      height: 13,
      channels,
      data: Float32Array.from({ length: 19 * 13 * channels }, () => stream.uniform()),
    },
    bitDepth,
  );
/** One channel by itself. */
const channel = (image: Image, c: number): Image => {
  const { width, height, channels, pixels } = image;
  return createImage(
    width,
    height,
    1,
    pixels.filter((_v: number, i: number) => i % channels === c),
  );
};

/** A model whose output is a fixed function of each pixel's surroundings, different for each channel of its own. */
const modelOf = (channels: 1 | 3) => gentle("dncnn", { depth: 2, features: 2, channels });
const unetOf = (channels: 1 | 3) => gentle("unet", { widths: [2, 2], blocks: 1, channels });

/** Weights that nobody trained may turn the picture into another one, which is refused; small ones change it a little. */
async function gentle(architecture: string, options: Record<string, unknown>) {
  const model = createModel({ architecture, options }, 4);
  for (const parameter of model.parameters().values())
    parameter.write((await parameter.data()).map((w) => 0.1 * w));
  return model;
}

describe("enhanceImage", () => {
  it("calls a grey model on each channel of a colour image", async () => {
    const model = await modelOf(1);
    const denoiser = new Denoiser(model);
    const image = picture(3);
    const { image: result } = await enhanceImage(image, denoiser);
    for (const c of [0, 1, 2]) {
      const alone = toPlane(channel(image, c));
      expect(channel(result, c)).toEqual(toImage({ ...alone, data: await denoiser.denoise(alone, 0) }));
    }
    denoiser.dispose();
    model.dispose();
  });

  it("shows a colour model a grey image three times and averages its answers", async () => {
    const model = await modelOf(3);
    const denoiser = new Denoiser(model);
    const image = picture(1);
    const { image: result } = await enhanceImage(image, denoiser);
    expect(result.channels).toBe(1);
    const answers = await denoiser.denoise(toPlane(convertChannels(image, 3)), 0);
    result.pixels.forEach((level, i) =>
      expect(level).toBe(toLevel((answers[3 * i] + answers[3 * i + 1] + answers[3 * i + 2]) / 3, 255)),
    );
    denoiser.dispose();
    model.dispose();
  });

  for (const channels of [1, 2, 3, 4] as const)
    for (const bitDepth of [8, 16] as const)
      it(`keeps ${channels} channels of ${bitDepth} bits, and alpha to the bit`, async () => {
        for (const model of [await modelOf(1), await modelOf(3)]) {
          const denoiser = new Denoiser(model);
          const image = picture(channels, bitDepth);
          const { image: result } = await enhanceImage(image, denoiser, { sigma: 10 });
          expect(result).toMatchObject({ width: 19, height: 13, channels, bitDepth });
          if (channels % 2 === 0) expect(channel(result, channels - 1)).toEqual(channel(image, channels - 1));
          expect(channel(result, 0)).not.toEqual(channel(image, 0));
          denoiser.dispose();
          model.dispose();
        }
      });

  it("tells the noise level it gave to the model, one for each call, and none to a model that takes none", async () => {
    const image = toImage({
      width: 40,
      height: 40,
      channels: 3,
      data: Float32Array.from({ length: 4800 }, (_, i) => 0.5 + ((i % 3) + 1) * 0.02 * stream.normal()),
    });
    const grey = await unetOf(1);
    const byChannel = new Denoiser(grey);
    const { sigmas } = await enhanceImage(image, byChannel);
    expect(sigmas.length).toBe(3);
    sigmas.forEach((sigma, c) => expect(Math.abs(sigma / (5.1 * (c + 1)) - 1)).toBeLessThan(0.15));
    expect((await enhanceImage(image, byChannel, { sigma: 7 })).sigmas).toEqual([7, 7, 7]);
    const colour = await unetOf(3);
    const together = new Denoiser(colour);
    expect((await enhanceImage(image, together)).sigmas).toEqual([
      expect.closeTo(Math.hypot(...sigmas) / Math.sqrt(3), 9),
    ]);
    const plain = await modelOf(1);
    const ignoring = new Denoiser(plain);
    expect((await enhanceImage(image, ignoring, { sigma: 7 })).sigmas).toEqual([]);
    for (const d of [byChannel, together, ignoring, grey, colour, plain]) d.dispose();
    expect(backend.memory().buffers).toBe(0);
  });

  it("works on a model of one image size, window by window", async () => {
    const model = createModel(
      { architecture: "dense-autoencoder", options: { height: 8, width: 8, hidden: [5], code: 3 } },
      4,
    );
    const denoiser = new Denoiser(model);
    let tiles = 0;
    const result = await denoiser.denoise(toPlane(picture(1)), 0, { onTile: () => tiles++ });
    expect(tiles).toBe(6);
    expect(result).not.toEqual(new Float32Array(19 * 13));
    denoiser.dispose();
    model.dispose();
  });
});
