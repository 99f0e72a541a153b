import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { setBackend } from "../../../src/backend/current.js";
import { nativeProblem } from "../../../src/backend/native/addon.js";
import { createNativeBackend } from "../../../src/backend/native/native-backend.js";
import { RandomStream } from "../../../src/base/random-stream.js";
import { ReferenceBackend } from "../../../src/backend/reference/reference-backend.js";
import { Denoiser } from "../../../src/enhance/denoiser.js";
import { balancedTile, evenCuts, leastTile, reflected, spansAlong } from "../../../src/enhance/tiles.js";
import type { Channels } from "../../../src/image/image.js";
import type { Plane } from "../../../src/image/plane.js";
import { createModel, type ModelConfig } from "../../../src/models/index.js";

describe("tiles", () => {
  it("keep every pixel once, with the margin round it unless at the image's edge", () => {
    for (const alignment of [1, 4, 8])
      for (const margin of [0, 1, 3].map((n) => n * alignment))
        for (const units of [1, 2, 3, 7, 12, 25, 61])
          for (let more = 0; more < 30; more += 7) {
            const wanted = leastTile({ alignment, margin }) + more * alignment;
            const length = units * alignment;
            const tile = balancedTile(length, wanted, { alignment, margin });
            expect(tile).toBeLessThanOrEqual(Math.max(length, wanted));
            let kept = 0;
            for (const { start, keepFrom, keepTo } of spansAlong(length, tile, { alignment, margin })) {
              expect(start % alignment).toBe(0);
              expect(start + tile).toBeLessThanOrEqual(length);
              expect(keepFrom).toBe(kept);
              expect(keepTo).toBeGreaterThan(keepFrom);
              if (start > 0) expect(keepFrom - start).toBeGreaterThanOrEqual(margin);
              if (start + tile < length) expect(start + tile - keepTo).toBeGreaterThanOrEqual(margin);
              kept = keepTo;
            }
            expect(kept).toBe(length);
          }
  });

  it("are cut evenly, where that computes least first", () => {
    const rules = { alignment: 8, margin: 56 };
    for (const [height, width] of [
      [4096, 4096],
      [160, 3000],
      [64, 64],
    ]) {
      const cuts = evenCuts(height, width, rules);
      expect(cuts[0]).toEqual([height, width]);
      const computed = cuts.map(
        ([h, w]) => spansAlong(height, h, rules).length * h * spansAlong(width, w, rules).length * w,
      );
      expect(computed).toEqual([...computed].sort((a, b) => a - b));
      const smallest = Math.min(...cuts.map(([h, w]) => h * w));
      expect(smallest).toBe(Math.min(height, leastTile(rules)) * Math.min(width, leastTile(rules)));
    }
    expect(evenCuts(4096, 4096, rules)).toContainEqual([4096, 2104]); // two windows, each half and a margin
  });

  it("cost in all no more than a fixed share beyond the image, however large it is", () => {
    const rules = { alignment: 8, margin: 56 };
    for (const length of [1024, 4096, 16384]) {
      const tile = balancedTile(length, 512, rules);
      const computed = spansAlong(length, tile, rules).length * tile;
      expect(computed / length).toBeLessThan(512 / (512 - 2 * 56) + tile / length);
    }
  });

  it("reflect without repeating the border, as often as needed", () => {
    expect([0, 1, 2, 3, 4, 5, 6, 7, 8].map((i) => reflected(i, 3))).toEqual([0, 1, 2, 1, 0, 1, 2, 1, 0]);
    expect([0, 1, 2].map((i) => reflected(i, 1))).toEqual([0, 0, 0]);
  });
});

