// Classical methods on whole pictures: names and parameters, alpha, colour, 16 bits, bands. Levels against OpenCV's are in
// test/golden/.

import { describe, expect, it } from "vitest";
import { RandomStream } from "../../../src/base/random-stream.js";
import { applyMethod, describeMethod, parseMethod } from "../../../src/enhance/classical/apply.js";
import { methods } from "../../../src/enhance/classical/methods.js";
import { convertChannels } from "../../../src/image/colour.js";
import { type Channels, convertBitDepth, createImage, type Image } from "../../../src/image/image.js";

/** Waves with noise. */
function waves(width: number, height: number, channels: Channels, bitDepth: 8 | 16 = 8): Image {
  const stream = new RandomStream(5, 0);
  const max = bitDepth === 8 ? 255 : 65535;
  const pixels = new (bitDepth === 8 ? Uint8Array : Uint16Array)(width * height * channels);
  for (let i = 0; i < pixels.length; i++) {
    const [x, y] = [Math.floor(i / channels) % width, Math.floor(i / channels / width)];
    const wave = 0.5 + 0.3 * Math.sin(x / 4 + (i % channels)) * Math.cos(y / 9);
    pixels[i] = Math.round((wave + 0.1 * (stream.uniform() - 0.5)) * max);
  }
  return createImage(width, height, channels, pixels);
}

/** The largest difference of any two levels. */
function worst(a: Image, b: Image): number {
  expect(a.pixels.length).toBe(b.pixels.length);
  let most = 0;
  for (let i = 0; i < a.pixels.length; i++) most = Math.max(most, Math.abs(a.pixels[i] - b.pixels[i]));
  return most;
}

const names = Object.keys(methods);
const greyOnly = new Set(["grey", "sobel", "sharpen"]);
/** Settings that see few rows, so that small pictures are cut into bands. */
const small: Record<string, string> = { nlmeans: "nlmeans:h=20,template=3,search=5" };

describe("parseMethod", () => {
  it("fills in defaults and says them back", () => {
    expect(describeMethod(parseMethod("clahe"))).toBe("clahe:clip=2,tiles=8");
    expect(describeMethod(parseMethod("clahe:tiles=3"))).toBe("clahe:clip=2,tiles=3");
    expect(describeMethod(parseMethod("equalize"))).toBe("equalize");
    for (const name of names)
      expect(parseMethod(describeMethod(parseMethod(name))).values).toEqual(parseMethod(name).values);
  });

  it.each([
    ["sharpness", /^method sharpness is not a classical method; choose one of grey, .*unsharp/],
    ["constructor", /not a classical method/],
    ["", /not a classical method/],
    ["clahe:clip", /clip sets nothing that clahe has; its defaults are clahe:clip=2,tiles=8/],
    ["clahe:limit=2", /limit=2 sets nothing/],
    ["clahe:clip=2=3", /sets nothing/],
    ["grey:clip=2", /it has no parameters/],
    ["median:size=4", /size 4 is not an odd number of 1 to 101/],
    ["clahe:tiles=2.5", /tiles 2.5 is not a whole number of 1 to 64/],
    ["gamma:gamma=", /gamma {2}is not a number/],
    ["gamma:gamma=NaN", /not a number of 0.05 to 20/],
    ["nlmeans:h=1e9", /not a number of 0.1 to 255/],
  ])("refuses %j", (text, message) => {
    expect(() => parseMethod(text)).toThrow(message);
  });
});

