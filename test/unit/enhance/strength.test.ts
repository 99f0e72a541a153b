// Strength, maps of noise levels, pictures without noise, and answers that are no pictures.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { setBackend } from "../../../src/backend/current.js";
import { ReferenceBackend } from "../../../src/backend/reference/reference-backend.js";
import { gaussianNoise } from "../../../src/data/degrade/gaussian.js";
import { UnsoundResult } from "../../../src/enhance/audit.js";
import { Denoiser } from "../../../src/enhance/denoiser.js";
import { enhanceImage } from "../../../src/enhance/enhance.js";
import { createImage, type Image, type Levels } from "../../../src/image/image.js";
import { type Plane, toImage } from "../../../src/image/plane.js";
import { createModel, ImageModel } from "../../../src/models/index.js";
import type { Inputs } from "../../../src/nn/layer.js";
import { add, averagePool2d, greater, mul, pad, slice, sub } from "../../../src/ops/index.js";
import type { Tensor } from "../../../src/tensor/tensor.js";

let backend: ReferenceBackend;
beforeAll(() => setBackend((backend = new ReferenceBackend({ precision: "float32" }))));
afterAll(() => backend.close());

/** A model that is a plain function of its input. */
class Plain extends ImageModel {
  readonly architecture = "plain";
  readonly options = {};
  override readonly channels = 1;
  readonly alignment = 1;
  readonly receptiveRadius = 1;

  constructor(private readonly compute: (x: Tensor) => Tensor) {
    super();
    this.build([1, 8, 8, 1]);
  }
  protected override forward(input: Inputs): Tensor {
    return this.compute(this.imagesOf(input));
  }
}

/** The mean of each pixel with those to its right and below: takes half of white noise away. */
const blur = (): Plain =>
  new Plain((x) => {
    const [, h, w] = x.shape;
    const wider = pad(x, [
      [0, 0],
      [0, 1],
      [0, 1],
      [0, 0],
    ]);
    const mean = averagePool2d(wider, { poolSize: 2, strides: 1 });
    return slice(mean, [0, 0, 0, 0], [1, h, w, 1]);
  });

const side = 64;
const scene: Plane = {
  width: side,
  height: side,
  channels: 1,
  data: Float32Array.from({ length: side * side }, (_, i) => 0.3 + (0.4 * (i % side)) / side),
};
const noisy = toImage(gaussianNoise(scene, 20, 1, 0));

async function enhanced(image: Image, model: ImageModel, strength: number): Promise<Levels> {
  const denoiser = new Denoiser(model);
  const { image: result } = await enhanceImage(image, denoiser, { strength });
  denoiser.dispose();
  return result.pixels;
}

/** Variance of the differences of neighbours along the rows, away from the border: what noise is left. */
function roughness(pixels: Levels): number {
  let sum = 0;
  for (let y = 0; y < side - 4; y++)
    for (let x = 1; x < side - 4; x++) sum += (pixels[y * side + x] - pixels[y * side + x - 1]) ** 2;
  return sum;
}

describe("strength", () => {
  it("0 gives the picture back, 1 what the model gives, and more leaves less noise all the way to 2", async () => {
    expect(await enhanced(noisy, blur(), 0)).toEqual(noisy.pixels);
    const left: number[] = [];
    for (const strength of [0, 0.3, 0.6, 1, 1.3, 1.6, 2])
      left.push(roughness(await enhanced(noisy, blur(), strength)));
    for (let i = 1; i < left.length; i++) expect(left[i]).toBeLessThan(left[i - 1]);
    const [half, full] = [await enhanced(noisy, blur(), 0.5), await enhanced(noisy, blur(), 1)];
    half.forEach((level, i) =>
      expect(Math.abs(level - (noisy.pixels[i] + full[i]) / 2)).toBeLessThanOrEqual(1),
    );
  });

  it("outside 0 to 2 is refused", async () => {
    for (const strength of [-0.1, 2.1, NaN])
      await expect(enhanced(noisy, blur(), strength)).rejects.toThrow(/strength .* is not within 0 to 2/);
  });
});

describe("a picture without noise comes back as it is, by a model that is told the level", () => {
  const told = () => createModel({ architecture: "unet", options: { widths: [2, 2], blocks: 1 } }, 4);
  const pictures: Record<string, (x: number, y: number) => number> = {
    "a checkerboard of single pixels": (x, y) => 255 * ((x + y) % 2),
    "black text on white": (x, y) => (x % 9 < 2 && y % 13 < 9 ? 0 : 255),
    "one colour": () => 77,
    "a ramp": (x) => Math.floor(x / 2),
  };
  for (const [name, level] of Object.entries(pictures))
    it(name, async () => {
      const pixels = Uint8Array.from({ length: 96 * 96 }, (_, i) => level(i % 96, Math.floor(i / 96)));
      const image = createImage(96, 96, 1, pixels);
      const denoiser = new Denoiser(told());
      const { image: result, untouched } = await enhanceImage(image, denoiser);
      expect({ untouched, pixels: result.pixels }).toEqual({ untouched: true, pixels });
      denoiser.dispose();
    });

  it("a checkerboard by a blind model, too", async () => {
    const pixels = Uint8Array.from({ length: 64 * 64 }, (_, i) => 255 * ((i + Math.floor(i / 64)) % 2));
    const denoiser = new Denoiser(blur());
    const { image, untouched } = await enhanceImage(createImage(64, 64, 1, pixels), denoiser);
    expect({ untouched, pixels: image.pixels }).toEqual({ untouched: true, pixels });
    denoiser.dispose();
  });
});