describe("a tiled image equals the whole one", () => {
  let backend: ReferenceBackend;
  beforeAll(() => setBackend((backend = new ReferenceBackend({ precision: "float32" }))));
  afterAll(() => backend.close());

  const stream = new RandomStream(3, 0);
  const plane = (height: number, width: number, channels: number): Plane => ({
    height,
    width,
    channels: channels as Channels,
    data: Float32Array.from({ length: height * width * channels }, () => stream.uniform()),
  });
  // As deep as the real ones or nearly, but narrow: the specification is slow.
  const models: readonly ModelConfig[] = [
    { architecture: "unet", options: { widths: [2, 2, 3], blocks: 1 } },
    { architecture: "unet", options: { widths: [2, 2], blocks: 1, channels: 3 } },
    { architecture: "conv-autoencoder", options: { widths: [2, 2, 3] } },
    { architecture: "dncnn", options: { depth: 5, features: 3, channels: 3 } },
  ];
  for (const { architecture, options } of models)
    it(`${architecture} ${JSON.stringify(options)}`, async () => {
      const model = createModel({ architecture, options }, 5);
      const whole = new Denoiser(model);
      const least = leastTile(whole.rules);
      const image = plane(least + 13, least + 7, model.channels);
      const expected = await whole.denoise(image, 25);
      whole.dispose();
      for (const tile of [least, least + 3]) {
        const denoiser = new Denoiser(model, { tile });
        let count = 0;
        const got = await denoiser.denoise(image, 25, { onTile: (_done, total) => (count = total) });
        expect(count).toBeGreaterThan(1);
        expect(worst(expected, got)).toBeLessThanOrEqual(1e-5);
        denoiser.dispose();
      }
      model.dispose();
      expect(backend.memory().buffers).toBe(0);
    });

  it("the margin is not wider than it must be for a chain of 3x3 convolutions: one pixel less changes the result", async () => {
    const model = createModel({ architecture: "dncnn", options: { depth: 5, features: 3 } }, 5);
    expect(new Denoiser(model).rules.margin).toBe(5);
    const image = plane(40, 40, 1);
    const denoiser = new Denoiser(model, { tile: 20 });
    const expected = await denoiser.denoise(image, 25);
    (denoiser.rules as { margin: number }).margin = 4;
    expect(worst(expected, await denoiser.denoise(image, 25))).toBeGreaterThan(1e-5);
    denoiser.dispose();
    model.dispose();
  });

  it("op by op gives the same bits as the recorded program", async () => {
    const model = createModel({ architecture: "unet", options: { widths: [2, 3], blocks: 1 } }, 5);
    const image = plane(21, 30, 1);
    const [eager, replayed] = [new Denoiser(model, { eager: true }), new Denoiser(model)];
    expect(await eager.denoise(image, 10)).toEqual(await replayed.denoise(image, 10));
    for (const denoiser of [eager, replayed]) denoiser.dispose();
    model.dispose();
  });

  it("writes into the array it is given, which must be as long as the result", async () => {
    const model = createModel({ architecture: "unet", options: { widths: [2, 3], blocks: 1 } }, 5);
    const image = plane(64, 72, 1);
    for (const tile of [undefined, leastTile(new Denoiser(model).rules)]) {
      const denoiser = new Denoiser(model, { tile });
      const into = new Float32Array(64 * 72).fill(NaN);
      expect(await denoiser.denoise(image, 10, { into })).toBe(into);
      expect(into).toEqual(await denoiser.denoise(image, 10));
      const short = denoiser.denoise(image, 10, { into: into.subarray(1) });
      await expect(short).rejects.toThrow("an array of 4607 values for 4608 restored ones");
      denoiser.dispose();
    }
    model.dispose();
  });

  it("keeps to the memory it is given, and says what is too little", async () => {
    const model = createModel({ architecture: "dncnn", options: { depth: 3, features: 8 } }, 5);
    const image = plane(64, 64, 1);
    const whole = new Denoiser(model);
    const expected = await whole.denoise(image, 25);
    const bounded = new Denoiser(model, { maxMemory: 0.05 });
    let count = 0;
    const got = await bounded.denoise(image, 25, { onTile: (_done, total) => (count = total) });
    expect(count).toBeGreaterThan(4);
    expect(worst(expected, got)).toBeLessThanOrEqual(1e-5);
    const tooLittle = new Denoiser(model, { maxMemory: 0.0001 });
    await expect(tooLittle.denoise(image, 25)).rejects.toThrow(
      /^maxMemory 0.0001 MB is too little .* give more\.$/,
    );
    expect(() => new Denoiser(model, { tile: 6 })).toThrow(/^tile 6 is too small .* give at least 7\.$/);
    for (const denoiser of [whole, bounded, tooLittle]) denoiser.dispose();
    model.dispose();
    expect(backend.memory().buffers).toBe(0);
  });

  it("stops between tiles when it is told to", async () => {
    const model = createModel({ architecture: "dncnn", options: { depth: 2, features: 2 } }, 5);
    const denoiser = new Denoiser(model, { tile: 16 });
    const controller = new AbortController();
    let tiles = 0;
    const running = denoiser.denoise(plane(64, 64, 1), 25, {
      signal: controller.signal,
      onTile: () => ++tiles === 3 && controller.abort(new Error("enough")),
    });
    await expect(running).rejects.toThrow("enough");
    expect(tiles).toBe(3);
    denoiser.dispose();
    model.dispose();
  });
});

describe("a tiled image equals the whole one on the addon", () => {
  for (const [architecture, tile] of [
    ["unet", 216],
    ["conv-autoencoder", 76],
    ["dncnn", 91],
  ] as const)
    it(`${architecture} at its full size`, async (context) => {
      const problem = nativeProblem();
      if (problem !== undefined) return context.skip(problem);
      const native = createNativeBackend();
      setBackend(native);
      const model = createModel({ architecture }, 5);
      const stream = new RandomStream(4, 0);
      const data = Float32Array.from({ length: 251 * 230 }, () => stream.uniform());
      const image: Plane = { height: 251, width: 230, channels: 1, data };
      const [whole, tiled] = [new Denoiser(model), new Denoiser(model, { tile })];
      const expected = await whole.denoise(image, 25);
      let count = 0;
      const got = await tiled.denoise(image, 25, { onTile: (_done, total) => (count = total) });
      expect(count).toBeGreaterThan(1);
      expect(worst(expected, got)).toBeLessThanOrEqual(1e-5);
      for (const made of [whole, tiled, model]) made.dispose();
      await native.close();
    });
});

function worst(a: Float32Array, b: Float32Array): number {
  expect(b.length).toBe(a.length);
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i])), 0);
}