describe.each(names)("%s", (name) => {
  const chosen = parseMethod(small[name] ?? name);

  it("keeps size, bit depth and alpha", async () => {
    for (const bitDepth of [8, 16] as const)
      for (const channels of [1, 2, 3, 4] as const) {
        const image = waves(23, 14, channels, bitDepth);
        const result = await applyMethod(image, chosen);
        const colours = channels <= 2 || greyOnly.has(name) ? 1 : 3;
        const alpha = channels % 2 === 0;
        expect(result).toMatchObject({
          width: 23,
          height: 14,
          bitDepth,
          channels: colours + (alpha ? 1 : 0),
        });
        const alphas = (of: Image) => of.pixels.filter((_, i) => (i + 1) % of.channels === 0);
        if (alpha) expect(alphas(result)).toEqual(alphas(image));
      }
  });

  it("makes of grey in three channels what it makes of grey", async () => {
    // Bilateral weighs the sum of the channels' differences, a third of its color is a grey picture's.
    const alike = name === "bilateral" ? parseMethod("bilateral:color=10") : chosen;
    const grey = waves(31, 17, 1);
    const expected = convertChannels(await applyMethod(grey, alike), greyOnly.has(name) ? 1 : 3);
    const result = await applyMethod(
      convertChannels(grey, 3),
      name === "bilateral" ? parseMethod("bilateral:color=30") : alike,
    );
    expect(worst(result, expected)).toBeLessThanOrEqual(1);
  });

  it("makes of 16 bits what it makes of 8, but finer", async () => {
    // OpenCV's Gaussian blur has a wider window for 16 bits, its non-local means does not square differences there.
    const eight = waves(40, 30, 1);
    const expected = await applyMethod(eight, chosen);
    const result = convertBitDepth(await applyMethod(convertBitDepth(eight, 16), chosen), 8);
    // Clahe's clip limit is rounded to whole pixels, and sharpening magnifies what was rounded.
    const allowed = name === "clahe" ? 20 : 4;
    expect(worst(result, expected)).toBeLessThanOrEqual(allowed);
  });

  it("neither sees nor changes colours under full transparency", async () => {
    const hiddenAt = (i: number) => i % 24 > 15;
    const withHidden = (level: number) => {
      const image = waves(24, 20, 4);
      for (let i = 0; i < 24 * 20; i++) image.pixels.set(hiddenAt(i) ? [level, level, level, 0] : [], i * 4);
      return image;
    };
    const [black, white] = [
      await applyMethod(withHidden(0), chosen),
      await applyMethod(withHidden(255), chosen),
    ];
    const { channels } = black;
    for (let i = 0; i < 24 * 20; i++) {
      const [a, b] = [black, white].map(({ pixels }) => [
        ...pixels.subarray(i * channels, (i + 1) * channels),
      ]);
      if (!hiddenAt(i)) expect(a).toEqual(b);
      else expect([a[0], a[channels - 1], b[0], b[channels - 1]]).toEqual([0, 0, 255, 0]);
    }
  });

  it("leaves the picture that it is given as it was", async () => {
    const image = waves(20, 20, 3);
    const before = image.pixels.slice();
    await applyMethod(image, chosen);
    expect(image.pixels).toEqual(before);
  });
});

it("keeps what the file says, but no profile of colours for a grey result", async () => {
  const icc = new Uint8Array([1, 2, 3]);
  const image: Image = { ...waves(9, 8, 3), metadata: { format: "jpeg", icc } };
  expect((await applyMethod(image, parseMethod("median"))).metadata).toEqual({ format: "jpeg", icc });
  expect((await applyMethod(image, parseMethod("grey"))).metadata).toEqual({ format: "jpeg" });
});

it("gives the same in bands as at once, and tells how far it is", async () => {
  const tall = waves(40, 1500, 3);
  for (const name of names) {
    const chosen = parseMethod(small[name] ?? name);
    const shares: number[] = [];
    const result = await applyMethod(tall, chosen, { onProgress: (share) => shares.push(share) });
    expect(worst(result, chosen.method.apply(tall, chosen.values))).toBe(0);
    expect(shares.length > 1).toBe(chosen.method.reach !== undefined);
    if (shares.length > 0) expect(shares.at(-1)).toBe(1);
    expect(shares).toEqual([...shares].sort((a, b) => a - b));
  }
});

it("stops when it is told to", async () => {
  const controller = new AbortController();
  const running = applyMethod(waves(64, 1200, 3), parseMethod("gaussian"), {
    signal: controller.signal,
    onProgress: () => controller.abort(new Error("enough")),
  });
  await expect(running).rejects.toThrow("enough");
});

it("stretches over stray pixels, and leaves a picture of one level alone", async () => {
  const pixels = new Uint8Array(1000).map((_, i) => 100 + (i % 50));
  [pixels[0], pixels[1]] = [0, 255];
  const image = createImage(100, 10, 1, pixels);
  const plain = await applyMethod(image, parseMethod("stretch:clip=0"));
  const clipped = await applyMethod(image, parseMethod("stretch:clip=0.5"));
  expect(plain.pixels).toEqual(pixels);
  expect(clipped.pixels[50]).toBe(0);
  expect(clipped.pixels[99]).toBe(255);
  const flat = createImage(5, 4, 3, new Uint8Array(60).fill(7));
  for (const method of ["stretch", "stretch:clip=0", "equalize"])
    expect((await applyMethod(flat, parseMethod(method))).pixels).toEqual(flat.pixels);
});

it("sharpens edges only, by unsharp's threshold", async () => {
  const pixels = Uint8Array.from({ length: 400 }, (_, i) => (i % 20 < 10 ? 50 : 200) + (i % 2));
  const image = createImage(20, 20, 1, pixels);
  const sharp = await applyMethod(image, parseMethod("unsharp:threshold=5"));
  expect(sharp.pixels[3]).toBe(pixels[3]);
  expect(sharp.pixels[9]).toBeLessThan(pixels[9]);
  expect(sharp.pixels[10]).toBeGreaterThan(pixels[10]);
});