describe("an answer that is no enhanced picture is an error", () => {
  const answers: Record<string, readonly [(x: Tensor) => Tensor, RegExp]> = {
    NaN: [(x) => mul(x, NaN), /not finite/],
    "infinite in places": [(x) => mul(mul(x, 3e38), 3e38), /not finite/],
    "one even colour": [(x) => add(mul(x, 0), 0.5), /one even colour/],
    "brighter by 3 levels": [(x) => add(x, 3 / 255), /3\.0 grey levels brighter or darker/],
    "the picture itself": [(x) => mul(x, 1), /is the picture itself, although noise was found/],
  };
  for (const [what, [compute, sentence]] of Object.entries(answers))
    it(what, async () => {
      const result = enhanced(noisy, new Plain(compute), 1);
      await expect(result).rejects.toThrow(sentence);
      await expect(result).rejects.toBeInstanceOf(UnsoundResult);
    });

  describe("noise that is cut off at black", () => {
    // On the left grey, on the right black with strong noise, of which the lower half is missing: 35 on average.
    const level = (i: number) => (i % 64 < 16 ? 128 : Math.max(0, 110 * Math.sin(12.9898 * i * i)));
    const night = createImage(
      64,
      64,
      1,
      Uint8Array.from({ length: 64 * 64 }, (_, i) => level(i)),
    );
    const darkened = (x: Tensor, to: number) => {
      const isBright = greater(x, 0.45);
      return add(mul(x, isBright), mul(sub(1, isBright), to / 255));
    };

    it("may be taken away, which darkens the picture", async () => {
      const { image } = await enhanceImage(night, new Denoiser(new Plain((x) => darkened(x, 30))));
      expect(image.pixels[63]).toBe(30);
    });

    it("but brightens it no more than ever", async () => {
      const brighter = new Denoiser(new Plain((x) => darkened(x, 42)));
      await expect(enhanceImage(night, brighter)).rejects.toThrow(/grey levels brighter or darker/);
    });

    it("but not more than it can be", async () => {
      const result = enhanceImage(night, new Denoiser(new Plain((x) => darkened(x, 15))));
      await expect(result).rejects.toThrow(/grey levels brighter or darker/);
    });
  });

  it("but an even picture may come back even", async () => {
    const even = createImage(32, 32, 1, new Uint8Array(32 * 32).fill(9));
    const denoiser = new Denoiser(blur());
    await enhanceImage(even, denoiser, { sigma: 5 });
    denoiser.dispose();
  });
});

describe("a map of noise levels", () => {
  const made = () => createModel({ architecture: "unet", options: { widths: [2, 2], blocks: 1 } }, 4);
  const map = (level: (x: number) => number): Plane => ({
    width: side,
    height: side,
    channels: 1,
    data: Float32Array.from({ length: side * side }, (_, i) => level(i % side)),
  });

  it("of one level is that level, untiled and tiled", async () => {
    for (const tile of [undefined, 52]) {
      const denoiser = new Denoiser(made(), { tile });
      const [one, all] = [
        await denoiser.denoise(scene, 30),
        await denoiser.denoise(
          scene,
          map(() => 30),
        ),
      ];
      expect(all).toEqual(one);
      denoiser.dispose();
    }
  });

  it("counts where it lies, and tiled equals untiled", async () => {
    const [whole, tiled] = [new Denoiser(made()), new Denoiser(made(), { tile: 52 })];
    const half = map((x) => (x < side / 2 ? 5 : 50));
    const [low, high] = [await whole.denoise(scene, 5), await whole.denoise(scene, 50)];
    const mixed = await whole.denoise(scene, half);
    for (let y = 0; y < side; y++) {
      expect(mixed[y * side]).toBe(low[y * side]);
      expect(mixed[y * side + side - 1]).toBe(high[y * side + side - 1]);
    }
    expect(low[0]).not.toBe(high[0]);
    expect(await tiled.denoise(scene, half)).toEqual(mixed);
    await expect(whole.denoise(scene, { ...half, width: 3 })).rejects.toThrow(
      "a map of noise levels of 3x64x1",
    );
    whole.dispose();
    tiled.dispose();
  });
});
